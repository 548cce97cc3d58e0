"""Which feedback changed activity in a brain-computer interface: biased by an earlier decoder, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ... import provenance
from ...names import ALTERNATIVE, BOUND, BOUNDS
from ...provenance import label
from ._generate import PORTES
from ._inputs import learned
from ._kernels import Moments, carried_errors, flow_change, held_out, likeness, non_negative, turned

if TYPE_CHECKING:
    from ._inputs import Learned, Numbers

BIASED, UNBIASED, INCONCLUSIVE = "biased", "unbiased", "inconclusive"
ALTERNATIVES = (BIASED, UNBIASED)
SURE = 0.05
ALIKE = 35.0  # degrees between predictions, below which too many verdicts are wrong
MOST = 0.75  # of the weights, that the kind of the verdict has
# Variance of turned decoders that follows the change, the rest follows the activity. Activity alone calls
# drift along the network's own dynamics feedback too often; beyond the change itself nothing can be found.
OF_CHANGE = 0.2
TURNED = "Elsayed & Cunningham 2017, Nature Neuroscience 20:1310, doi:10.1038/nn.4617"


def feedback_bias(
    before: xr.DataArray,
    after: xr.DataArray,
    *,
    errors: xr.DataArray,
    decoder: xr.DataArray,
    internal: xr.DataArray,
    shrinkage: float = 30.0,
    draws: int = 1000,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    r"""Which feedback changed the activity that moves a cursor: biased by an earlier decoder, or unbiased.

    A subject taught by its errors needs a model of the decoder to send them back to units; after a change of
    decoder the model is still, at least in part, the earlier one. One taught by reward needs none: it
    changes with noise, but by the true decoder. Either way a synapse changes by what its unit is told times
    presynaptic activity x, :math:`\Delta W \sim \sum_{c,t} B^\top e(c, t)\, x(c, t - 1)^\top`, with B the
    earlier decoder or the true one, so that the flow of activity changes by :math:`\Delta W x`:

    .. math:: \Delta F(c, t, u) \sim \sum_{c', t'} \Bigl(\sum_k B_{k u}\, e_k(c', t')\Bigr)\;
        x(c', t' - 1) \cdot x(c, t - 1) .

    It is set against the observed change :math:`d(t) - A\, d(t - 1)`, where d is after less before and A the
    dynamics of activity before, by a ridge regression. Means over targets are taken off both. The published
    measure correlates changes of fitted flow fields; this one asks for the change at states that were seen,
    for which a few targets are enough. Correlations are signed: a change against the feedback is no match.

    The verdict is ``"biased"`` or ``"unbiased"`` where the correlation of that kind is above 0, is reached by
    fewer than 5 % of decoders turned at random, the interval of the difference is on its side, and it has
    three quarters of the weights. Predictions less than 35 degrees apart are not told apart. Of simulated
    subjects that only drift, about one in fifty is called either.

    Parameters
    ----------
    before, after
        Mean activity (stimulus, time, unit) of every target after the decoder changed: before it was learned,
        and after. Targets are matched by ``stimulus_id``; units by ``unit_id`` where there is one.
    errors
        Where the cursor should have been less where it was, (stimulus, time, component), before learning.
        **From other trials than** ``before``: noise that activity and errors share looks like a change that
        follows the true decoder, by regression to the mean.
    decoder
        Weights (component, unit) by which activity moves the cursor.
    internal
        Weights that the subject may still go by: the decoder from before the change.
    shrinkage
        Penalty of the ridge regression, in mean variances of a unit; ``inf`` for the change of activity as it
        is. Dynamics that are fitted too closely have learned the earlier decoder, and take its part away.
    draws
        Number of bootstrap samples of targets, and of turned decoders.
    rng
        Seed or generator of both.

    Returns
    -------
    Dataset
        For each ``alternative``, biased and unbiased: ``correlation`` of its prediction with the change, with
        its 95 % ``correlation_interval`` (bound) over targets; ``p``, the share of turned decoders that do at
        least as well (one-sided); ``chance`` (bound), the central 95 % of them; ``weight`` of the prediction,
        as long as the change, in a fit of both with none below 0; ``held_out``, the signed R2 of left-out
        targets by this prediction alone. ``difference`` of correlations, biased less unbiased, with
        ``difference_interval``; ``held_out_both``; ``angle`` between the predictions in degrees. Attrs:
        ``verdict`` and its ``reason``.

        Turned decoders keep their lengths and angles; their directions have the covariance of the activity
        before (4/5 of the variance) and of the change (1/5). Intervals are over targets, so they do not say
        how another subject would change; the turned decoders are what guards against drift. A subject that
        only aims elsewhere, with weights as they were, follows the true decoder too (correlations of .3 in
        simulation, one in twelve called unbiased), which this test does not rule out.

    Raises
    ------
    SchemaError
        If dims, sizes, bins or components do not fit, values are NaN, or there are fewer than three targets.
    AlignmentError
        If targets or units of one array are missing in another.
    RecordingError
        If there are no errors, or activity is the same for all targets.

    References
    ----------
    Portes, Schmid & Murray 2022, Advances in Neural Information Processing Systems 35, arXiv:2206.13448;
    Elsayed & Cunningham 2017, Nature Neuroscience 20:1310, doi:10.1038/nn.4617

    Examples
    --------
    >>> from neurofit.plasticity.bci import simulate_bci
    >>> made = simulate_bci("biased", rng=1)
    >>> found = feedback_bias(
    ...     made.before, made.after, errors=made.errors, decoder=made.decoder, internal=made.internal, rng=0
    ... )
    >>> found.verdict
    'biased'
    """
    seed, rng = rng, np.random.default_rng(rng)
    arrays = {"before": before, "after": after, "errors": errors, "decoder": decoder, "internal": internal}
    given = learned(arrays)
    change = flow_change(given.before, given.after, shrinkage)
    reached = carried_errors(given.before, given.errors)
    result = _compared(given, change, reached, draws, rng)
    verdict, reason = _verdict(result, changed=bool(change.any()))
    return provenance.stamp(
        result.assign_attrs(verdict=verdict, reason=reason),
        "plasticity.feedback_bias",
        sources=arrays.values(),
        references=[PORTES, TURNED],
        shrinkage=shrinkage if np.isfinite(shrinkage) else "inf",
        draws=draws,
        rng=seed,
    )


def _compared(
    given: Learned, change: Numbers, reached: Numbers, draws: int, rng: np.random.Generator
) -> xr.Dataset:
    """Every number of the result."""
    both = np.stack([given.internal, given.decoder])
    moments = Moments.of(change, reached)
    observed = moments.correlation(both)
    targets = len(change)
    again = rng.multinomial(targets, np.full(targets, 1 / targets), size=draws)
    resampled = moments.correlation(both, weights=again)
    chance = moments.correlation(_turned(given, change, draws, rng)).T
    predictions = np.stack([reached @ weights for weights in both])
    size = np.sqrt((predictions**2).sum(axis=(1, 2, 3)))
    gram = np.einsum("actu,bctu->ab", predictions, predictions) / np.outer(size, size)
    angle = np.degrees(np.arccos(np.clip(likeness(moments, *both), -1.0, 1.0)))
    difference = resampled[0] - resampled[1]
    each, bounds = (ALTERNATIVE,), (ALTERNATIVE, BOUND)
    left_out = [held_out(change, one[None]) for one in predictions]
    told = {
        "correlation": (each, observed, "correlation of prediction and change"),
        "correlation_interval": (bounds, _central(resampled), "95 % interval of the correlation"),
        "p": (each, _p(observed, chance), "share of turned decoders that do as well"),
        "chance": (bounds, _central(chance), "central 95 % of turned decoders"),
        "weight": (each, non_negative(gram, observed), "weight of the prediction, in lengths of the change"),
        "held_out": (each, left_out, "R2 of targets left out"),
        "held_out_both": ((), held_out(change, predictions), "R2 of targets left out, by both predictions"),
        "difference": ((), observed[0] - observed[1], "correlation of biased less that of unbiased"),
        "difference_interval": ((BOUND,), _central(difference), "95 % interval of the difference"),
        "angle": ((), angle, "angle between the predictions"),
    }
    units = {"angle": "degrees"}
    return xr.Dataset(
        {
            name: label(xr.DataArray(values, dims=dims), units=units.get(name, "1"), long_name=long_name)
            for name, (dims, values, long_name) in told.items()
        },
        {ALTERNATIVE: list(ALTERNATIVES), BOUND: list(BOUNDS)},
    )


def _turned(given: Learned, change: Numbers, draws: int, rng: np.random.Generator) -> Numbers:
    """Pairs of decoders (draw, alternative, component, unit), turned together."""
    units = change.shape[2]
    activity = (given.before - given.before.mean(axis=0)).reshape(-1, units)
    parts = [(activity, 1 - OF_CHANGE), (change.reshape(-1, units), OF_CHANGE if change.any() else 0.0)]
    samples = [part * np.sqrt(share / max((part**2).sum(), 1e-300)) for part, share in parts]
    pairs = turned(np.concatenate([given.internal, given.decoder]), np.concatenate(samples), draws, rng)
    return pairs.reshape(draws, 2, -1, units)


def _central(values: Numbers) -> Numbers:
    """Bounds of the central 95 % along the last axis."""
    return np.moveaxis(np.quantile(values, [SURE / 2, 1 - SURE / 2], axis=-1), 0, -1)


def _p(observed: Numbers, chance: Numbers) -> Numbers:
    return (1 + (chance >= observed[:, None]).sum(axis=1)) / (1 + chance.shape[1])


def _verdict(result: xr.Dataset, *, changed: bool) -> tuple[str, str]:
    """The verdict, and why it is that."""
    if not changed:
        return INCONCLUSIVE, "activity does not change"
    if result.angle < ALIKE:
        return INCONCLUSIVE, f"predictions are too alike: {float(result.angle):.0f} degrees apart"
    best = int(np.argmax(result.correlation.values))
    won = result.isel({ALTERNATIVE: best})
    if won.correlation <= 0 or won.p >= SURE:
        return INCONCLUSIVE, "the change follows neither prediction beyond what turned decoders do"
    low, high = result.difference_interval.values
    if low <= 0 <= high:
        return INCONCLUSIVE, f"the interval of the difference, {low:.2f} to {high:.2f}, is over 0"
    share = float(won.weight / result.weight.sum())
    if share < MOST:
        return INCONCLUSIVE, f"the change is a mixture: {ALTERNATIVES[best]} has {share:.2f} of the weights"
    return ALTERNATIVES[best], f"correlation {float(won.correlation):.2f}, p {float(won.p):.3f}"

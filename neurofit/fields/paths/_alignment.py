"""Whether changes of weights follow the gradient of a known loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ... import provenance
from ...errors import RecordingError, SchemaError, listing
from ...names import BOUND, BOUNDS, LAYER, POST, PRE
from ...provenance import label
from ._interval import jackknife
from ._moments import STATISTICS, of_repeats, of_states, statistics
from ._nulls import alignment_nulls
from ._observed import observed

if TYPE_CHECKING:
    from ._nulls import Exchange
    from ._observed import Observed

Numbers = np.ndarray
ALL = "all"
RICHARDS = "Richards et al. 2019, Nature Neuroscience 22:1761, doi:10.1038/s41593-019-0520-2"
SPEARMAN = "Spearman 1904, American Journal of Psychology 15:72, doi:10.2307/1412159"
SAID = {
    "cosine": "cosine of observed changes and -gradient",
    "disattenuated_cosine": "cosine of expected changes and -gradient",
    "reliability": "share of the squared changes that is no noise",
    "r_squared": "signed R2 of observed changes by one learning rate",
    "improvement_rate": "change along -gradient",
    "loss_change": "predicted change of the loss",
}
UNITS = {"improvement_rate": "weight", "loss_change": "loss"}


def alignment(
    dW: xr.DataArray,  # noqa: N803, it is the paper's name
    gradient: xr.DataArray,
    *,
    null: str = "post",
    repeats: xr.DataArray | None = None,
    noise: xr.DataArray | float | None = None,
    over: str | None = None,
    draws: int = 1000,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    r"""How changes of weights align with the gradient of a known loss, noise taken off.

    .. math:: \rho = \frac{-\sum E[dw] \cdot g}{\sqrt{\sum |E[dw]|^2 \; \sum |g|^2}}

    with sums over rows and synapses. Noise in dw shortens the cosine of what was observed; it is divided by
    the square root of the reliability, :math:`\sum |E[dw]|^2 / \sum |dw|^2`, whose numerator is estimated
    without bias: from pairs of different trials, from two measurements, or from a known variance. Where its
    interval holds 0 the ratio is refused: ``identified`` is False, and the disattenuated cosine NaN.

    Parameters
    ----------
    dW
        Observed changes, ``synapse`` by ``trial``, ``session_index`` or ``step``; missing ones are NaN. The
        coords ``pre`` and ``post`` of ``synapse`` are what nulls go by; with ``layer`` there are results for
        each layer too.
    gradient
        Gradient of the loss, what learning should go against: for each row, or (synapse) for all. Trials with
        one gradient for all are taken as repeats in one state, unless ``repeats`` or ``noise`` is given.
    null
        What changes places: ``"post"``, ``"pre"``, ``"layer"`` or ``"time"`` (see ``alignment_nulls``). There
        is none that draws random directions: unrelated changes pass it far too often. So they do ``"pre"``
        and ``"layer"`` where they share presynaptic activity with the gradient, as all changes do that are
        products of what is before and behind a synapse: ``"post"`` alone keeps that activity in place.
    repeats
        A second, independent measurement of the same changes, where rows are no repeats.
    noise
        Variance of the noise of a change, in place of ``repeats``: one for all, (synapse), or as ``dW``.
    over
        What the intervals generalise to: the dim of the rows, or ``"post"``, other postsynaptic neurons. By
        default trials that repeat one state, else ``"post"`` where there is such a coord.
    draws
        Number of permutations.
    rng
        Seed or generator of them.

    Returns
    -------
    Dataset
        ``cosine``; ``disattenuated_cosine`` (can exceed 1 by chance); ``reliability``; ``r_squared``, the
        squared cosine with its sign: what one learning rate explains; ``improvement_rate``, the mean of
        -g.dw over the root mean square of the gradient; ``loss_change``, the mean of g.dw; each with its 95 %
        ``..._interval`` (bound) from a jackknife. ``p``, the share of permutations that do as well
        (one-sided), ``smallest_p`` that there can be, and ``null_interval``, the central 95 % of permuted
        cosines. ``identified``, and attr ``reason``. With dim ``layer``, whose first entry is ``"all"``,
        where synapses have layers; a layer whose null has nothing to permute has p NaN.

    Raises
    ------
    SchemaError
        If dims, sizes or ids do not fit, or coords that the null needs are missing.
    RecordingError
        If there are too few rows, the gradient is 0, or nothing can be permuted.

    References
    ----------
    Richards et al. 2019, Nature Neuroscience 22:1761, doi:10.1038/s41593-019-0520-2 (Fig. 3); Spearman 1904,
    American Journal of Psychology 15:72, doi:10.2307/1412159

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> rng = np.random.default_rng(0)
    >>> slope = xr.DataArray(rng.normal(size=40), dims="synapse")
    >>> noise = xr.DataArray(rng.normal(size=(50, 40)), dims=("trial", "synapse"))
    >>> wires = {"post": ("synapse", np.arange(40) // 4), "pre": ("synapse", np.arange(40) % 4)}
    >>> found = alignment((noise - slope).assign_coords(wires), slope, rng=0)
    >>> round(float(found.disattenuated_cosine), 1), float(found.p) < 0.01
    (1.0, True)
    """
    seed, rng = rng, np.random.default_rng(rng)
    exchange = alignment_nulls[null]
    given = observed(dW, gradient, repeats, noise)
    _check(given, null, over)
    over = over or (POST if not given.repeated and POST in given.wiring else given.rows)
    names = list(dict.fromkeys(given.wiring.get(LAYER, ())))
    parts = [given] + [given.only(np.flatnonzero(given.wiring[LAYER] == name)) for name in names]
    found = []
    for part in parts:
        estimates = _estimates(part, over)
        try:
            drawn = exchange(*_related(part), part.wired)
        except RecordingError:
            if part is given:
                raise
            drawn = None
        found.append(estimates | _against(drawn, part, draws, rng))
    result = _labelled(found, [ALL, *map(str, names)])
    return provenance.stamp(
        result,
        "fields.alignment",
        sources=[dW, gradient],
        references=[RICHARDS, SPEARMAN],
        null=null,
        over=over,
        draws=draws,
        rng=seed,
    )


def _check(given: Observed, null: str, over: str | None) -> None:
    needed = {"post": [PRE, POST], "pre": [PRE, POST], "layer": [PRE, POST, LAYER]}.get(null, [])
    missing = [name for name in needed if name not in given.wiring]
    if missing:
        raise SchemaError(
            f"null={null!r} needs coords {listing(map(repr, missing))} of dim 'synapse'. Add them with "
            ".assign_coords(post=('synapse', [...])), or choose null='time' if rows have their own gradients."
        )
    choices = [given.rows] + [POST] * (POST in given.wiring)
    if over is not None and over not in choices:
        raise SchemaError(f"no intervals over {over!r}; there is: {listing(choices)}.")
    if (over or given.rows) != POST and POST not in given.wiring and len(given.changes) < 2:
        raise RecordingError("one row and no coord 'post': there is nothing to make intervals from.")


def _estimates(given: Observed, over: str) -> dict[str, Numbers]:
    """The statistics (statistic), their intervals, and the interval of the squared expected change."""
    if given.repeated:
        whole, without = of_repeats(given.changes, given.gradient)
    else:
        whole, without = of_states(given.changes, given.gradient, given.again, given.noise)
    sums = whole.summed()
    if over == POST:
        by = given.wired
        pairs = np.unique(np.stack([_codes(by.layer), _codes(by.post)]), axis=1, return_inverse=True)[1]
        left_out = whole.without(pairs.ravel())
    else:
        left_out = without.summed()
    values, replicates = statistics(sums), statistics(left_out).T
    return {
        "values": values,
        "bounds": jackknife(values, replicates),
        "signal": jackknife(sums.signal, left_out.signal),
    }


def _codes(names: Numbers) -> Numbers:
    return np.unique(names, return_inverse=True)[1]


def _related(given: Observed) -> tuple[Numbers, Numbers]:
    """Changes and -gradient (row, synapse), 0 where one of them is missing; one row for repeats."""
    changes = np.nanmean(given.changes, axis=0)[None] if given.repeated else given.changes
    if given.again is not None:
        changes = (changes + given.again) / 2
    descent = -np.atleast_2d(given.gradient)
    have = np.isfinite(changes) & np.isfinite(descent)
    return np.where(have, changes, 0.0), np.where(have, descent, 0.0)


def _against(
    drawn: Exchange | None, given: Observed, draws: int, rng: np.random.Generator
) -> dict[str, Numbers]:
    """The p of the cosine, the smallest that there can be, and the central 95 % of permuted cosines."""
    if drawn is None:
        return {"p": np.array([np.nan, np.nan]), "null": np.full(2, np.nan)}
    changes, descent = _related(given)
    scale = np.sqrt((changes**2).sum() * (descent**2).sum())
    chance, cosine = drawn.drawn(draws, rng) / scale, (changes * descent).sum() / scale
    p = (1 + (chance >= cosine - 1e-12).sum()) / (1 + draws)
    smallest = max(1 / (1 + draws), 1 / drawn.arrangements)
    return {"p": np.array([p, smallest]), "null": np.quantile(chance, [0.025, 0.975])}


def _labelled(found: list[dict[str, Numbers]], names: list[str]) -> xr.Dataset:
    """Dataset with dim ``layer``, unless there is one entry."""
    identified = np.array([one["signal"][0] > 0 for one in found])
    values = np.array([one["values"] for one in found]).T
    bounds = np.array([one["bounds"] for one in found]).transpose(1, 0, 2)
    refused = STATISTICS.index("disattenuated_cosine")
    values[refused, ~identified] = bounds[refused, ~identified] = np.nan
    p = np.array([one["p"] for one in found]).T
    told: dict[str, tuple[tuple[str, ...], object, str]] = {}
    for name, value, bound in zip(STATISTICS, values, bounds, strict=True):
        told[name] = ((LAYER,), value, SAID[name])
        told[f"{name}_interval"] = ((LAYER, BOUND), bound, f"95 % interval of {name.replace('_', ' ')}")
    told |= {
        "p": ((LAYER,), p[0], "share of permutations with as large a cosine"),
        "smallest_p": ((LAYER,), p[1], "smallest p that there can be"),
        "null_interval": ((LAYER, BOUND), [one["null"] for one in found], "central 95 % of permuted cosines"),
        "identified": ((LAYER,), identified, "whether the expected change is told from noise"),
    }
    units = UNITS | {f"{name}_interval": unit for name, unit in UNITS.items()}
    result = xr.Dataset(
        {
            name: label(xr.DataArray(data, dims=dims), units=units.get(name, "1"), long_name=text)
            for name, (dims, data, text) in told.items()
        },
        {LAYER: names, BOUND: list(BOUNDS)},
        {"reason": _reason(found, names)},
    )
    return result if len(names) > 1 else result.isel({LAYER: 0}, drop=True)


def _reason(found: list[dict[str, Numbers]], names: list[str]) -> str:
    unknown = [name for name, one in zip(names, found, strict=True) if not np.isfinite(one["signal"]).all()]
    noisy = [name for name, one in zip(names, found, strict=True) if one["signal"][0] <= 0]
    told = []
    if unknown:
        told.append(
            "the reliability of changes is not known: give 'repeats', a second measurement, or 'noise', or "
            "trials that repeat one state"
        )
    if noisy:
        told.append(f"the interval of the squared expected change holds 0 ({listing(noisy)})")
    return "; ".join(told)

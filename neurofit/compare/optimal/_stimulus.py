"""The stimulus that drives a unit or an area most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...errors import SchemaError, listing
from ...names import CHANNEL, DRAW, STEP, STIMULUS, STIMULUS_ID, X, Y
from ...provenance import label, stamp
from ._limits import constraints
from ._readout import FITTED
from ._target import parsed

if TYPE_CHECKING:
    from ...nets import Network
    from ._ascent import Ascent
    from ._target import Readout

Array = np.ndarray[Any, Any]

INCEPTION = "Walker et al. 2019, Nature Neuroscience 22:2060, doi:10.1038/s41593-019-0517-x"
CLOSE = 0.01  # of the best: starts that came as high
IMAGE = (CHANNEL, Y, X)


def optimal_stimulus(
    network: Network,
    readout: str | xr.Dataset,
    natural: xr.DataArray,
    *,
    constraint: str = "both",
    smoothness: float = 0.0,
    starts: int = 8,
    steps: int = 300,
    rng: int | np.random.Generator | None = None,
    progress: bool = True,
) -> xr.Dataset:
    r"""The stimulus that drives one unit, or a linear readout of many, more than any natural one.

    .. math:: \max_x \; w^\top f(x) + b - \gamma \sum (\partial x)^2
        \quad \text{with} \quad \|x\| \leq \max_s \|x_s\|, \; \min_s x_s \leq x \leq \max_s x_s

    with :math:`f` the network's units and :math:`x_s` the natural stimuli, by projected gradient ascent: each
    step goes along the gradient's direction, from a half of the norm at first to 1/500 at last, and back to
    the nearest stimulus within the limits. Starts are random, and one is the best natural stimulus: the
    result is never worse than that. A maximum is the highest found; for networks it is a local one.

    The gain is that of the *model*. Whether the recorded neuron follows is for a new recording to tell.

    Parameters
    ----------
    network
        From ``nets.train`` or ``nets.load``; the ascent runs where its weights are.
    readout
        A unit by its ``unit_id`` (``"hidden2/0003"``, as in ``nets.activations``), or a Dataset with
        ``weights`` (unit), coord ``unit_id``, and ``intercept``: of ``fit_readout``, one entry of
        ``unit_b``, or the mean over an area's.
    natural
        Stimuli with dims ``stimulus``, ``channel``, ``y``, ``x``: what the gain is measured against, and
        where the limits come from. Such as ``nets.tasks["digits"]().stimuli()``.
    constraint
        Name in ``compare.constraints``: ``"both"``, ``"norm"``, ``"range"``.
    smoothness
        Weight :math:`\gamma` of the squared differences between neighbouring pixels, in response units. Above
        0, what is best under this penalty may drive the readout less than a natural stimulus.
    starts
        Number of random starts.
    steps
        Number of steps of each.
    rng
        Seed or generator of the starts.
    progress
        Whether to show a bar.

    Returns
    -------
    Dataset
        - ``stimulus`` (channel, y, x), and ``response`` (scalar) that the readout predicts for it;
        - ``natural_response``, the largest over the natural stimuli; ``difference``, how far ``response``
          lies above it; ``gain``, their ratio, NaN unless the natural response is above zero. The attr
          ``best_natural`` is that stimulus' id;
        - ``objective`` (draw, step): response less penalty, highest so far, of each start (the last is the
          natural one); ``agreement``, the share of starts that came within 1 % of the best; ``residual``, the
          share of a small step along the gradient that the limits leave at the end: 0 at a smooth maximum,
          more on the ridge between a rectifier's two slopes, where ``agreement`` tells.

    Raises
    ------
    UnknownNameError
        If a unit, a layer or a constraint does not exist.
    SchemaError
        If readout or stimuli are not what the network takes.

    References
    ----------
    Bashivan, Kar & DiCarlo 2019, Science 364:eaav9436, doi:10.1126/science.aav9436
    Walker et al. 2019, Nature Neuroscience 22:2060, doi:10.1038/s41593-019-0517-x

    Examples
    --------
    >>> from neurofit import nets
    >>> network = nets.train("digits", steps=10, rng=0, progress=False)
    >>> digits = nets.tasks["digits"]().stimuli()
    >>> found = optimal_stimulus(network, "readout/0003", digits, rng=0, progress=False)
    >>> dict(found.stimulus.sizes), bool(found.gain > 1.2)
    ({'channel': 1, 'y': 8, 'x': 8}, True)
    """
    from ._ascent import ascend, responses

    if starts < 0 or steps < 1 or smoothness < 0:
        raise SchemaError(
            f"starts, steps, smoothness are {starts}, {steps}, {smoothness}: at least 0, 1 and 0"
        )
    read, images = parsed(readout, network), _images(natural, network)
    limits = constraints[constraint](images)
    driven = responses(network, read.weights, images) + read.intercept
    begin = _starts(images, starts, int(driven.argmax()), np.random.default_rng(rng))
    climb = ascend(
        network, read.weights, begin, limits, smoothness=smoothness, steps=steps, progress=progress
    )
    best = climb.images[[int(climb.objective.argmax())]]
    response = float(responses(network, read.weights, best)[0] + read.intercept)
    table = _table(climb, best[0], response, float(driven.max()), read)
    table.attrs.update(readout=read.name, best_natural=_ids(natural)[int(driven.argmax())])
    return stamp(
        table,
        "compare.optimal_stimulus",
        sources=[network.history, natural, *([readout] if isinstance(readout, xr.Dataset) else [])],
        references=[FITTED, INCEPTION],
        readout=read.name,
        constraint=constraint,
        smoothness=smoothness,
        starts=starts,
        steps=steps,
        rng=rng,
    )


def _images(natural: xr.DataArray, network: Network) -> Array:
    shape = tuple(natural.sizes.get(dim, 0) for dim in IMAGE)
    if set(natural.dims) != {STIMULUS, *IMAGE} or shape != network.input_shape or not natural.size:
        raise SchemaError(
            f"natural stimuli need dims {(STIMULUS, *IMAGE)} and images of {network.input_shape}; got "
            f"{dict(natural.sizes)}"
        )
    images = natural.transpose(STIMULUS, *IMAGE).values.astype(np.float64)
    broken = ~np.isfinite(images).all(axis=(1, 2, 3))
    if broken.any():
        raise SchemaError(f"NaN or infinite pixels in {listing(np.array(_ids(natural))[broken], limit=5)}")
    if not images.any():
        raise SchemaError("natural stimuli are all blank: they give no limits")
    return images


def _ids(natural: xr.DataArray) -> list[str]:
    known = STIMULUS_ID in natural.coords
    return [str(name) for name in (natural[STIMULUS_ID].values if known else range(natural.sizes[STIMULUS]))]


def _starts(images: Array, starts: int, best: int, rng: np.random.Generator) -> Array:
    """Noise with the spread of the natural pixels, and last the best natural stimulus."""
    noise = images.mean() + images.std() * rng.standard_normal((starts, *images.shape[1:]))
    return np.concatenate([noise, images[[best]]])


def _table(climb: Ascent, best: Array, response: float, natural: float, read: Readout) -> xr.Dataset:
    top = climb.objective.max()
    columns: dict[str, tuple[tuple[str, ...], Any, str, str]] = {
        "stimulus": (IMAGE, best, "1", "stimulus that drives the readout most, pixel value"),
        "response": ((), response, read.units, "predicted response to this stimulus"),
        "natural_response": ((), natural, read.units, "largest predicted response to a natural stimulus"),
        "difference": ((), response - natural, read.units, "response above the best natural stimulus'"),
        "gain": (
            (),
            response / natural if natural > 0 else np.nan,
            "1",
            "response over the best natural one's",
        ),
        "objective": ((DRAW, STEP), climb.trace, read.units, "response less penalty, highest so far"),
        "agreement": (
            (),
            (climb.objective >= top - CLOSE * abs(top)).mean(),
            "1",
            "share of starts within 1 % of the best",
        ),
        "residual": (
            (),
            climb.residual[climb.objective.argmax()],
            "1",
            "share of a small step that the limits leave",
        ),
    }
    return xr.Dataset(
        {
            name: label(
                xr.DataArray(np.asarray(values, np.float64), dims=dims), units=units, long_name=long_name
            )
            for name, (dims, values, units, long_name) in columns.items()
        }
    )

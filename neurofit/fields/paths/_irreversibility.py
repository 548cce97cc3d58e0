"""Whether weights that go to and fro also go round: rotation of a stationary path."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ... import provenance
from ...errors import RecordingError, SchemaError, listing
from ...names import BOUND, BOUNDS, SESSION_INDEX, STEP, SYNAPSE, SYNAPSE_B, TRAJECTORY
from ...provenance import label
from ._area import angular_momentum, areas, blocks_of, drift_p, left_out, reversed_p, unbiased
from ._interval import jackknife

Numbers = np.ndarray
TIMES = (SESSION_INDEX, STEP)
FEWEST_BLOCKS = 6
TREND = 0.01
WEISS = "Weiss 2003, Tellus A 55:208, doi:10.3402/tellusa.v55i3.12093"
MARBLESTONE = "Marblestone, Wayne & Kording 2016, Frontiers in Computational Neuroscience 10:94, "
MARBLESTONE += "doi:10.3389/fncom.2016.00094"


def irreversibility(
    W: xr.DataArray,  # noqa: N803, it is the paper's name
    *,
    blocks: int = 12,
    matrix: bool = True,
    draws: int = 1000,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    r"""Rotation of fluctuating weights: the area that they sweep, which is 0 in detailed balance.

    .. math:: L = \tfrac{1}{2} E[dw\, w^\top - w\, dw^\top]

    is the antisymmetric part of E[dw w'], w about its mean: angular momentum, or twice the rate of area.
    Weights that follow a gradient among noise of one size in all directions have none, however long they are
    watched. For linear dynamics J with noise covariance D, E[dw w'] = J C with J C + C J' + D = 0. Noise that
    is added to each measurement leaves the expected L alone (it makes E[dw w'] larger, so the index smaller).

    Squares are products of different blocks of the path, without bias. Played backwards, a block changes the
    sign of its area: so p comes from random signs of blocks. Both need blocks that last longer than
    weights remember, and weights that stay about their mean; a path that is still on its way sweeps area too.

    Parameters
    ----------
    W
        Weights (``session_index`` or ``step``, ``synapse``), and ``trajectory`` where there are several.
        Missing entries are NaN: pairs of synapses are used where both are seen before and after a step. A
        coord of the sessions is taken as time.
    blocks
        Least number of blocks, at least 6; as many trajectories are blocks as they are.
    matrix
        Whether to return L, with a number for each pair of synapses.
    draws
        Number of random signs.
    rng
        Seed or generator of them.

    Returns
    -------
    Dataset
        ``irreversibility``, \|L\|^2 over \|E[dw w']\|^2, 0 in detailed balance and below 1 otherwise (it can
        be below 0 by chance); ``squared_momentum``, \|L\|^2 per squared time; each with its 95 %
        ``..._interval`` (bound) from a jackknife over blocks; ``p``, one-sided; ``p_drift``, that the mean
        weights have no trend; ``angular_momentum`` (synapse, synapse_b). ``identified`` is False, and attr
        ``reason`` says why, where the interval of \|E[dw w']\|^2 holds 0, or ``p_drift`` is below .01.

    Raises
    ------
    SchemaError
        If dims do not fit, or times do not increase.
    RecordingError
        If there are fewer transitions than blocks, fewer than two synapses, or weights are constant.

    References
    ----------
    Weiss 2003, Tellus A 55:208, doi:10.3402/tellusa.v55i3.12093; Marblestone, Wayne & Kording 2016, Frontiers
    in Computational Neuroscience 10:94, doi:10.3389/fncom.2016.00094

    Examples
    --------
    Weights that turn as fast as they relax: a share of one half.

    >>> import numpy as np, xarray as xr
    >>> rng, w = np.random.default_rng(0), np.zeros((4000, 2))
    >>> for t in range(1, 4000):
    ...     w[t] = w[t - 1] + 0.2 * np.array([[-1, -1], [1, -1]]) @ w[t - 1] + rng.normal(size=2)
    >>> found = irreversibility(xr.DataArray(w, dims=("session_index", "synapse")), rng=0)
    >>> round(float(found.irreversibility), 1), float(found.p) < 0.01
    (0.5, True)
    """
    seed, rng = rng, np.random.default_rng(rng)
    weights, interval = _weights(W, blocks)
    parts = blocks_of(weights, blocks)
    given = areas(parts)
    sizes = given.sizes
    squares = np.stack([unbiased(given.turning, sizes), unbiased(given.whole, sizes)])
    without = np.stack([left_out(given.turning, sizes), left_out(given.whole, sizes)], axis=1)
    bounds = jackknife(squares, without)
    trend = drift_p(parts, draws, rng)
    identified = bool(bounds[1, 0] > 0 and trend >= TREND)
    share, share_bounds = np.array(np.nan), np.full(2, np.nan)
    if bounds[1, 0] > 0:
        share = np.array(squares[0] / squares[1])
        share_bounds = jackknife(share, without[:, 0] / without[:, 1])
    told: dict[str, tuple[tuple[str, ...], object, str, str]] = {
        "irreversibility": ((), share, "share of the antisymmetric part in E[dw w']", "1"),
        "irreversibility_interval": ((BOUND,), share_bounds, "95 % interval of irreversibility", "1"),
        "squared_momentum": ((), squares[0] / interval**2, "squared angular momentum", UNIT),
        "squared_momentum_interval": (
            (BOUND,),
            bounds[0] / interval**2,
            "95 % interval of squared angular momentum",
            UNIT,
        ),
        "p": ((), reversed_p(given.turning, draws, rng), "p that blocks may as well run backwards", "1"),
        "p_drift": ((), trend, "p that mean weights have no trend", "1"),
        "identified": ((), identified, "whether the question can be answered", "1"),
    }
    if matrix:
        momentum = angular_momentum(parts) / interval
        told["angular_momentum"] = ((SYNAPSE, SYNAPSE_B), momentum, "angular momentum", "weight^2 / time")
    result = _labelled(told, W).assign_attrs(reason=_reason(bounds[1, 0], trend))
    options = {"blocks": blocks, "matrix": matrix, "draws": draws, "rng": seed}
    return provenance.stamp(
        result, "fields.irreversibility", sources=[W], references=[WEISS, MARBLESTONE], **options
    )


UNIT = "weight^4 / time^2"


def _weights(array: xr.DataArray, blocks: int) -> tuple[Numbers, float]:
    """Weights (trajectory, session, synapse), and the mean time between sessions."""
    along = [dim for dim in TIMES if dim in array.dims]
    if len(along) != 1 or set(array.dims) - {TRAJECTORY} != {along[0], SYNAPSE}:
        raise SchemaError(
            f"not valid 'W': got dims {array.dims}; it takes {SYNAPSE!r}, one of {listing(TIMES)}, and "
            f"{TRAJECTORY!r} where there are several. Rename with .rename(old='new')."
        )
    whole = array if TRAJECTORY in array.dims else array.expand_dims(TRAJECTORY)
    weights = whole.transpose(TRAJECTORY, along[0], SYNAPSE).values.astype(float)
    times = array[along[0]].values.astype(float)
    if (np.diff(times) <= 0).any():
        raise SchemaError(f"coord {along[0]!r} does not increase: sort with .sortby({along[0]!r}).")
    if np.isinf(weights).any():
        raise SchemaError("'W' has infinite entries: give missing ones as NaN.")
    transitions = len(weights) * (len(times) - 1)
    if blocks < FEWEST_BLOCKS or transitions < 2 * blocks:
        raise RecordingError(
            f"{blocks} blocks of {transitions} transitions: it takes {FEWEST_BLOCKS} blocks at least, and "
            "two transitions in each. Record more sessions or trajectories, or choose fewer blocks."
        )
    kept = np.isfinite(weights).sum(axis=(0, 1)) > 0
    if kept.sum() < 2 or not np.nanstd(weights[..., kept], axis=(0, 1)).any():
        raise RecordingError("nothing turns: it takes two synapses at least that were seen and that change.")
    return weights, float(np.diff(times).mean())


def _reason(least: float, trend: float) -> str:
    told = []
    if least <= 0:
        told.append("the interval of the squared E[dw w'] holds 0")
    if trend < TREND:
        told.append("weights drift: a path that is still on its way sweeps area under any objective")
    return "; ".join(told)


def _labelled(told: dict[str, tuple[tuple[str, ...], object, str, str]], array: xr.DataArray) -> xr.Dataset:
    result = xr.Dataset(
        {
            name: label(xr.DataArray(values, dims=dims), units=units, long_name=text)
            for name, (dims, values, text, units) in told.items()
        },
        {BOUND: list(BOUNDS)},
    )
    if SYNAPSE in array.coords and SYNAPSE in result.dims:
        ids = array[SYNAPSE].values
        return result.assign_coords({SYNAPSE: ids, SYNAPSE_B: ids})
    return result

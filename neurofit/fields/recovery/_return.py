"""What a perturbation took away, and what learning brought back: function, or weights too."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ... import provenance
from ...errors import SchemaError
from ...names import BOUND, BOUNDS, COMPONENT
from ...provenance import label
from ._inputs import changes, phases, seen_by, shift
from ._ratio import SMALL, UNKNOWN, Ratio, Shift, quotient, ratio
from ._verdict import FUNCTION, NULL, ROWS, WEIGHTS, verdict

Numbers = np.ndarray
MARBLESTONE = (
    "Marblestone, Wayne & Kording 2016, Frontiers in Computational Neuroscience 10:94, "
    "doi:10.3389/fncom.2016.00094"
)


def return_test(
    function: xr.DataArray,
    *,
    onset: float,
    weights: xr.DataArray | None = None,
    control_function: xr.DataArray | None = None,
    control_weights: xr.DataArray | None = None,
    constraints: xr.DataArray | None = None,
    noise: xr.DataArray | float = 0.0,
    late: int = 1,
) -> xr.Dataset:
    r"""Whether learning undoes a perturbation: in function, and in weights, back to the same minimum or not.

    What disrupts an optimum should be undone, perhaps back to the same minimum. With more weights than
    constraints there is a space of minima, and learning moves weights only within the rows of gradients that
    the objective sees: function returns, the part of the perturbation out of these rows, in their null
    space, stays. Of a displacement p of weights at onset and e late, the part that is undone is

    .. math:: 1 - \frac{\sum \langle e, p\rangle}{\sum \langle p, p\rangle}

    with sums over trials, and p, e whole or projected into either space; for function, p and e are changes
    of its value. The same without learning is what decays by itself; against it, 1 less the ratio of what is
    left. Ratios are refused where the interval of the denominator holds 0.

    Parameters
    ----------
    function
        Loss or performance, ``trial`` by ``session_index``, ``step`` or ``time``. Each trial is one
        perturbation.
    onset
        The session, by its coord, that is the first after the perturbation, before learning can act.
    weights
        Weights (trial, session, synapse) of the same sessions.
    control_function, control_weights
        The same with learning off, in other trials. Without them nothing rules out decay, and the verdict on
        a return is ``"inconclusive"``.
    constraints
        Gradients of the outputs, or of the terms of the objective, by the weights at the optimum, ``synapse``
        by any dim: their rows span what the objective sees.
    noise
        Variance of the noise of a measured weight, for all or (synapse); it adds to squared displacements.
    late
        How many of the last sessions are averaged as late.

    Returns
    -------
    Dataset
        For each ``component``, function, weights, row_space and null_space, as far as given: ``undone``, the
        part that is undone, ``control_undone``, without learning, ``net_undone``, against it, each with its
        95 % ``..._interval`` (bound) from a jackknife over trials, NaN where refused; ``identified``, whether
        the perturbation moved it. ``distance_old``, of late weights to those before, and with constraints
        ``distance_new``, to the weights with the old function, to first order, that were nearest when they
        were moved; both in lengths of the perturbation. Attrs: ``verdict``, one of ``"same minimum"``,
        ``"new minimum"``, ``"function does not return"``, ``"decay"`` and ``"inconclusive"``, and its
        ``reason``. Something returns if the interval is above one half, and does not if it is below.

    Raises
    ------
    SchemaError
        If dims, sizes or ids do not fit, or values are NaN.
    RecordingError
        If there are fewer than three trials, or no session before, at, or well after onset.

    References
    ----------
    Marblestone, Wayne & Kording 2016, Frontiers in Computational Neuroscience 10:94,
    doi:10.3389/fncom.2016.00094

    Examples
    --------
    Two weights, of which the loss sees only the first: half of the perturbation stays.

    >>> import numpy as np, xarray as xr
    >>> w = np.zeros((4, 12, 2))
    >>> w[:, 2:] = np.array([1.0, 1.1, 0.9, 1.0])[:, None, None]
    >>> off = xr.DataArray(w, dims=("trial", "session_index", "synapse"))
    >>> rates = xr.DataArray([1.0, 0.0], dims="synapse")
    >>> on = off * np.exp(-rates * (off.session_index - 2).clip(0))
    >>> found = return_test(
    ...     on[..., 0] ** 2, weights=on, onset=2, control_function=off[..., 0] ** 2, control_weights=off,
    ...     constraints=xr.DataArray([[1.0, 0.0]], dims=("feature", "synapse")),
    ... )
    >>> found.verdict, found.undone.round(2).values.tolist()
    ('new minimum', [1.0, 0.5, 1.0, 0.0])
    """
    when = phases(function, onset, late)
    if weights is None and (control_weights is not None or constraints is not None):
        raise SchemaError("'control_weights' and 'constraints' say nothing without 'weights'.")
    moved = None if weights is None else shift(weights, when, noise, "weights")
    rows = None if constraints is None or weights is None else seen_by(constraints, weights)
    undone = _undone(changes(function, when, "function"), moved, rows)
    control: dict[str, Ratio] = {}
    if control_function is not None:
        alone = None if control_weights is None else shift(control_weights, when, noise, "control_weights")
        control = _undone(changes(control_function, when, "control_function"), alone, rows)
    net = {
        name: quotient(undone[name].undone, control[name].undone).undone if name in control else UNKNOWN
        for name in undone
    }
    said, reason = verdict(undone, control, net)
    result = _labelled(undone, control, net, _distances(moved, rows))
    return provenance.stamp(
        result.assign_attrs(verdict=said, reason=reason),
        "fields.return_test",
        sources=[function],
        references=[MARBLESTONE],
        onset=onset,
        late=late,
    )


def _undone(function: tuple[Numbers, Numbers], moved: Shift | None, rows: Numbers | None) -> dict[str, Ratio]:
    """The part that is undone of each component, in the order of the result."""
    found = {FUNCTION: ratio(*function).undone}
    if moved is None:
        return found
    everything = np.zeros((0, moved.moved.shape[1]))
    spaces = {WEIGHTS: (everything, False)}
    if rows is not None:
        spaces |= {ROWS: (rows, True), NULL: (rows, False)}
    squares = {name: moved.part(space, inside=inside) for name, (space, inside) in spaces.items()}
    whole = squares[WEIGHTS][0].sum()
    for name, (size, left, _) in squares.items():
        there = size.sum() > SMALL * whole
        found[name] = ratio(left, size).undone if there else UNKNOWN
    return found


def _distances(moved: Shift | None, rows: Numbers | None) -> dict[str, float]:
    """Distances of late weights to the old minimum and to the nearest new one, in perturbations."""
    if moved is None:
        return {}
    size, _, left = moved.part(np.zeros((0, moved.moved.shape[1])), inside=False)
    found = {"distance_old": left}
    if rows is not None:
        found["distance_new"] = moved.away(rows)
    scale = size.sum()
    return {
        name: float(np.sqrt(max(square.sum(), 0.0) / scale)) if scale > 0 else np.nan
        for name, square in found.items()
    }


SAID = {
    "undone": "part of the perturbation that is undone",
    "control_undone": "part that is undone without learning",
    "net_undone": "part that is undone, of what is left without learning",
}
FAR = {
    "distance_old": "distance of late weights to those before, in perturbations",
    "distance_new": "distance of late weights to the nearest with the old function, in perturbations",
}


def _labelled(
    undone: dict[str, Ratio], control: dict[str, Ratio], net: dict[str, Ratio], far: dict[str, float]
) -> xr.Dataset:
    names = list(undone)
    told: dict[str, tuple[tuple[str, ...], object, str]] = {}
    for name, ratios in zip(SAID, (undone, control, net), strict=True):
        each = [ratios.get(one, UNKNOWN) for one in names]
        told[name] = ((COMPONENT,), [one.value for one in each], SAID[name])
        told[f"{name}_interval"] = (
            (COMPONENT, BOUND),
            [one.interval for one in each],
            f"95 % interval of the {SAID[name]}",
        )
    told["identified"] = (
        (COMPONENT,),
        [undone[one].known for one in names],
        "whether the perturbation moved it beyond noise",
    )
    told |= {name: ((), value, FAR[name]) for name, value in far.items()}
    return xr.Dataset(
        {
            name: label(xr.DataArray(data, dims=dims), units="1", long_name=text)
            for name, (dims, data, text) in told.items()
        },
        {COMPONENT: names, BOUND: list(BOUNDS)},
    )

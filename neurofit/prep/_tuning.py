"""What a unit prefers on a circle, and how sharply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .. import provenance
from ..errors import RecordingError, SchemaError, listing
from ..names import REPEATS, TRIAL, UNIT, VALUE
from ._circles import circles
from ._groups import groups
from ._kernels import group_errors, group_means, resultant_p, resultants
from ._units import tell_units, trials_by_units

if TYPE_CHECKING:
    from ._groups import Array

FEWEST_VALUES = 3


def tuning(
    responses: xr.DataArray,
    *,
    by: str,
    kind: str = "orientation",
    permutations: int = 1000,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    """Tuning curve of each unit, what it prefers, and how sharply.

    With r_k the mean response to theta_k, and P the period of the ``kind`` (180 or 360 degrees), the sum
    ``R = sum_k r_k exp(i theta_k 2 pi / P)`` gives

    - ``preference = arg(R) P / (2 pi)``, in [0, P);
    - ``selectivity = |R| / sum_k r_k``, which is 1 - circular variance: 0 for a flat curve, 1 for a response
      to one value alone;
    - ``p``, the share of permutations of the trials, the given one among them, with an R as long.

    Noise makes a selectivity too large, the more so the fewer the trials, and that of an untuned unit is not
    zero: read it beside ``p``.

    Parameters
    ----------
    responses
        Responses with dims ``trial`` and ``unit``; the mean is taken over ``time`` where there is one. Rates
        rather than z-scores: a selectivity needs responses of at least zero.
    by
        The coord of trials, in degrees, as numbers or text. At least 3 values, evenly spaced on the circle:
        on others a flat curve would look tuned.
    kind
        Name of one of ``"orientation"`` (period 180 degrees: 0 and 180 are one value) and ``"direction"``
        (360).
    permutations
        How many permutations; the smallest p is 1 / (permutations + 1).
    rng
        Seed or generator of the permutations.

    Returns
    -------
    Dataset
        ``curve`` and ``sem`` (unit, value), the standard error of the mean, NaN for one trial;
        ``preference``, ``selectivity`` and ``p`` (unit). ``value`` is in degrees; ``repeats`` (value) counts
        its trials. A preference is NaN where the curve has no direction, a selectivity where the curve is
        below zero somewhere or zero throughout; both are NaN where a response is. A warning names the units.

    Raises
    ------
    UnknownNameError
        If ``by`` is no coord of trials, or there is no such ``kind``.
    SchemaError
        If ``by`` holds no numbers, a trial has none, or there are dims beside trial, unit and time.
    RecordingError
        If the values are fewer than 3 or not evenly spaced.

    References
    ----------
    Ringach, Shapley & Hawken 2002, Journal of Neuroscience 22:5639, doi:10.1523/JNEUROSCI.22-13-05639.2002
    Mazurek, Kager & Van Hooser 2014, Frontiers in Neural Circuits 8:92, doi:10.3389/fncir.2014.00092

    Examples
    --------
    A response of 3 to 90 degrees and of 1 to the three others: R = -2, and the sum is 6.

    >>> angles = {"orientation": ("trial", [0, 45, 90, 135])}
    >>> rates = xr.DataArray([[1], [1], [3], [1]], angles, ("trial", "unit"))
    >>> found = tuning(rates, by="orientation", rng=0)
    >>> round(found.preference.item(), 9), round(found.selectivity.item(), 9)
    (90.0, 0.333333333)
    """
    circle, seed = circles[kind], rng
    if permutations < 1:
        raise SchemaError(f"p needs at least one permutation; got permutations={permutations}")
    trials = trials_by_units(responses)
    values, group = _angles(trials, by, circle.period)
    direction = np.exp(2j * np.pi * values / circle.period)
    curve = group_means(trials.values, group, len(values))
    resultant = resultants(trials.values, direction, group)
    p = resultant_p(trials.values, direction, group, permutations, np.random.default_rng(rng))
    found = {
        "curve": ((UNIT, VALUE), curve.T),
        "sem": ((UNIT, VALUE), group_errors(trials.values, group, len(values)).T),
        "preference": (UNIT, _preference(resultant, curve, circle.period)),
        "selectivity": (UNIT, _selectivity(resultant, curve)),
        "p": (UNIT, p),
    }
    coords = {name: coord for name, coord in trials.coords.items() if TRIAL not in coord.dims}
    dataset = xr.Dataset(found, coords).assign_coords(
        {VALUE: (VALUE, values, {"units": "degrees"}), REPEATS: (VALUE, np.bincount(group))}
    )
    _tell_undefined(trials, dataset)
    labelled = _labelled(dataset, responses, kind).assign_attrs(kind=kind, by=by, period=circle.period)
    return provenance.stamp(
        labelled,
        "prep.tuning",
        sources=[responses],
        references=circle.references,
        by=by,
        kind=kind,
        permutations=permutations,
        rng=seed,
    )


def _angles(trials: xr.DataArray, by: str, period: float) -> tuple[Array, Array]:
    """The distinct angles in ``[0, period)``, and the index of its own for each trial."""
    names, group = groups(trials, by)
    try:
        degrees = names.astype(np.float64)
    except (TypeError, ValueError):
        raise SchemaError(
            f"tuning needs degrees, and coord {by!r} holds {listing(names, limit=5)}; "
            "choose with by= a coord of trials that holds numbers"
        ) from None
    # To the billionth of a degree, so that angles that were computed meet those that were typed.
    values, place = np.unique(np.round(degrees % period, 9) % period, return_inverse=True)
    steps = np.diff(values, append=values[:1] + period)
    if len(values) < FEWEST_VALUES or not np.allclose(steps, period / len(values), rtol=0, atol=1e-6):
        raise RecordingError(
            f"tuning needs {FEWEST_VALUES} values or more, evenly spaced over {period:g} degrees; "
            f"{by!r} has {listing(f'{value:g}' for value in values) or 'none'}. "
            "Select trials of values that are."
        )
    return values, place[group]


def _preference(resultant: Array, curve: Array, period: float) -> Array:
    angle = np.angle(resultant) / (2 * np.pi) * period % period
    # Rounding leaves a flat curve a direction, but no length.
    return np.where(np.abs(resultant) > 1e-12 * np.abs(curve).sum(axis=0), angle % period, np.nan)


def _selectivity(resultant: Array, curve: Array) -> Array:
    total = curve.sum(axis=0)
    defined = (curve >= 0).all(axis=0) & (total > 0)
    return np.divide(np.abs(resultant), total, out=np.full(total.shape, np.nan), where=defined)


def _tell_undefined(trials: xr.DataArray, found: xr.Dataset) -> None:
    absent = np.isnan(found["curve"].values).any(axis=1)
    tell_units(trials, absent, "tuning is NaN where responses are,", stacklevel=4)
    no_direction = np.isnan(found["preference"].values) & ~absent
    tell_units(trials, no_direction, "preference is NaN where the curve has no direction,", stacklevel=4)
    below = np.isnan(found["selectivity"].values) & ~absent
    tell_units(
        trials,
        below,
        "selectivity is NaN where the curve is below zero somewhere or zero throughout,",
        stacklevel=4,
    )


def _labelled(dataset: xr.Dataset, responses: xr.DataArray, kind: str) -> xr.Dataset:
    units = responses.attrs.get("units", "1")
    what = responses.attrs.get("long_name", "response")
    labels = {
        "curve": (units, f"mean {what}"),
        "sem": (units, f"standard error of the mean {what}"),
        "preference": ("degrees", f"preferred {kind}"),
        "selectivity": ("1", f"{kind} selectivity (1 - circular variance)"),
        "p": ("1", f"p of {kind} tuning (permutation of trials)"),
    }
    for name, (unit, long_name) in labels.items():
        dataset[name] = provenance.label(dataset[name], units=unit, long_name=long_name)
    return dataset

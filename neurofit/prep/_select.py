"""The units that an analysis is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import provenance
from ..errors import RecordingError, SchemaError, unknown_name
from ..names import STIMULUS_ID, UNIT
from ._groups import groups
from ._kernels import correlations, observed_means
from ._normalise import rates
from ._split import split_half
from ._trials import extended, left_out_entry
from ._units import need_dims, trials_by_units, unit_names

if TYPE_CHECKING:
    import xarray as xr

    from ._groups import Array

SPLIT_HALF = "Spearman 1910, British Journal of Psychology 3:271, doi:10.1111/j.2044-8295.1910.tb00206.x"
FEWEST_STIMULI = 3


def select_units(
    responses: xr.DataArray,
    *,
    least_rate: float | None = None,
    least_reliability: float | None = None,
    least_observed: float | None = None,
    by: str = STIMULUS_ID,
    splits: int = 20,
    rng: int | np.random.Generator | None = None,
    **columns: object,
) -> xr.DataArray:
    """The units that fire enough, answer alike each time, and are what their coords should say.

    The rate is the mean over all trials and bins. The reliability is the correlation over stimuli of a unit's
    mean responses (over time, too) in two random halves of the repeats, corrected to the length of the whole:
    ``2 r / (1 + |r|)`` with r the mean over ``splits`` (Spearman-Brown's formula, made odd so that it is zero
    on average where there is nothing to reproduce). A half that does not vary counts as r = 0.

    Choosing reliable units and testing their reliability needs two sets of trials: what is chosen for being
    large is too large in the trials that chose it.

    Parameters
    ----------
    responses
        Responses with dim ``unit``; counts or rates for ``least_rate``, and with dim ``trial`` for
        ``least_reliability``.
    least_rate
        Lowest mean rate to keep, in Hz.
    least_reliability
        Lowest reliability to keep, in [-1, 1].
    least_observed
        Lowest share, in [0, 1], of trials and bins that have a value, and are not NaN because the unit was
        not observed then.
    by
        The coord of trials that tells repeats.
    splits
        How many random halves to average over.
    rng
        Seed or generator of the halves.
    **columns
        Coords of units and the value that each must have, or a list of values that will do:
        ``area="V1"``, ``quality=["good", "fair"]``.

    Returns
    -------
    DataArray
        The kept units, in the order they had. The attribute ``left_out`` (JSON) tells the others: for each
        reason their places among the given units (``rows``) and their ids (``units``). A unit is entered
        under each reason that it gives.

    Raises
    ------
    UnknownNameError
        If units have no such coord, or none of them has such a value there.
    SchemaError
        If a needed dim is missing, or a rate is asked of what are no counts or rates.
    RecordingError
        If no unit is left, or fewer than 3 stimuli were shown twice.

    References
    ----------
    Spearman 1910, British Journal of Psychology 3:271, doi:10.1111/j.2044-8295.1910.tb00206.x

    Examples
    --------
    >>> import xarray as xr
    >>> areas = {"area": ("unit", ["V1", "LM", "V1"])}
    >>> counts = xr.DataArray([[1, 5, 0]], areas, ("trial", "unit"), attrs={"units": "spikes", "bin": 1.0})
    >>> select_units(counts, area="V1", least_rate=0.5).values
    array([[1]])
    """
    need_dims(responses, UNIT)
    failing = {
        f"{name} is not {value!r}": ~_matches(responses, name, value) for name, value in columns.items()
    }
    seed, references = rng, []
    if least_rate is not None:
        failing[f"rate below {least_rate:g} Hz"] = ~(_mean_rate(responses) >= least_rate)
    if least_reliability is not None:
        reliability = _reliability(responses, by, splits, np.random.default_rng(rng))
        failing[f"reliability below {least_reliability:g}"] = ~(reliability >= least_reliability)
        references.append(SPLIT_HALF)
    if least_observed is not None:
        share = responses.notnull().mean([dim for dim in responses.dims if dim != UNIT]).values
        failing[f"observed less than {least_observed:.0%} of the time"] = ~(share >= least_observed)
    entries = [_entry(responses, reason, units) for reason, units in failing.items() if units.any()]
    kept = np.flatnonzero(~np.any([*failing.values(), np.zeros(responses.sizes[UNIT], bool)], axis=0))
    if not kept.size:
        reasons = "; ".join(f"{entry['issue']} in {len(entry['rows'])}" for entry in entries)
        raise RecordingError(
            f"none of the {responses.sizes[UNIT]} units is left: {reasons or 'there are none'}"
        )
    chosen = responses.isel({UNIT: kept}).assign_attrs(left_out=extended(responses.attrs, entries))
    options: dict[str, Any] = {"least_rate": least_rate, "least_reliability": least_reliability}
    options["least_observed"] = least_observed
    if least_reliability is not None:
        options |= {"by": by, "splits": splits, "rng": seed}
    return provenance.stamp(
        chosen, "prep.select_units", sources=[responses], references=references, **options, columns=columns
    )


def _entry(responses: xr.DataArray, reason: str, units: Array) -> dict[str, Any]:
    return {**left_out_entry(reason, "units", np.flatnonzero(units)), "units": unit_names(responses, units)}


def _matches(responses: xr.DataArray, name: str, value: object) -> Array:
    """Which units have ``value``, or one of several, in the coord ``name``."""
    on_units = [str(coord) for coord, array in responses.coords.items() if array.dims == (UNIT,)]
    if name not in on_units:
        raise unknown_name("coord of units", name, on_units)
    values = responses[name].values
    wanted = np.array(value if isinstance(value, (list, tuple, set, np.ndarray)) else [value])
    if values.dtype.kind in "UOT" or wanted.dtype.kind in "UOT":
        values, wanted = values.astype(str), wanted.astype(str)
    for absent in wanted[~np.isin(wanted, values)].tolist():
        raise unknown_name(name, absent, np.unique(values).tolist())
    return np.isin(values, wanted)


def _mean_rate(responses: xr.DataArray) -> Array:
    units = responses.attrs.get("units")
    if units not in ("spikes", "Hz"):
        raise SchemaError(f"least_rate needs counts or rates, with units 'spikes' or 'Hz'; got {units!r}")
    hertz = responses.astype(np.float64) if units == "Hz" else rates(responses)
    return hertz.mean([dim for dim in hertz.dims if dim != UNIT]).values


def _reliability(responses: xr.DataArray, by: str, splits: int, rng: np.random.Generator) -> Array:
    """Corrected split-half correlation of each unit's tuning; NaN where no half ever varied."""
    if splits < 1:
        raise SchemaError(f"reliability needs at least one split; got splits={splits}")
    trials = trials_by_units(responses)
    group = groups(trials, by)[1]
    repeated = int(np.count_nonzero(np.bincount(group) > 1))
    if repeated < FEWEST_STIMULI:
        raise RecordingError(
            f"reliability needs {FEWEST_STIMULI} stimuli that were shown twice or more often; "
            f"{repeated} were. Leave least_reliability out, or choose another by=."
        )
    halves = (split_half(trials, by=by, rng=rng) for _ in range(splits))
    r = np.array([correlations(_means(a, by), _means(b, by)) for a, b in halves])
    mean = np.where(np.isnan(r).all(axis=0), np.nan, np.nan_to_num(r).mean(axis=0))
    return 2 * mean / (1 + np.abs(mean))


def _means(half: xr.DataArray, by: str) -> Array:
    names, group = groups(half, by)
    return observed_means(half.values, group, len(names))

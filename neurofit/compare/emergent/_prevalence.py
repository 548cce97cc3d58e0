"""How many units of an area are tuned, and how many more than before training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy import stats

from ...errors import unknown_name
from ...names import AREA, BOUND, BOUNDS, UNIT
from ...provenance import label, stamp
from ._units import unit_tuning

if TYPE_CHECKING:
    from ._tunings import Tuning

INTERVAL = "Wilson 1927, Journal of the American Statistical Association 22:209, doi:10.2307/2276774"
DIFFERENCE = (
    "Newcombe 1998, Statistics in Medicine 17:873, "
    "doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I"
)
WHOLE = "all"
MEANINGS = {
    "n_units": "number of units",
    "prevalence": "share of units that are tuned",
    "prevalence_interval": "95 % interval of the share (Wilson)",
    "p_chance": "p of as many tuned units by chance (binomial)",
    "control_prevalence": "share of the control's units that are tuned",
    "control_interval": "95 % interval of the control's share (Wilson)",
    "difference": "share above the control's",
    "difference_interval": "95 % interval of the difference (Newcombe)",
    "p_difference": "p of the difference (Fisher's exact test)",
}


def emergent_tuning(
    responses: xr.DataArray,
    *,
    kind: str | Tuning = "orientation",
    control: xr.DataArray | None = None,
    alpha: float = 0.05,
    draws: int = 200,
    rng: int | np.random.Generator | None = None,
    progress: bool = True,
) -> xr.Dataset:
    r"""Share of the units of each area or layer that are tuned, against the untrained network's.

    Even an untrained network has tuned units, for its inputs are not white and its receptive fields local:
    what training, or an objective, brings about is the difference from the control.

    Parameters
    ----------
    responses
        Responses or activations as for ``compare.unit_tuning``; coord ``area`` of the units tells the area or
        the layer, without it all units are one.
    kind
        A name in ``compare.tunings``, or one with its options set.
    control
        Activations of the untrained network (``nets.untrained``) for the same stimuli, with the same areas.
    alpha
        Chance of a unit without tuning to count as tuned.
    draws
        Shuffles, or random maps, of each unit.
    rng
        Seed or generator of these.
    progress
        Whether to show a bar.

    Returns
    -------
    Dataset
        With dim ``area``, and ``bound`` for 95 % intervals:

        - ``n_units``, ``prevalence``, ``prevalence_interval`` (Wilson): units tuned, of all;
        - ``p_chance``: of as many if each were tuned with the chance ``alpha`` (binomial, one-sided);
        - ``control_prevalence``, ``control_interval``, ``difference``, ``difference_interval`` (Newcombe's
          :math:`\hat p_1 - \hat p_2 \mp \sqrt{(\hat p_1 - l_1)^2 + (u_2 - \hat p_2)^2}` from the two Wilson
          intervals, and the like for the upper end), ``p_difference`` (Fisher, two-sided). NaN without a
          control.

        Intervals and p take units as independent draws. The places of one feature map of a convolution are
        not: give one unit of each map, or read the interval as too narrow. They hold for this network, not
        for others trained alike.

    Raises
    ------
    UnknownNameError
        If an area has no control, or there is no such kind or coord.
    SchemaError, RecordingError
        As ``compare.unit_tuning``.

    References
    ----------
    Wilson 1927, Journal of the American Statistical Association 22:209, doi:10.2307/2276774
    Newcombe 1998, Statistics in Medicine 17:873,
    doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I

    Examples
    --------
    One of two units responds to vertical gratings alone, the other to all alike.

    >>> angles = np.tile([0.0, 45.0, 90.0, 135.0], 20)
    >>> rates = np.stack([4.0 * (angles == 90), np.ones(80)], axis=1)
    >>> responses = xr.DataArray(rates, {"orientation": ("trial", angles)}, ("trial", "unit"))
    >>> found = emergent_tuning(responses, rng=0, progress=False)
    >>> found.prevalence.item(), found.n_units.item()
    (0.5, 2)
    """
    seed, rng = rng, np.random.default_rng(rng)
    options: dict[str, Any] = {"kind": kind, "alpha": alpha, "draws": draws, "rng": rng, "progress": progress}
    areas = _areas(responses)
    if control is not None:
        _check(areas, _areas(control))
    measured = unit_tuning(responses, **options)
    tuned = _counts(measured, areas)
    table = _alone(tuned, alpha)
    if control is not None:
        table |= _against(tuned, _counts(unit_tuning(control, **options), _areas(control)))
    else:
        table |= dict.fromkeys(
            ("control_prevalence", "difference", "p_difference"), np.full(len(tuned), np.nan)
        )
        table |= dict.fromkeys(("control_interval", "difference_interval"), np.full((len(tuned), 2), np.nan))
    return _labelled(
        table, list(tuned), measured, [responses] if control is None else [responses, control], seed
    )


Counts = dict[str, tuple[int, int]]


def _areas(responses: xr.DataArray) -> np.ndarray[Any, Any]:
    known = AREA in responses.coords and responses[AREA].dims == (UNIT,)
    return responses[AREA].values.astype(str) if known else np.full(responses.sizes.get(UNIT, 0), WHOLE)


def _check(areas: np.ndarray[Any, Any], controls: np.ndarray[Any, Any]) -> None:
    for area in dict.fromkeys(areas.tolist()):
        if area not in controls:
            raise unknown_name("area of the control", area, dict.fromkeys(controls.tolist()))


def _counts(measured: xr.Dataset, areas: np.ndarray[Any, Any]) -> Counts:
    """Tuned units and all units of each area."""
    tuned = measured["tuned"].values
    return {
        area: (int(tuned[areas == area].sum()), int((areas == area).sum()))
        for area in dict.fromkeys(areas.tolist())
    }


def _wilson(tuned: int, units: int) -> tuple[float, float]:
    low, high = stats.binomtest(tuned, units).proportion_ci(method="wilson")
    return float(low), float(high)


def _alone(counts: Counts, alpha: float) -> dict[str, Any]:
    return {
        "n_units": [units for _, units in counts.values()],
        "prevalence": [tuned / units for tuned, units in counts.values()],
        "prevalence_interval": [_wilson(*count) for count in counts.values()],
        "p_chance": [stats.binomtest(*count, alpha, "greater").pvalue for count in counts.values()],
    }


def _against(counts: Counts, controls: Counts) -> dict[str, Any]:
    table: dict[str, list[Any]] = {
        name: [] for name in ("control_prevalence", "control_interval", "difference", "difference_interval")
    }
    table["p_difference"] = []
    for area, (tuned, units) in counts.items():
        tuned_before, units_before = controls[area]
        share, before = tuned / units, tuned_before / units_before
        (low, high), (low_before, high_before) = _wilson(tuned, units), _wilson(tuned_before, units_before)
        difference = share - before
        below = np.hypot(share - low, high_before - before)
        above = np.hypot(high - share, before - low_before)
        cells = [[tuned, units - tuned], [tuned_before, units_before - tuned_before]]
        table["control_prevalence"].append(before)
        table["control_interval"].append((low_before, high_before))
        table["difference"].append(difference)
        table["difference_interval"].append((difference - below, difference + above))
        table["p_difference"].append(stats.fisher_exact(cells).pvalue)
    return table


def _labelled(
    table: dict[str, Any],
    areas: list[str],
    measured: xr.Dataset,
    sources: list[xr.DataArray],
    rng: int | np.random.Generator | None,
) -> xr.Dataset:
    columns = {
        name: label(
            xr.DataArray(np.asarray(table[name]), dims=(AREA, BOUND)[: np.ndim(table[name])]),
            units="1",
            long_name=meaning,
        )
        for name, meaning in MEANINGS.items()
    }
    result = xr.Dataset(columns, {AREA: areas, BOUND: list(BOUNDS)})
    result.attrs.update(kind=measured.attrs["kind"], alpha=measured.attrs["alpha"])
    return stamp(
        result,
        "compare.emergent_tuning",
        sources=[*sources, measured],
        references=[INTERVAL, DIFFERENCE],
        rng=rng,
    )

"""Results with their names and units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ...names import ALTERNATIVE, BOUND, BOUNDS, INPUT, UNIT
from ...provenance import label
from ._alternatives import alternatives
from ._diagnostics import DIAGNOSTICS
from ._kernels import GRID, offset_and_gain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._comparison import Compared
    from ._inputs import Numbers
    from ._methods import Estimate
    from ._pool import Verdict

SCALES = {"hz": "Hz", "sd": "sd of the novel rate", "input": "sd of the input"}


def curve_of(estimates: Sequence[Estimate], units: str) -> xr.Dataset:
    """Curves (unit, input) with intervals, and their offset and gain."""
    change = np.stack([one.change for one in estimates])
    offset, gain = offset_and_gain(change)
    curve, of_units = (UNIT, INPUT), (UNIT,)
    found = xr.Dataset(
        {
            "change": _said(curve, change, units, "change with familiarity"),
            "interval": _said(
                (*curve, BOUND), [one.interval for one in estimates], units, "95 % interval of the change"
            ),
            "rate": _said(curve, [one.rate for one in estimates], "Hz", "rate for novel stimuli"),
            "familiar_rate": _said(
                curve,
                [one.familiar_rate for one in estimates],
                "Hz",
                "rate for familiar stimuli of the same rank",
            ),
            "extrapolated": _said(curve, [one.outside for one in estimates], "1", "where data say nothing"),
            "offset": _said(of_units, offset, units, "change at the mean input: offset + gain h"),
            "gain": _said(of_units, gain, f"{units} per sd of the input", "slope of the change on the input"),
        },
        {INPUT: INPUT_COORD, BOUND: list(BOUNDS)},
    )
    return found


def threshold_of(estimates: Sequence[Estimate]) -> xr.Dataset:
    """Thresholds (unit) between depression and potentiation, on three scales."""
    value = np.stack([one.threshold for one in estimates], axis=1)
    interval = np.stack([one.threshold_interval for one in estimates], axis=1)
    arrays = {}
    for at, (name, units) in enumerate(SCALES.items()):
        arrays[name] = _said((UNIT,), value[at], units, "threshold of the rule")
        text = "95 % interval of the threshold"
        arrays[f"{name}_interval"] = _said((UNIT, BOUND), interval[at], units, text)
    return xr.Dataset(arrays, {BOUND: list(BOUNDS)})


def comparison_of(compared: Sequence[Compared], verdict: Verdict | None) -> xr.Dataset:
    """Alternatives in single units, and in all of them where they were pooled."""
    each = (UNIT, ALTERNATIVE)
    arrays = {
        name: _said(each, [getattr(one, name) for one in compared], units, text)
        for name, (units, text) in COMPARED.items()
    }
    arrays["chosen"] = _said((UNIT,), [one.verdict for one in compared], "1", "alternative of the lowest BIC")
    said = {}
    if verdict is not None:
        arrays["log_evidence"] = _said(
            (ALTERNATIVE,), verdict.log_evidence, "nat", "log evidence in all units"
        )
        text = "probability that all units follow it"
        arrays["probability"] = _said((ALTERNATIVE,), verdict.probability, "1", text)
        said["verdict"] = verdict.name
    return xr.Dataset(arrays, {ALTERNATIVE: list(alternatives)}, said)


COMPARED = {
    "log_likelihood": ("nat", "highest log likelihood"),
    "bic": ("nat", "Bayesian information criterion, lowest is best"),
    "held_out": ("nat per stimulus", "log likelihood of stimuli that were held out"),
}


def diagnostics_of(rows: Sequence[dict[str, float]], floors: Numbers) -> xr.Dataset:
    """Diagnostics (unit), and the sampling floor (input)."""
    arrays = {
        name: _said((UNIT,), [row[name] for row in rows], about.units, about.long_name)
        for name, about in DIAGNOSTICS.items()
    }
    about = "error that this number of stimuli leaves without noise"
    arrays["sampling_floor"] = _said((INPUT,), floors, "sd of the input", about)
    return xr.Dataset(arrays, {INPUT: INPUT_COORD})


def _said(dims: tuple[str, ...], values: object, units: str, long_name: str) -> xr.DataArray:
    return label(xr.DataArray(np.asarray(values), dims=dims), units=units, long_name=long_name)


INPUT_COORD = _said((INPUT,), GRID, "sd of the input", "input")

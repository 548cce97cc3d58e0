"""What may be wrong with an estimate: noise, ties, unequal trials, ranks that a rule would not keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._kernels import GRID, sampling_error

if TYPE_CHECKING:
    from ._inputs import Numbers, Unit
    from ._methods import Estimate


class Diagnostic(NamedTuple):
    """One number for each unit, and what it is."""

    units: str
    long_name: str


DIAGNOSTICS = {
    "trials_novel": Diagnostic("trials", "mean number of trials of a novel stimulus"),
    "trials_familiar": Diagnostic("trials", "mean number of trials of a familiar stimulus"),
    "thinned": Diagnostic("1", "whether trials were left out to make them equal"),
    "ties_novel": Diagnostic("1", "share of novel stimuli whose rate another one has too"),
    "ties_familiar": Diagnostic("1", "share of familiar stimuli whose rate another one has too"),
    "rank_violation": Diagnostic("1", "share of inputs where dh falls by more than h rises: slope below -1"),
    "extrapolated": Diagnostic("1", "share of inputs where the rates of the other kind say nothing"),
    "noise_share": Diagnostic("1", "share of the variance of novel rates that is the scatter of counts"),
    "fano": Diagnostic("1", "Fano factor: variance of counts over their mean"),
}


def diagnose(unit: Unit, estimate: Estimate, *, thinned: bool) -> dict[str, float]:
    """Values of ``DIAGNOSTICS`` for one unit."""
    novel = unit.novel.rate
    scatter = unit.fano * np.mean(novel / (unit.novel.trials * unit.novel.window))
    return {
        "trials_novel": float(unit.novel.trials.mean()),
        "trials_familiar": float(unit.familiar.trials.mean()),
        "thinned": float(thinned),
        "ties_novel": tied(novel),
        "ties_familiar": tied(unit.familiar.rate),
        "rank_violation": rank_violation(estimate.change),
        "extrapolated": float(estimate.outside.mean()),
        "noise_share": float(min(scatter / max(novel.var(), 1e-12), 1.0)),
        "fano": unit.fano,
    }


def tied(rates: Numbers) -> float:
    """Share of the rates that occur more than once."""
    copies = np.unique(rates, return_counts=True)[1]
    return float(copies[copies > 1].sum() / len(rates))


def rank_violation(change: Numbers) -> float:
    """Share of steps of the input at which the slope of dh is below -1.

    There h + dh falls while h rises: the rule does not keep the order of stimuli, and equal ranks are no
    longer equal stimuli.
    """
    slope = np.diff(change) / np.diff(GRID)
    known = np.isfinite(slope)
    return float((slope[known] < -1).mean()) if known.any() else float("nan")


def floor(unit: Unit) -> Numbers:
    """Error that so many stimuli leave without any noise, at each input."""
    each = len(unit.novel.total), len(unit.familiar.total)
    return sampling_error(2 / (1 / each[0] + 1 / each[1]), GRID)

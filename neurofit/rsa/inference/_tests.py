"""From estimates and their variances to intervals and p values, corrected for how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from ...registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._trials import Numbers

corrections: Registry[Callable[[Numbers], Numbers]] = Registry("correction")


@corrections.register("none")
def raw(p: Numbers) -> Numbers:
    """Each p value by itself."""
    return p


@corrections.register("fdr")
def false_discovery_rate(p: Numbers) -> Numbers:
    """Adjusted so that the share of false ones among those below a level is that level (Benjamini)."""
    return np.asarray(stats.false_discovery_control(p))


@corrections.register("fwer")
def familywise_error_rate(p: Numbers) -> Numbers:
    """Adjusted so that the chance of any false one below a level is that level (Holm)."""
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    result = np.empty_like(p)
    result[order] = np.minimum(adjusted, 1.0)
    return result


def corrected(p: Numbers) -> Numbers:
    """Tests (..., correction) under each of ``corrections``; NaN is none of those counted."""
    known = ~np.isnan(p)
    result = np.full((*p.shape, len(corrections)), np.nan)
    if known.any():
        result[known] = np.stack([correct(p[known]) for correct in corrections.values()], axis=-1)
    return result


def fisher_z(estimate: Numbers, error: Numbers) -> tuple[Numbers, Numbers]:
    """Estimates between -1 and 1 as z = artanh r, with the error that goes with it, error / (1 - r^2).

    Near 1 a similarity can fall further than it can rise. On this scale it is about as likely to be off
    either way (Fisher 1915), and no bound is beyond 1.
    """
    within = np.clip(estimate, -1 + 1e-12, 1 - 1e-12)
    return np.arctanh(within), error / (1 - within**2)


def interval(estimate: Numbers, error: Numbers, dof: Numbers | float, level: float = 0.95) -> Numbers:
    """Lower and upper bound (..., bound) by Student's t."""
    reach = stats.t.ppf((1 + level) / 2, dof) * error
    return np.stack([estimate - reach, estimate + reach], axis=-1)


def p_above(estimate: Numbers, error: Numbers, dof: Numbers | float) -> Numbers:
    """One-sided p value of an estimate above zero."""
    return np.asarray(stats.t.sf(_t(estimate, error), dof))


def p_either(estimate: Numbers, error: Numbers, dof: Numbers | float) -> Numbers:
    """Two-sided p value of an estimate that is not zero."""
    return np.asarray(2 * stats.t.sf(np.abs(_t(estimate, error)), dof))


def _t(estimate: Numbers, error: Numbers) -> Numbers:
    # Without any spread an estimate that is not zero is beyond doubt, and zero is no evidence.
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((error == 0) & (estimate == 0), 0.0, estimate / error)

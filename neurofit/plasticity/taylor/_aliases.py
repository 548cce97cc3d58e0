"""What the data cannot tell: terms that look alike or have no effect, and first weights that are off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from ._descend import Fit, Start, descend, reduce
from ._unroll import normal

if TYPE_CHECKING:
    from ._select import Chosen
    from ._terms import Counts, Numbers
    from ._unroll import Observed


def aliases(products: Numbers, chosen: Chosen, *, collinear: float) -> dict[int, list[int]]:
    """Terms whose effect on what was seen has at least this cosine with that of a chosen term.

    Effects are those on whitened observations, with the other chosen terms and first weights projected out.
    """
    found: dict[int, list[int]] = {}
    everyone = np.diag(products)
    for term in chosen:
        others = [other for other in chosen if other != term]
        inside = products[np.ix_(others, others)]
        left = products - products[:, others] @ np.linalg.pinv(inside) @ products[others]
        own = np.diag(left)
        there = (own > 1e-6 * everyone) & np.isfinite(own)
        cosine = np.abs(left[term]) / np.sqrt(np.where(there, own, np.inf) * left[term, term])
        alike = np.flatnonzero(there & (cosine >= collinear))
        found[term] = [int(other) for other in alike if other not in chosen]
    return found


def without_effect(products: Numbers) -> list[int]:
    """Terms on which nothing that was seen depends."""
    return [int(term) for term in np.flatnonzero(np.diag(products) == 0)]


def p_first_weights(seen: Observed, powers: Counts, fit: Fit, start: Start) -> float:
    """P value of first weights that are taken as known: the smaller of two, doubled.

    One asks what freeing them would add to the rule. The other asks whether free weights that never change
    leave less noise than the rule does: from wrong weights, a rule may do best to make all weights vanish,
    and then nothing depends on the first ones any more.
    """
    free = Start(start.weights, free=True)
    sums = normal(seen, powers, fit.theta, fit.first, of_rule=True, of_first=True)
    reduced = reduce(fit._replace(sums=sums), free)
    gain = np.einsum("kmn,kmno,kmo->", reduced.inner, reduced.inverse, reduced.inner)
    terms = len(fit.theta)
    gain += reduced.gradient @ np.linalg.pinv(reduced.products) @ reduced.gradient if terms else 0.0
    blocks = np.einsum("s,skmqr->kmqr", fit.precision, sums.products)[..., terms:, terms:]
    freed = int(np.linalg.matrix_rank(blocks, hermitian=True).sum())
    if not freed:
        return 1.0
    if seen.binary:
        return float(stats.chi2.sf(gain, freed))
    seen_activity, seen_weights = (int((~np.isnan(v)).sum()) for v in (seen.activity, seen.weights))
    count = seen_activity + seen_weights
    spare, rest = count - terms - freed, count - terms - gain
    if spare < 1 or rest <= 0:
        return 1.0
    added = stats.f.sf((gain / freed) / (rest / spare), freed, spare)
    if seen_weights:
        return float(added)
    still = descend(seen, powers[:0], np.zeros(0), free)
    unlearned = stats.f.sf(still.precision[0] / fit.precision[0], count - terms, count - freed)
    return float(min(2 * min(added, unlearned), 1))


def reliability_of_first(seen: Observed, powers: Counts, fit: Fit, start: Start) -> float:
    """Share of the variance of fitted first weights that is not their error, where units were recorded."""
    sums = normal(seen, powers, fit.theta, fit.first, of_rule=True, of_first=True)
    reduced = reduce(fit._replace(sums=sums), start)
    there = sums.products.any(axis=(0, 3, 4))
    error = np.einsum("kmnn->kmn", reduced.inverse)[there].mean()
    spread = float((fit.first[there] ** 2).mean())
    return 1 - float(error) / spread if spread else 0.0

"""Stepwise choice of terms: each move is found on the linearised trajectory and checked on the real one.

At a fit with coefficients theta, products A and gradient g of all candidates, c = g + A theta makes the
trajectory a linear regression whose misfit falls by c_B' A_BB^-1 c_B for terms B. That ranks every term that
could be added, dropped or exchanged; a move is kept if the misfit of the refitted trajectory falls by more
than the criterion asks.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from ._descend import Fit, Start, descend, reduce
from ._unroll import normal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._terms import Counts, Numbers
    from ._unroll import Observed

Chosen = tuple[int, ...]
TRIES = 4
SINGULAR = 1e-9


def select(seen: Observed, powers: Counts, start: Start, *, price: float) -> tuple[Chosen, Fit]:
    """Terms (indices into ``powers``) that are worth their ``price``, and their fit."""
    chosen: Chosen = ()
    fit = descend(seen, powers[:0], np.zeros(0), start)
    tried = {chosen}
    while True:
        for move in _moves(seen, powers, start, chosen, fit, price, tried):
            tried.add(move)
            theta = np.array([dict(zip(chosen, fit.theta, strict=True)).get(term, 0.0) for term in move])
            refit = descend(seen, powers[list(move)], theta, start, begin=fit)
            gain = _gain(fit, refit) - price * (len(move) - len(chosen))
            if gain > 0:
                chosen, fit = move, refit
                break
        else:
            return chosen, fit


def _gain(old: Fit, new: Fit) -> float:
    """Fall of the misfit, in units of the noise that the new fit leaves."""
    return old.loss(new.precision) - new.loss(new.precision)


def linearised(
    seen: Observed, powers: Counts, start: Start, chosen: Chosen, fit: Fit
) -> tuple[Numbers, Numbers]:
    """Products A and targets c of all candidates, at a fit of some of them, first weights projected out."""
    theta = np.zeros(len(powers))
    theta[list(chosen)] = fit.theta
    sums = normal(seen, powers, theta, fit.first, of_rule=True, of_first=start.free)
    reduced = reduce(fit._replace(theta=theta, sums=sums), start)
    return reduced.products, reduced.gradient + reduced.products @ theta


def _moves(
    seen: Observed, powers: Counts, start: Start, chosen: Chosen, fit: Fit, price: float, tried: set[Chosen]
) -> list[Chosen]:
    """Sets one move away that promise more than they cost, best first; the simpler of equals first."""
    products, target = linearised(seen, powers, start, chosen, fit)
    now = explained(products, target, chosen)
    promise = {
        move: explained(products, target, move) - now - price * (len(move) - len(chosen))
        for move in _neighbours(chosen, len(powers))
        if move not in tried
    }
    # Before a term is in, its own signal counts as noise: half the price is enough to have it tried.
    worth = {
        move: gain for move, gain in promise.items() if gain > -price / 2 * max(len(move) - len(chosen), 0)
    }
    ranked = sorted(worth, key=lambda move: (-float(f"{worth[move]:.4g}"), powers[list(move)].sum(), move))
    return ranked[:TRIES]


def _neighbours(chosen: Chosen, terms: int) -> Iterator[Chosen]:
    others = [term for term in range(terms) if term not in chosen]
    for term in others:
        yield tuple(sorted((*chosen, term)))
    # Growth and what bounds it are seldom worth their price alone.
    for pair in combinations(others, 2):
        yield tuple(sorted((*chosen, *pair)))
    for gone in chosen:
        rest = tuple(term for term in chosen if term != gone)
        yield rest
        for term in others:
            yield tuple(sorted((*rest, term)))


def explained(products: Numbers, target: Numbers, terms: Chosen) -> float:
    """Fall of the misfit by ``terms``; minus infinity where they cannot be told apart."""
    if not terms:
        return 0.0
    inside = products[np.ix_(terms, terms)]
    if not np.isfinite(inside).all() or not np.diag(inside).all():
        return -np.inf
    scale = np.sqrt(np.diag(inside))
    roots, axes = np.linalg.eigh(inside / np.outer(scale, scale))
    if roots[0] < SINGULAR:
        return -np.inf
    return float((((axes.T @ (target[list(terms)] / scale)) ** 2) / roots).sum())

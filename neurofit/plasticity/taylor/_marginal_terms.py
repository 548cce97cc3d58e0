"""Choice of terms while first weights are integrated out.

Beside the best first weights a rule looks weaker than it is, and other terms make up for it or none is found.
Here a term stays if its Wald statistic is worth the price, and those that are tried beside it are ranked by
the slopes of the marginal likelihood on the linearised trajectory.
"""

from __future__ import annotations

import warnings
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from ...parallel import bar
from ._descend import reduce
from ._marginal import Marginal, begin, marginalise, side_by_side
from ._select import explained
from ._unroll import normal

if TYPE_CHECKING:
    from ._marginal import State
    from ._select import Chosen
    from ._terms import Counts, Numbers
    from ._unroll import Observed

SEED = 0  # the same draws for everyone
MOST_SETS = 12


def choose(
    seen: Observed, powers: Counts, guess: Numbers | None, first: Chosen, *, price: float, progress: bool
) -> tuple[Chosen, Marginal]:
    """Terms (indices into ``powers``) worth their ``price``, from a ``first`` guess, and their fit."""
    rng = np.random.default_rng(SEED)
    state, chosen, tried = begin(seen, guess, rng), first, {first}
    before: Chosen = ()
    for _ in bar(range(MOST_SETS), progress=progress, description="sets of terms"):
        old = dict(zip(before, state.fit.theta, strict=True))
        theta = np.array([old.get(term, 0.0) for term in chosen])
        state = state._replace(fit=state.fit._replace(theta=theta))
        found = marginalise(seen, powers[list(chosen)], state, rng)
        state, before = found.state, chosen
        worth = found.state.fit.theta**2 / np.diag(found.covariance)
        if chosen and worth.min() < price:
            chosen = tuple(term for at, term in enumerate(chosen) if at != worth.argmin())
            tried.add(chosen)
            continue
        more = _more(seen, powers, state, chosen, price, tried)
        if more is None:
            return chosen, found
        tried.add(more)
        chosen = more
    warnings.warn(
        f"terms were not settled after {MOST_SETS} sets of them: the data hardly tell one from another, and "
        "those reported may be wrong. Give initial weights (initial='known'), or observe weights.",
        stacklevel=4,
    )
    return before, found


def _more(
    seen: Observed, powers: Counts, state: State, chosen: Chosen, price: float, tried: set[Chosen]
) -> Chosen | None:
    """One or two terms more that promise to be worth their price; the best of them that was not tried."""
    fit, start = state.fit, state.prior.start
    theta = np.zeros(len(powers))
    theta[list(chosen)] = fit.theta
    sums = normal(seen, powers, theta, fit.first, of_rule=True, of_first=True)
    products = reduce(fit._replace(theta=theta, sums=sums), start).products
    flat = state.weights.reshape(-1, *state.weights.shape[2:])
    drawn = normal(side_by_side(seen), powers, theta, flat, of_rule=True, of_first=False)
    slope = np.einsum("s,skmq->q", fit.precision, drawn.gradient) / len(state.weights)
    target = slope + products @ theta
    now = explained(products, target, chosen)
    others = [term for term in range(len(powers)) if term not in chosen]
    moves = [tuple(sorted((*chosen, *some))) for size in (1, 2) for some in combinations(others, size)]
    gains = {
        move: explained(products, target, move) - now - price * (len(move) - len(chosen))
        for move in moves
        if move not in tried
    }
    best = max(gains, key=lambda move: (float(f"{gains[move]:.4g}"), -powers[list(move)].sum()), default=None)
    return best if best is not None and gains[best] > 0 else None

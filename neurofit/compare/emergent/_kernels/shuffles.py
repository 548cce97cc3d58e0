"""What a statistic would be without tuning: rows of stimuli given to other rows of responses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator  # noqa: TC003 - shape checks resolve them

import numpy as np
from jaxtyping import Float64, Int64

Values = Float64[np.ndarray, "row unit"]
Order = Int64[np.ndarray, " row"]
Strata = Int64[np.ndarray, " row"]
OfUnits = Float64[np.ndarray, " unit"]


def permutations(strata: Strata, draws: int, rng: np.random.Generator) -> Iterator[Order]:
    """Random orders of the rows, each row staying within its stratum."""
    home = np.argsort(strata, kind="stable")
    for _ in range(draws):
        order = np.empty_like(strata)
        order[home] = np.lexsort((rng.random(len(strata)), strata))
        yield order


def shifts(strata: Strata, draws: int, rng: np.random.Generator) -> Iterator[Order]:
    """Rows turned round as on a ring, by a tenth of their number or more: neighbours stay neighbours."""
    rows = len(strata)
    least = max(1, rows // 10)
    for _ in range(draws):
        yield np.roll(np.arange(rows), rng.integers(least, rows - least + 1))


def null_of(
    statistic: Callable[[Values], OfUnits], values: Values, orders: Iterable[Order]
) -> tuple[OfUnits, OfUnits]:
    """Mean of the statistic over ``orders``, and the share of them, the given one among them, as large.

    NaN where the statistic is; 1 where a unit does not vary.
    """
    found = statistic(values)
    # Rounding must not tell two equal statistics apart.
    bar = found - 1e-9 * np.abs(found)
    as_large, total, draws = np.ones_like(found), np.zeros_like(found), 0
    for order in orders:
        drawn = statistic(values[order])
        as_large += drawn >= bar
        total += drawn
        draws += 1
    flat = np.ptp(values, axis=0) == 0
    p = np.where(flat, 1.0, as_large / (draws + 1))
    return total / draws, np.where(np.isfinite(found) | flat, p, np.nan)

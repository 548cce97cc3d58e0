"""Warnings of what the data cannot tell."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from ...errors import listing
from ._aliases import p_first_weights, reliability_of_first, without_effect
from ._terms import spelled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._descend import Fit, Start
    from ._marginal import Marginal
    from ._terms import Counts, Numbers, Term
    from ._unroll import Observed

RELIABLE = 0.95
SEEN = 0.5
SUSPECT = 0.001


def tell_terms(candidates: list[Term], products: Numbers, found: Mapping[Term, list[Term]]) -> None:
    """Warn of what no data like these can tell."""
    idle = without_effect(products)
    if idle:
        names = listing((spelled(candidates[term]) for term in idle), limit=10)
        warnings.warn(f"nothing that was observed depends on these terms: {names}.", stacklevel=3)
    for term, others in found.items():
        if others:
            warnings.warn(
                f"the data cannot tell '{spelled(term)}' from: "
                f"{listing(map(spelled, others), limit=10)}. "
                "The simplest of them is reported; see aliases_.",
                stacklevel=3,
            )
    if not found:
        warnings.warn("no term is worth its price: no change of weights was found.", stacklevel=3)


def tell_first_weights(seen: Observed, table: Counts, fit: Fit, start: Start) -> None:
    """Warn of first weights that would make wrong terms."""
    if not start.free and p_first_weights(seen, table, fit, start) < SUSPECT:
        warnings.warn(
            "the initial weights that are taken as known do not fit the data, or no rule of this order does: "
            "terms may be wrong. Compare with initial='fitted'.",
            stacklevel=3,
        )
    if start.free and reliability_of_first(seen, table, fit, start) < RELIABLE:
        warnings.warn(
            "the initial weights are fitted with large errors, which pulls coefficients towards 0 and hides "
            "terms. Observe weights, more steps, or give initial weights.",
            stacklevel=3,
        )


def tell_marginal(found: Marginal) -> None:
    """Warn of a posterior of first weights that is their prior, or that was not explored to the end."""
    weights = found.state.weights
    error = float(weights.var(axis=0, ddof=1).mean() / weights.var())
    if error > 1 - SEEN or not found.settled:
        reason = "the data tell little of them" if found.settled else "draws of them did not settle"
        warnings.warn(
            f"the initial weights are integrated out, but {reason}: coefficients rest on the assumption that "
            "they are normal, and terms may be wrong. Observe weights, more steps, or give initial weights.",
            stacklevel=3,
        )

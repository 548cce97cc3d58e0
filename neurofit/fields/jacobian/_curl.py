"""Whether there is any curl: sign multipliers of a sum over pairs of trials."""

from __future__ import annotations

import numpy as np

Numbers = np.ndarray


def curl_form(y: Numbers, p: Numbers) -> Numbers:
    r"""Inner products of the antisymmetric parts of y_k p_k', over pairs of trials (trial, trial).

    .. math:: \langle A_k, A_l \rangle = \tfrac12 \left[(y_k \cdot y_l)(p_k \cdot p_l)
        - (p_k \cdot y_l)(p_l \cdot y_k)\right] .
    """
    crossed = p @ y.T
    form = ((y @ y.T) * (p @ p.T) - crossed * crossed.T) / 2
    np.fill_diagonal(form, 0.0)
    return form


def p_value(observed: float, null: Numbers) -> float:
    """Share of draws that reach what was observed, which counts as one of them."""
    return float((1 + (null >= observed).sum()) / (1 + len(null)))


def flipped(form: Numbers, draws: int, rng: np.random.Generator) -> Numbers:
    """Sums of ``form`` under random signs of the trials (draw,).

    A degenerate U-statistic with its trials' signs flipped has the distribution that it has where its
    expectation is 0 (Dehling & Mikosch 1994, doi:10.1006/jmva.1994.1069).
    """
    signs = rng.choice([-1.0, 1.0], size=(draws, len(form)))
    return ((signs @ form) * signs).sum(axis=1)

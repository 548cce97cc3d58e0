"""Draws, pooled subjects and variances of scores, on plain arrays.

A column is what is estimated: the score of each model, then the lower and the upper noise ceiling. A contrast
is a weighted sum of columns, such as the difference of two models.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

Times = Float[np.ndarray, "draw entry"]
Gram = Float[np.ndarray, "#draw subject subject"]
Members = Float[np.ndarray, "#draw subject"]
PerSubject = Float[np.ndarray, "draw column subject"]
Columns = Float[np.ndarray, "draw column"]
Left = Float[np.ndarray, "left contrast subject"]
WithoutOne = Float[np.ndarray, "stimulus contrast subject"]
Variance = Float[np.ndarray, " contrast"]


def drawn(entries: int, draws: int, rng: np.random.Generator) -> Times:
    """How often each of ``entries`` is in each bootstrap draw."""
    return rng.multinomial(entries, np.full(entries, 1 / entries), size=draws).astype(np.float64)


def pooled_similarity(gram: Gram, pool: Float[np.ndarray, "#draw subject subject"]) -> np.ndarray:
    """Similarity of each subject s to a weighted sum of subjects t; row s of ``pool`` holds its weights.

    With x_t the RDMs at unit length in the inner product that the comparator is the cosine of, and
    g_st = x_s . x_t, the similarity of x_s to sum_t p_st x_t is sum_t p_st g_st / sqrt(p_s' g p_s). NaN where
    nobody is in the pool.
    """
    products = (gram * pool).sum(axis=2)
    lengths = ((pool @ gram) * pool).sum(axis=2)
    return products / np.sqrt(np.where(lengths > 1e-12, lengths, np.nan))


def ceilings(
    gram: Gram, members: Members, apart: Bool[np.ndarray, "#draw subject subject"]
) -> tuple[np.ndarray, np.ndarray]:
    """Similarity (draw, subject) of each subject to the others (lower) and to all subjects (upper).

    ``members`` says how often each subject is in a draw; subject t may predict s only where ``apart`` holds,
    so that no copy of a subject predicts it.
    """
    pool = np.broadcast_to(members[:, None, :], (len(members), *gram.shape[1:]))
    return pooled_similarity(gram, pool * apart), pooled_similarity(gram, pool)


def mean_over(values: Float[np.ndarray, "#draw column subject"], members: Members) -> Columns:
    """Mean over the subjects of each draw; what those left out have, or lack, does not count."""
    total = members.sum(axis=1, keepdims=True)
    share = members / np.where(total > 0, total, np.nan)
    return (np.where(share[:, None, :] > 0, values, 0.0) * share[:, None, :]).sum(axis=2)


def variance(draws: Float[np.ndarray, "draw contrast"]) -> Variance:
    """Variance over the draws that gave a value; NaN where fewer than half of them did."""
    finite = np.isfinite(draws)
    count = finite.sum(axis=0)
    known = np.where(finite, draws, 0.0)
    mean = known.sum(axis=0) / np.maximum(count, 1)
    squares = (np.where(finite, draws - mean, 0.0) ** 2).sum(axis=0)
    return np.where(count >= max(2, len(draws) / 2), squares / np.maximum(count - 1, 1), np.nan)


def jackknife(without_one: WithoutOne) -> Variance:
    """Sum over subjects of J = (n - 1) / n sum_i (t_i - mean t)^2, from the scores t_i without stimulus i."""
    stimuli = len(without_one)
    return ((without_one - without_one.mean(axis=0)) ** 2).sum(axis=(0, 2)) * (stimuli - 1) / stimuli


def degrees_of_freedom(values: Float[np.ndarray, "entry contrast"]) -> Variance:
    """Those of a variance that comes from n values: 2 n / (k - (n - 3) / (n - 1)), k their kurtosis.

    They are n - 1 for normal values, for which k = 3, and fewer where a few values dominate: Student's t with
    so many has the variance of s^2 right (O'Neill 2014). No more than n - 1, and no less than 1.
    """
    count = len(values)
    off = values - values.mean(axis=0)
    square = (off**2).mean(axis=0)
    kurtosis = (off**4).mean(axis=0) / np.where(square > 0, square**2, np.nan)
    degrees = 2 * count / np.maximum(kurtosis - (count - 3) / (count - 1), 1e-12)
    return np.clip(np.nan_to_num(degrees, nan=np.inf), 1, count - 1)


def pair_factor(without_one: WithoutOne, pair_influence: Left) -> Variance:
    """What is left of a variance over stimuli once the scatter of single pairs counts once.

    A pair of stimuli that was drawn w_i and w_j times weighs w_i w_j, whose variance is 3, not 1: scatter
    that belongs to a pair, as measurement noise does, counts up to three times in the bootstrap, and twice in
    the ``jackknife`` J. The sum over pairs P = sum_ij h_ij^2 of their influences h_ij has it once, which
    makes J - P the variance under which pairs that share a stimulus depend on each other, and no others do
    (Aronow et al. 2015). The factor is n / (n - 1) (J - P) / J, kept within 1/2, where the pairs are all
    there is, and 1.
    """
    stimuli = len(without_one)
    spread = jackknife(without_one)
    pairs = stimuli * (stimuli - 1) / 2
    once = (pair_influence**2).mean(axis=0).sum(axis=1) / pairs
    ratio = once / np.where(spread > 0, spread, np.nan)
    return np.nan_to_num(np.clip(stimuli / (stimuli - 1) * (1 - ratio), 0.5, 1.0), nan=1.0)


def pair_influence(
    full: Float[np.ndarray, "contrast subject"],
    without_one: tuple[Left, Left],
    without_two: Left,
    stimuli: int,
) -> Left:
    """How far each pair of stimuli moves a score: N t - N' (t_i + t_j) + N'' t_ij - t.

    t_i is the score without stimulus i, t_ij that without both; N, N' and N'' are the numbers of pairs of n,
    n - 1 and n - 2 stimuli. For a mean over pairs it is the entry of pair (i, j) less the mean, exactly
    (Efron & Stein 1981).
    """
    pairs, one, two = (count * (count - 1) / 2 for count in (stimuli, stimuli - 1, stimuli - 2))
    return (pairs - 1) * full - one * (without_one[0] + without_one[1]) + two * without_two


def two_factor_variance(
    stimuli: Variance,
    subjects: Variance,
    both: Variance,
    factors: tuple[Variance, Variance],
    size: tuple[int, int],
) -> Variance:
    """Variance over new stimuli and new subjects from three bootstraps (Schuett et al. 2023).

    Drawing both counts what belongs to one stimulus in one subject three times, drawing either counts it
    once. With n and m of them, V = a V_stimuli + b V_subjects - a b (V_both - V_stimuli - V_subjects), where
    a = n / (n - 1) and b = m / (m - 1): 2 (V_stimuli + V_subjects) - V_both where both are many. Here the
    first term and the last are multiplied by their ``pair_factor``. V is no less than the mean of the two
    single ones: each of them is at most V. (Their maximum, the bound of the paper, is too large where noise
    prevails, for it takes the larger of two uncertain numbers.)
    """
    a, b = (count / (count - 1) for count in size)
    of_stimuli, of_subjects = a * factors[0] * stimuli, b * subjects
    shared = a * b * factors[1] * np.maximum(both - stimuli - subjects, 0.0)
    return np.maximum(of_stimuli + of_subjects - shared, (of_stimuli + of_subjects) / 2)

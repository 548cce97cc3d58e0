"""Values, channels and information on plain arrays.

``flat`` holds the transitions as one matrix (state x action, next_state), rows in the order of states, dense
or CSR. ``keep`` is what the future is worth in each state: the discount, and 0 where an episode ends.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy import sparse
from scipy.sparse.linalg import spsolve
from scipy.special import logsumexp, psi, xlogy

Flat = Any
PerState = Float[np.ndarray, " state"]
PerAction = Float[np.ndarray, "state action"]


def lookahead(flat: Flat, rewards: PerAction, keep: PerState, value: PerState) -> PerAction:
    """Q(s, a) = r(s, a) + keep(s) sum_s' T(s' | s, a) V(s')."""
    return rewards + keep[:, None] * (flat @ value).reshape(rewards.shape)


def soft_maximum(action_value: PerAction, temperature: float) -> PerState:
    """The log of the sum of exp(Q / temperature) over actions, times temperature; at 0, the maximum."""
    if temperature == 0:
        return action_value.max(axis=1)
    return temperature * logsumexp(action_value / temperature, axis=1)


def soft_policy(action_value: PerAction, temperature: float) -> PerAction:
    """Probability of each action, proportional to exp(Q / temperature); at 0, ties are shared evenly."""
    if temperature == 0:
        best = action_value.max(axis=1, keepdims=True)
        chosen = np.isclose(action_value, best, rtol=1e-9, atol=1e-12)
        return chosen / chosen.sum(axis=1, keepdims=True)
    return np.exp((action_value - soft_maximum(action_value, temperature)[:, None]) / temperature)


def iterate_values(
    flat: Flat, rewards: PerAction, keep: PerState, temperature: float, tolerance: float, limit: int
) -> tuple[PerState, int]:
    """Fixed point of V = soft maximum of Q to within ``tolerance``, and the number of sweeps; -1 if missed.

    A sweep shrinks the distance to the fixed point by keep: what is left is at most the last change times
    keep / (1 - keep).
    """
    value, largest = np.zeros(len(rewards)), keep.max()
    enough = tolerance * (1 - largest) / largest if 0 < largest < 1 else tolerance
    for sweep in range(1, limit + 1):
        new = soft_maximum(lookahead(flat, rewards, keep, value), temperature)
        change, value = np.abs(new - value).max(), new
        if change <= enough:
            return value, sweep
    return value, -1


def policy_value(flat: Flat, rewards: PerAction, keep: PerState, policy: PerAction) -> PerState:
    """Solution of V = r_pi + keep T_pi V."""
    states, actions = policy.shape
    rows = np.repeat(np.arange(states), actions)
    mix = sparse.csr_array((policy.ravel(), (rows, np.arange(policy.size))), shape=(states, policy.size))
    moves, earned = mix @ flat, (policy * rewards).sum(axis=1)
    if sparse.issparse(moves):
        return spsolve(sparse.csc_array(sparse.eye_array(states) - sparse.diags_array(keep) @ moves), earned)
    return np.linalg.solve(np.eye(states) - keep[:, None] * moves, earned)


def outcomes(
    transitions: Float[np.ndarray, "state action state"], start: int, steps: int, limit: int
) -> Float[np.ndarray, "sequence state"]:
    """Distinct distributions of the state after each sequence of actions from ``start``.

    Sequences with the same distribution are one input of the channel. Stops, one row too long, once there
    are more than ``limit``.
    """
    reached = np.zeros((1, len(transitions)))
    reached[0, start] = 1
    for _ in range(steps):
        ahead = np.einsum("qs,sat->qat", reached, transitions).reshape(-1, len(transitions))
        # Sums in another order differ in the last digits.
        _, first = np.unique(ahead.round(12), axis=0, return_index=True)
        reached = ahead[first]
        if len(reached) > limit:
            break
    return reached


def capacity(channel: Float[np.ndarray, "input output"], tolerance: float, limit: int) -> tuple[float, float]:
    """Capacity in bits by Blahut and Arimoto, and how far at most it is above that.

    p(a) <- p(a) exp D(a) / sum, with D(a) the divergence of the outputs of a from those of all; the capacity
    lies between log sum_a p(a) exp D(a) and max_a D(a).
    """
    inputs = np.full(len(channel), 1 / len(channel))
    known = xlogy(channel, channel).sum(axis=1)
    lower = gap = np.inf
    for _ in range(limit):
        divergence = known - xlogy(channel, inputs @ channel).sum(axis=1)
        weights = inputs * np.exp(divergence)
        lower = np.log(weights.sum())
        gap = divergence.max() - lower
        if gap <= tolerance * np.log(2):
            break
        inputs = weights / weights.sum()
    return max(float(lower), 0.0) / np.log(2), max(float(gap), 0.0) / np.log(2)


def expected_surprise(
    counts: Float[np.ndarray, "*rows outcome"], possible: Bool[np.ndarray, "*rows outcome"]
) -> Float[np.ndarray, "*rows"]:
    """Bits that one more outcome is expected to tell of its probabilities, under Dirichlet counts.

    I = H(p) + sum_k p_k (psi(c_k + 1) - psi(c + 1)), with c = sum_k c_k and p = counts / c.
    """
    safe = np.where(possible, counts, 1.0)
    total = np.where(possible, counts, 0.0).sum(axis=-1, keepdims=True)
    share = np.where(possible, counts, 0.0) / total
    told = share * (psi(safe + 1) - psi(total + 1))
    return (told - xlogy(share, share)).sum(axis=-1) / np.log(2)


def pick(probability: Float[np.ndarray, "row choice"], uniform: Float[np.ndarray, " row"]) -> np.ndarray:
    """One choice for each row of probabilities, from a number drawn in [0, 1)."""
    cumulative = probability.cumsum(axis=1)
    return (cumulative < (uniform * cumulative[:, -1])[:, None]).sum(axis=1)

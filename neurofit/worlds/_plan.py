"""What states and actions are worth, and what to do: by value iteration and by solving for a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..errors import SchemaError
from ..names import ACTION, STATE
from ..provenance import label, stamp
from . import _kernels as kernels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ._mdp import MDP

BELLMAN = "Bellman 1957, Dynamic Programming, Princeton University Press"
ZIEBART = (
    "Ziebart, Bagnell & Dey 2010, Modeling interaction via the principle of maximum causal entropy, ICML"
)
SUTTON = "Sutton & Barto 2018, Reinforcement Learning: An Introduction, 2nd edition, MIT Press"


def value_iteration(mdp: MDP, *, tolerance: float = 1e-9, sweeps: int = 100_000) -> xr.Dataset:
    r"""The optimal values of a world, and a policy that reaches them.

    .. math:: V(s) = \max_a Q(s, a), \qquad Q(s, a) = r(s, a) + \gamma \sum_{s'} T(s' \mid s, a)\, V(s')

    Parameters
    ----------
    mdp
        A world with rewards.
    tolerance
        How far values may be from the optimal ones. Without a discount (1) it bounds the last change instead.
    sweeps
        After how many to give up.

    Returns
    -------
    Dataset
        ``value`` (state), ``action_value`` and ``policy`` (state, action): probabilities, which actions that
        are equally good share.

    Raises
    ------
    SchemaError
        If the world has no rewards, or values do not settle: without a discount and without an end they grow
        for ever.

    References
    ----------
    Bellman 1957, Dynamic Programming, Princeton University Press

    Examples
    --------
    >>> from neurofit import worlds
    >>> row = worlds.gridworld((1, 3), slip=0, rewards={(0, 2): 1}, ends=[(0, 2)], discount=0.5)
    >>> value_iteration(row).value.values.tolist()
    [0.25, 0.5, 1.0]
    """
    return _planned(mdp, 0.0, tolerance, sweeps, step="worlds.value_iteration", source=BELLMAN)


def soft_value_iteration(
    mdp: MDP, *, temperature: float = 1.0, tolerance: float = 1e-9, sweeps: int = 100_000
) -> xr.Dataset:
    r"""The values of a world to who is also paid for the entropy of what it does.

    .. math::

        V(s) = \tau \log \sum_a e^{Q(s, a) / \tau}, \qquad
        Q(s, a) = r(s, a) + \gamma \sum_{s'} T(s' \mid s, a)\, V(s'), \qquad
        \pi(a \mid s) = e^{(Q(s, a) - V(s)) / \tau}

    This is the maximum of :math:`E \sum_t \gamma^t (r_t + \tau H[\pi(\cdot \mid s_t)])`: the policy that
    inverse reinforcement learning by maximum causal entropy ascribes to an animal. As :math:`\tau` goes to 0
    it becomes ``value_iteration``.

    Parameters
    ----------
    mdp
        A world with rewards.
    temperature
        :math:`\tau`, in units of reward; above 0.
    tolerance
        How far values may be from the fixed point.
    sweeps
        After how many to give up.

    Returns
    -------
    Dataset
        ``value`` (state), ``action_value`` and ``policy`` (state, action).

    Raises
    ------
    SchemaError
        If the world has no rewards, values do not settle, or ``temperature`` is not above 0.

    References
    ----------
    Ziebart, Bagnell & Dey 2010, Modeling interaction via the principle of maximum causal entropy, ICML

    Examples
    --------
    >>> from neurofit import worlds
    >>> choice = worlds.MDP.from_arrays(np.ones((1, 2, 1)), rewards=[[0, np.log(3)]], discount=0)
    >>> soft_value_iteration(choice).policy.values.round(6).tolist()
    [[0.25, 0.75]]
    """
    if not temperature > 0:
        raise SchemaError(f"temperature must be above 0, not {temperature}; at 0 it is value_iteration")
    return _planned(mdp, temperature, tolerance, sweeps, step="worlds.soft_value_iteration", source=ZIEBART)


def evaluate_policy(mdp: MDP, policy: ArrayLike) -> xr.Dataset:
    r"""The values of a world under a policy, exactly.

    .. math:: V = (I - \gamma T_\pi)^{-1} r_\pi

    Parameters
    ----------
    mdp
        A world with rewards.
    policy
        Probabilities (state, action), such as ``value_iteration(mdp).policy``.

    Returns
    -------
    Dataset
        ``value`` (state), ``action_value`` and ``policy`` (state, action).

    Raises
    ------
    SchemaError
        If the world has no rewards, the policy does not fit it, or the policy never ends and there is no
        discount.

    References
    ----------
    Sutton & Barto 2018, Reinforcement Learning: An Introduction, 2nd edition, MIT Press

    Examples
    --------
    >>> from neurofit import worlds
    >>> loop = worlds.MDP.from_arrays([[[1.0]]], rewards=[1.0], discount=0.75)
    >>> evaluate_policy(loop, [[1.0]]).value.values.tolist()
    [4.0]
    """
    probabilities, rewards = policy_of(mdp, policy), _rewards(mdp)
    try:
        value = kernels.policy_value(mdp.flat, rewards, mdp.keep, probabilities)
    except np.linalg.LinAlgError:
        raise SchemaError(
            "this policy has no finite value: it never ends, and there is no discount. "
            "Give the world a discount below 1, or states in which episodes end"
        ) from None
    return _labelled(mdp, value, probabilities, step="worlds.evaluate_policy", source=SUTTON)


def policy_of(mdp: MDP, policy: ArrayLike) -> np.ndarray:
    """``policy`` as an array (state, action); raise unless it is one of this world."""
    ordered: Any = policy.transpose(STATE, ACTION) if isinstance(policy, xr.DataArray) else policy
    probabilities = np.asarray(ordered, dtype=float)
    wanted = (mdp.n_states, mdp.n_actions)
    if probabilities.shape != wanted:
        raise SchemaError(f"a policy of this world is {wanted} (state, action), not {probabilities.shape}")
    if not np.allclose(probabilities.sum(axis=1), 1) or (probabilities < 0).any():
        raise SchemaError("a policy holds probabilities: none below 0, and 1 in all for each state")
    return probabilities


def _planned(
    mdp: MDP, temperature: float, tolerance: float, sweeps: int, *, step: str, source: str
) -> xr.Dataset:
    rewards = _rewards(mdp)
    value, taken = kernels.iterate_values(mdp.flat, rewards, mdp.keep, temperature, tolerance, sweeps)
    if taken < 0:
        raise SchemaError(
            f"values still change after {sweeps} sweeps at discount {mdp.discount}. "
            "Give the world a discount below 1 or an end that every policy reaches, or allow more sweeps"
        )
    action_value = kernels.lookahead(mdp.flat, rewards, mdp.keep, value)
    policy = kernels.soft_policy(action_value, temperature)
    return _labelled(mdp, value, policy, step=step, source=source, temperature=temperature, sweeps=taken)


def _labelled(
    mdp: MDP, value: np.ndarray, policy: np.ndarray, *, step: str, source: str, **parameters: Any
) -> xr.Dataset:
    action_value = kernels.lookahead(mdp.flat, _rewards(mdp), mdp.keep, value)
    told = {
        "value": ((STATE,), value, "reward", "discounted reward from a state on"),
        "action_value": ((STATE, ACTION), action_value, "reward", "discounted reward from an action on"),
        "policy": ((STATE, ACTION), policy, "1", "probability of an action"),
    }
    arrays = {
        name: label(xr.DataArray(values, dims=dims), units=units, long_name=long_name)
        for name, (dims, values, units, long_name) in told.items()
    }
    result = xr.Dataset(arrays, coords=mdp.labels)
    return stamp(result, step, references=[source], discount=mdp.discount, **parameters)


def _rewards(mdp: MDP) -> np.ndarray:
    if mdp.rewards is None:
        raise SchemaError("this world has no rewards: give some with mdp.with_rewards(rewards)")
    return mdp.rewards

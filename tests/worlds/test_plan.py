from dataclasses import replace

import numpy as np
import pytest

import neurofit
from neurofit import io, worlds
from neurofit.errors import SchemaError


def random_world(seed, *, states=8, actions=3, discount=0.9):
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.full(states, 0.3), (states, actions))
    return worlds.MDP.from_arrays(table, rewards=rng.normal(size=(states, actions)), discount=discount)


def chain(stay, *, discount=0.8):
    """Two states: the first pays 1, and is left with probability 1 - stay for one that pays nothing."""
    table = [[[stay, 1 - stay]], [[0.0, 1.0]]]
    return worlds.MDP.from_arrays(table, rewards=[1.0, 0.0], discount=discount)


@pytest.mark.parametrize("stay", [0.0, 0.3, 1.0])
def test_a_chain_of_two_states_has_its_closed_form(stay):
    expected = [1 / (1 - 0.8 * stay), 0]
    np.testing.assert_allclose(worlds.value_iteration(chain(stay)).value, expected, atol=1e-9)
    np.testing.assert_allclose(worlds.evaluate_policy(chain(stay), np.ones((2, 1))).value, expected)


@pytest.mark.parametrize("discount", [0.5, 0.95, 1.0])
def test_without_slip_value_is_discount_to_the_distance(discount):
    goal = (3, 1)
    world = worlds.gridworld(5, slip=0, rewards={goal: 1.0}, ends=[goal], discount=discount)
    distance = np.abs(world.coords["y"] - goal[0]) + np.abs(world.coords["x"] - goal[1])
    np.testing.assert_allclose(worlds.value_iteration(world).value, discount**distance, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_no_deterministic_policy_is_better_than_the_optimal_one(seed):
    world = random_world(seed, states=3, actions=2)
    best = worlds.value_iteration(world)
    values = [
        worlds.evaluate_policy(world, np.eye(2)[list(choice)]).value.values for choice in np.ndindex(*[2] * 3)
    ]
    np.testing.assert_allclose(best.value, np.max(values, axis=0), atol=1e-8)
    np.testing.assert_allclose(worlds.evaluate_policy(world, best.policy).value, best.value, atol=1e-8)


def test_equally_good_actions_share_the_policy():
    world = worlds.gridworld(3, slip=0, rewards={(2, 2): 1.0}, ends=[(2, 2)])
    np.testing.assert_allclose(worlds.value_iteration(world).policy[0], [0, 0.5, 0.5, 0])


@pytest.mark.parametrize("temperature", [0.1, 1.0, 5.0])
def test_the_soft_value_is_what_its_policy_earns_in_reward_and_entropy(temperature):
    world = random_world(3)
    soft = worlds.soft_value_iteration(world, temperature=temperature)
    policy = soft.policy.values
    np.testing.assert_allclose(policy.sum(axis=1), 1)
    paid = world.with_rewards(world.rewards - temperature * np.log(policy))
    np.testing.assert_allclose(worlds.evaluate_policy(paid, policy).value, soft.value, atol=1e-7)


def test_no_other_policy_earns_more_reward_and_entropy():
    world, rng = random_world(4), np.random.default_rng(0)
    soft = worlds.soft_value_iteration(world)
    for _ in range(20):
        other = soft.policy.values * np.exp(0.3 * rng.normal(size=(8, 3)))
        other /= other.sum(axis=1, keepdims=True)
        paid = world.with_rewards(world.rewards - np.log(other))
        assert (worlds.evaluate_policy(paid, other).value < soft.value + 1e-9).all()


def test_soft_planning_becomes_planning_in_the_cold():
    world = random_world(5)
    cold = worlds.soft_value_iteration(world, temperature=1e-4)
    np.testing.assert_allclose(cold.value, worlds.value_iteration(world).value, atol=2e-2)
    np.testing.assert_allclose(cold.policy, worlds.value_iteration(world).policy, atol=1e-6)


def test_values_are_within_the_tolerance_of_an_exact_solution():
    world = random_world(6, discount=0.99)
    for tolerance in (1e-1, 1e-4):
        rough = worlds.value_iteration(world, tolerance=tolerance)
        exact = worlds.evaluate_policy(world, worlds.value_iteration(world).policy)
        assert np.abs(rough.value - exact.value).max() <= tolerance


def test_worlds_without_a_finite_value_are_refused():
    endless = chain(1.0, discount=1.0)
    with pytest.raises(SchemaError, match="still change after 50 sweeps"):
        worlds.value_iteration(endless, sweeps=50)
    with pytest.raises(SchemaError, match="never ends, and there is no discount"):
        worlds.evaluate_policy(endless, np.ones((2, 1)))
    with pytest.raises(SchemaError, match="no rewards"):
        worlds.value_iteration(replace(endless, rewards=None))
    with pytest.raises(SchemaError, match=r"policy of this world is \(2, 1\)"):
        worlds.evaluate_policy(chain(0.5), np.ones((2, 2)))
    with pytest.raises(SchemaError, match="1 in all for each state"):
        worlds.evaluate_policy(chain(0.5), np.full((2, 1), 0.5))
    with pytest.raises(SchemaError, match="temperature must be above 0"):
        worlds.soft_value_iteration(chain(0.5), temperature=0)


def test_plans_are_results(tmp_path):
    world = worlds.gridworld(3, rewards={(0, 0): 1.0})
    results = [worlds.value_iteration(world), worlds.soft_value_iteration(world)]
    results += [worlds.empowerment(world), worlds.information_gain(np.ones((2, 2, 2)))]
    results += [worlds.rollout(world, results[0].policy, n=3, length=4, rng=0)]
    for at, result in enumerate(results):
        neurofit.schema.check(result, "results")
        assert io.load(io.save(result, tmp_path / f"{at}.nc")).identical(result)

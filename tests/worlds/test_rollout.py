import numpy as np
import pytest

from neurofit import schema, worlds
from neurofit.errors import SchemaError


def test_states_follow_the_transitions_and_actions_the_policy():
    rng = np.random.default_rng(0)
    world = worlds.MDP.from_arrays(rng.dirichlet(np.ones(3), (3, 2)), initial=[0.7, 0.2, 0.1])
    policy = rng.dirichlet(np.ones(2), 3)
    seen = worlds.rollout(world, policy, n=1000, length=50, rng=1)
    state, action = seen.state.values, seen.action.values
    # Frequencies over more than 5,000 decisions of a state: SD below 0.5 / sqrt(5,000).
    for s in range(3):
        assert np.abs((action[state == s] == 0).mean() - policy[s, 0]) < 5 * 0.0071
    counts = worlds.count_transitions(state, action)
    assert np.abs(counts / counts.sum(axis=2, keepdims=True) - world.dense).max() < 5 * 0.01
    assert np.abs((state[:, 0] == 0).mean() - 0.7) < 5 * 0.0145


def test_trajectories_end_where_the_world_does():
    world = worlds.gridworld(4, slip=0, rewards={(3, 3): 1.0}, ends=[(3, 3)])
    seen = worlds.rollout(world, worlds.value_iteration(world).policy, n=30, length=20, rng=0)
    distance = 6 - world.coords["x"] - world.coords["y"]
    np.testing.assert_array_equal(seen.length, distance[seen.state[:, 0]] + 1)
    beyond = np.arange(20) >= seen.length.values[:, None]
    for array in (seen.state, seen.action):
        np.testing.assert_array_equal(array.values < 0, beyond)
    assert "length" not in worlds.rollout(worlds.gridworld(2), np.full((4, 4), 0.25), rng=0).coords


def test_the_same_seed_gives_the_same_behaviour_from_a_dense_and_a_sparse_world():
    large = worlds.gridworld(23)
    policy = np.full((529, 4), 0.25)
    once, again = (worlds.rollout(large, policy, n=5, length=9, rng=3) for _ in range(2))
    dense = worlds.rollout(worlds.MDP.from_arrays(large.dense), policy, n=5, length=9, rng=3)
    assert once.identical(again)
    np.testing.assert_array_equal(once.state, dense.state)


def test_trajectories_of_an_animal_pass_the_same_check():
    seen = worlds.rollout(worlds.gridworld(2), np.full((4, 4), 0.25), n=2, length=3, rng=0)
    schema.check(seen, "trajectories")
    with pytest.raises(SchemaError, match=r"missing dim 'trajectory'(.|\n)*rename\(bout='trajectory'\)"):
        schema.check(seen.rename(trajectory="bout"), "trajectories")

import numpy as np
import pytest
import xarray as xr
from scipy import sparse

from neurofit import worlds
from neurofit.errors import SchemaError


def random_world(rng, states=6, actions=3, **options):
    return worlds.MDP.from_arrays(rng.dirichlet(np.ones(states), (states, actions)), **options)


def test_sparse_dense_and_labelled_transitions_are_one_world():
    rng = np.random.default_rng(0)
    rewards = rng.normal(size=(6, 3))
    dense = random_world(rng, rewards=rewards)
    labelled = xr.DataArray(dense.transitions, dims=("state", "action", "next_state"))
    thin = worlds.MDP.from_arrays(sparse.coo_array(dense.transitions), rewards=rewards)
    turned = worlds.MDP.from_arrays(labelled.transpose("next_state", "state", "action"), rewards=rewards)
    assert sparse.issparse(thin.transitions)
    for other in (thin, turned):
        np.testing.assert_allclose(other.dense, dense.dense)
        np.testing.assert_allclose(
            worlds.value_iteration(other).value, worlds.value_iteration(dense).value, atol=1e-8
        )
    policy = np.full((6, 3), 1 / 3)
    np.testing.assert_allclose(
        worlds.evaluate_policy(thin, policy).value, worlds.evaluate_policy(dense, policy).value
    )


def test_every_problem_of_a_world_is_told_at_once():
    table = np.full((2, 1, 2), 0.5)
    table[1, 0] = [0.9, -0.2]
    with pytest.raises(SchemaError) as caught:
        worlds.MDP(table, np.array([0.5, 0.2]), np.array([[np.nan], [0]]), 1.5, actions=("a", "b"))
    message = str(caught.value)
    for part in (
        "initial must sum to 1, not to 0.7",
        "transitions hold negative values",
        "transitions must sum to 1, not to 0.7 of (1, 0)",
        "rewards hold NaN",
        "discount must be in [0, 1], not 1.5",
        "2 names for 1 actions",
    ):
        assert part in message
    with pytest.raises(SchemaError, match=r"must be \(state, action, next_state\), not \(2, 2\)"):
        worlds.MDP.from_arrays(np.eye(2))
    with pytest.raises(SchemaError, match="transitions hold NaN"):
        worlds.MDP.from_arrays(np.full((2, 1, 2), np.nan))
    with pytest.raises(SchemaError, match=r"rewards must have shape \(2, 1\), not \(3, 1\)"):
        worlds.MDP.from_arrays(np.full((2, 1, 2), 0.5), rewards=[1, 2, 3])


def test_rewards_of_arrivals_are_kept_as_expectations():
    world = random_world(np.random.default_rng(1))
    arriving = np.arange(6.0)
    by_arrival = world.with_rewards(np.broadcast_to(arriving, (6, 3, 6)))
    np.testing.assert_allclose(by_arrival.rewards, world.dense @ arriving)


def test_a_world_is_recovered_from_behaviour_in_it():
    rng = np.random.default_rng(2)
    world = random_world(rng)
    seen = worlds.rollout(world, np.full((6, 3), 1 / 3), n=500, length=100, rng=rng)
    found = worlds.MDP.from_transitions(seen.state, seen.action)
    # Each row is a frequency over about 50,000 / 18 decisions: SD below 0.5 / sqrt(2,750) < 0.01.
    assert np.abs(found.dense - world.dense).max() < 5 * 0.01
    # And of 500 beginnings: SD below 0.5 / sqrt(500).
    assert np.abs(found.initial - world.initial).max() < 5 * 0.022


def test_what_was_never_tried_leads_anywhere_possible():
    possible = np.zeros((3, 2, 3), bool)
    possible[:, :, :2] = True
    world = worlds.MDP.from_transitions([0, 1, 0], [0, 0, 0], n_states=3, n_actions=2, possible=possible)
    np.testing.assert_allclose(world.dense[0, 0], [0.25, 0.75, 0])
    np.testing.assert_allclose(world.dense[0, 1], [0.5, 0.5, 0])
    with pytest.raises(SchemaError, match=r"no transition is known of \(state, action\) \(0, 1\)"):
        worlds.MDP.from_transitions([0, 1, 0], [0, 0, 0], n_actions=2, pseudocount=0)


def test_nothing_is_counted_across_the_end_of_a_trajectory():
    state, action = np.array([[0, 1, 2], [2, 0, 9]]), np.zeros((2, 3), int)
    counts = worlds.count_transitions(state, action, length=[3, 2], n_states=3)
    assert {tuple(where) for where in np.argwhere(counts)} == {(0, 0, 1), (1, 0, 2), (2, 0, 0)}
    padded = np.array([[0, 1, 2], [2, 0, -1]])
    np.testing.assert_array_equal(worlds.count_transitions(padded, action), counts)


def test_what_cannot_be_counted_is_told():
    with pytest.raises(SchemaError, match=r"states are \(1, 2\) and actions \(1, 3\).*must be whole numbers"):
        worlds.count_transitions([0.5, 1.0], [0, 1, 0])
    with pytest.raises(SchemaError, match="the data hold state 3"):
        worlds.count_transitions([0, 3], [0, 0], n_states=2)
    with pytest.raises(SchemaError, match="there is no decision"):
        worlds.count_transitions([-1, -1], [-1, -1])

import numpy as np
import pytest
from scipy import sparse

from neurofit import worlds
from neurofit.errors import SchemaError


def test_the_labyrinth_has_the_numbers_of_the_paper():
    """Rosenberg et al. 2021: six levels, 63 T-junctions, 64 ends, 127 nodes, and home."""
    world = worlds.labyrinth()
    ways = (world.dense.sum(axis=1) > 0).sum(axis=1)
    home = world.n_states - 1
    assert home == 127
    assert (ways[:home] == 3).sum() == 63
    assert (ways[:home] == 1).sum() == 64
    assert ways[home] == 1
    assert world.initial[home] == 1
    np.testing.assert_array_equal(world.dense.max(axis=2), 1)


def test_the_labyrinth_is_a_tree_that_fits_in_a_square_without_crossing():
    world = worlds.labyrinth()
    there = (world.dense.sum(axis=1) > 0).astype(int)
    np.testing.assert_array_equal(there, there.T)  # every way leads back
    assert there.sum() == 2 * (world.n_states - 1)  # as many ways as a tree has
    x, y = world.coords["x"], world.coords["y"]
    assert len(set(zip(x, y, strict=True))) == world.n_states
    a, b = np.nonzero(np.triu(there))
    straight = (x[a] == x[b]) | (y[a] == y[b])
    assert straight.all()
    walked = [
        (px, py)
        for i, j in zip(a, b, strict=True)
        for px in range(min(x[i], x[j]), max(x[i], x[j]) + 1)
        for py in range(min(y[i], y[j]), max(y[i], y[j]) + 1)
    ]
    # Ways share no point but the nodes at which they meet.
    assert len(walked) - len(set(walked)) == (there.sum(axis=1) - 1).sum()


def test_left_in_the_labyrinth_is_left():
    world = worlds.labyrinth()
    where = np.stack([world.coords["x"], world.coords["y"]], axis=1)
    for node in range(63):
        out, left, right = world.dense[node].argmax(axis=1)
        heading = where[node] - where[out]
        turn = [np.sign(np.linalg.det([heading, where[way] - where[node]])) for way in (left, right)]
        assert turn == [1, -1]


def test_slip_draws_from_all_actions():
    world = worlds.gridworld(3, slip=0.4)
    middle = 4
    np.testing.assert_allclose(world.dense[middle, 0, [1, 3, 5, 7]], [0.7, 0.1, 0.1, 0.1])
    np.testing.assert_allclose(worlds.gridworld(3, slip=1).dense.std(axis=1), 0, atol=1e-12)


def test_walls_and_borders_stop():
    world = worlds.gridworld((2, 3), slip=0, walls=[(0, 1)])
    assert world.n_states == 5
    assert list(zip(world.coords["y"], world.coords["x"], strict=True))[1] == (0, 2)
    up, right, down, left = world.dense[0].argmax(axis=1)
    assert (up, right, down, left) == (0, 0, 2, 0)


def test_large_grids_are_sparse_and_the_same():
    large = worlds.gridworld(30, rewards={(29, 29): 1.0}, ends=[(29, 29)])
    assert sparse.issparse(large.transitions)
    dense = worlds.MDP.from_arrays(large.dense, rewards=large.rewards, terminal=large.terminal)
    np.testing.assert_allclose(worlds.value_iteration(large).value, worlds.value_iteration(dense).value)


def test_wrong_cells_and_nodes_are_named():
    with pytest.raises(
        SchemaError, match=r"slip must be .* not 2; no cell \[\(5, 5\)\].*reward at \[\(0, 1\)\]"
    ):
        worlds.gridworld(3, slip=2, walls=[(5, 5), (0, 1)], rewards={(0, 1): 1})
    with pytest.raises(SchemaError, match="no cell is free"):
        worlds.gridworld(1, walls=[(0, 0)])
    with pytest.raises(SchemaError, match=r"no nodes \[200\]: they go from 0 to 126, and home is 127"):
        worlds.labyrinth(rewards={200: 1})

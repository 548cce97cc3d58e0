import numpy as np
import pytest
from scipy.special import gammaln, psi, xlogy

from neurofit import worlds
from neurofit.errors import SchemaError
from neurofit.worlds import _kernels as kernels


def reachable(world, state, steps):
    found = {state}
    for _ in range(steps):
        found = {int(s) for here in found for s in world.dense[here].argmax(axis=1)}
    return found


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "world", [worlds.gridworld(5, slip=0, walls=[(1, 1), (2, 3)]), worlds.labyrinth(levels=3)]
)
def test_in_a_deterministic_world_it_is_the_log_of_the_reachable_states(world, steps):
    bits = worlds.empowerment(world, steps=steps)
    expected = [np.log2(len(reachable(world, state, steps))) for state in range(world.n_states)]
    np.testing.assert_allclose(bits, expected, atol=1e-6)
    assert bits.attrs["gap"] <= 1e-6


def test_in_the_open_it_is_the_log_of_a_diamond():
    """Klyubin et al. 2005: with four moves and staying, 2 n^2 + 2 n + 1 cells are in reach."""
    world = worlds.gridworld(9, slip=0, stay=True)
    for steps in (1, 2, 3, 4):
        bits = worlds.empowerment(world, steps=steps)[40]
        assert float(bits) == pytest.approx(np.log2(2 * steps**2 + 2 * steps + 1), abs=1e-6)


@pytest.mark.parametrize("error", [0.0, 0.1, 0.3, 0.5])
def test_a_binary_symmetric_channel_has_its_capacity(error):
    table = np.array([[1 - error, error], [error, 1 - error]])
    world = worlds.MDP.from_arrays(np.stack([table, table]))
    entropy = -(xlogy(error, error) + xlogy(1 - error, 1 - error)) / np.log(2)
    np.testing.assert_allclose(worlds.empowerment(world), 1 - entropy, atol=1e-6)


@pytest.mark.parametrize("crossing", [0.1, 0.5, 0.9])
def test_a_z_channel_has_its_capacity(crossing):
    """log2(1 + (1 - p) p^(p / (1 - p))): the best inputs are not evenly drawn."""
    bits, gap = kernels.capacity(np.array([[1.0, 0.0], [crossing, 1 - crossing]]), 1e-9, 100_000)
    expected = np.log2(1 + (1 - crossing) * crossing ** (crossing / (1 - crossing)))
    assert bits == pytest.approx(expected, abs=1e-8)
    assert gap <= 1e-9


def test_it_is_zero_where_actions_do_nothing_and_falls_with_slip():
    assert float(worlds.empowerment(worlds.gridworld(3, slip=1)).max()) == pytest.approx(0, abs=1e-9)
    slips = (0.0, 0.2, 0.5, 0.9)
    centre = [float(worlds.empowerment(worlds.gridworld(3, slip=slip))[4]) for slip in slips]
    assert (np.diff(centre) < 0).all()


def test_too_many_sequences_are_refused():
    table = np.random.default_rng(0).dirichlet(np.ones(3), (3, 30))
    with pytest.raises(SchemaError, match="more than 20000 outcomes: ask for fewer steps"):
        worlds.empowerment(worlds.MDP.from_arrays(table), steps=3)
    with pytest.raises(SchemaError, match="steps must be 1 or more"):
        worlds.empowerment(worlds.gridworld(2), steps=0)


def divergence(a, b):
    """Kullback-Leibler divergence of Dir(a) from Dir(b), nats."""
    return (
        gammaln(a.sum()) - gammaln(a).sum() - gammaln(b.sum()) + gammaln(b).sum()
        + ((a - b) * (psi(a) - psi(a.sum()))).sum()
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_gain_is_the_expected_divergence_of_beliefs_after_from_before(seed):
    counts = np.random.default_rng(seed).integers(0, 6, size=(4, 2, 4))
    gain = worlds.information_gain(counts, pseudocount=0.7)
    for (s, a), bits in np.ndenumerate(gain.values):
        belief = counts[s, a] + 0.7
        expected = sum(belief[k] / belief.sum() * divergence(belief + np.eye(4)[k], belief) for k in range(4))
        assert bits == pytest.approx(expected / np.log(2))


def test_gain_falls_as_one_over_what_was_seen():
    outcomes, seen = 5, 1e5
    gain = float(worlds.information_gain(np.full((1, 1, outcomes), seen / outcomes))[0, 0])
    assert gain * np.log(2) == pytest.approx((outcomes - 1) / (2 * seen), rel=1e-3)


def test_what_can_lead_to_one_state_only_teaches_nothing():
    possible = np.zeros((1, 2, 3), bool)
    possible[0, 0, 1] = possible[0, 1] = True
    gain = worlds.information_gain(np.zeros((1, 2, 3)), possible=possible)
    assert float(gain[0, 0]) == pytest.approx(0, abs=1e-12)
    assert float(gain[0, 1]) == float(worlds.information_gain(np.zeros((1, 1, 3)))[0, 0])


def test_who_plans_for_surprise_goes_to_what_is_unknown():
    """Sun et al. 2011: of a corridor only the last cell was never left."""
    row = worlds.gridworld((1, 6), slip=0)
    counts = 50 * row.dense
    counts[5] = 0
    plan = worlds.value_iteration(row.with_rewards(worlds.information_gain(counts)))
    names = [row.actions[action] for action in plan.policy[:5].values.argmax(axis=1)]
    assert names == ["right"] * 5


def test_wrong_counts_are_told_at_once():
    with pytest.raises(SchemaError, match=r"are \(state.*must have the shape.*not negative.*above 0, not 0"):
        worlds.information_gain([[-1.0]], possible=np.ones(3), pseudocount=0)

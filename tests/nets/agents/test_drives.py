import numpy as np
import pytest

from neurofit import nets, worlds
from neurofit.errors import TrainingError
from neurofit.nets.agents._environment import Move

TABLE = {"name": "mlp", "hidden": []}


def felt(drive, environment, moves, **options):
    made = nets.drives[drive](environment, **options)
    state, found = made.begin(), []
    for move in moves:
        reward, state = made.reward(move, state)
        found.append(reward)
    return np.array(found)


def move(states, actions, following, *, rewards=0.0, done=False):
    arrays = [np.atleast_1d(values) for values in (states, actions, rewards, following, done)]
    return Move(*np.broadcast_arrays(*arrays))


def test_empowerment_is_that_of_the_state_reached_and_nothing_after_an_end():
    grid = nets.environments["gridworld"](size=3, stay=True)
    reached = felt("empowerment", grid, [move(0, 1, [4, 0]), move(8, 0, 8, done=True)][:1])
    np.testing.assert_allclose(reached, [[np.log2(5), np.log2(3)]], atol=1e-6)
    assert felt("empowerment", grid, [move(8, 0, 4, done=True)]) == 0


def test_information_gain_falls_as_the_same_is_seen_again():
    grid = nets.environments["gridworld"](size=2)
    gains = felt("information_gain", grid, [move(0, 1, 1)] * 6 + [move(0, 2, 2)])[:, 0]
    assert (np.diff(gains[:6]) < 0).all()
    assert gains[6] == gains[0]
    counts = np.array([[[0, 3, 0, 0]]])
    assert gains[3] == pytest.approx(float(worlds.information_gain(counts)[0, 0]))


def test_effort_is_paid_for_moving_and_for_activity():
    grid = nets.environments["gridworld"](size=3, stay=True)
    actions = [move(0, range(5), 0, rewards=1.0)]
    np.testing.assert_allclose(felt("effort", grid, actions, cost=0.3), [[0.7, 0.7, 0.7, 0.7, 1.0]])
    cursor = nets.environments["bci"](units=2)
    one = Move(np.zeros((1, 5)), np.array([[1.0, 3.0]]), np.zeros(1), np.zeros((1, 5)), np.zeros(1, bool))
    np.testing.assert_allclose(felt("effort", cursor, [one], cost=0.1), [[-0.5]])


@pytest.mark.parametrize("aversion", [-1.0, 0.5, 2.0])
def test_a_normal_gamble_is_worth_its_mean_less_half_its_variance(aversion):
    """Its certainty equivalent under exponential utility, exactly (Pratt 1964)."""
    grid, sd = nets.environments["gridworld"](size=2), 0.5
    gamble = np.random.default_rng(0).normal(1.0, sd, 400_000)
    utility = felt("risk", grid, [move(0, 0, 0, rewards=gamble)], aversion=aversion).mean()
    sure = -np.log1p(-aversion * utility) / aversion
    assert sure == pytest.approx(1.0 - aversion * sd**2 / 2, abs=0.01)
    np.testing.assert_array_equal(felt("risk", grid, [move(0, 0, 0, rewards=gamble)], aversion=0.0), [gamble])


def test_a_weighted_sum_is_one():
    grid = nets.environments["gridworld"](size=3, stay=True)
    moves = [move(0, 1, 1, rewards=2.0)] * 3
    both = felt("weighted", grid, moves, weights={"reward": 0.5, "information_gain": 3.0})
    parts = [felt(name, grid, moves) for name in ("reward", "information_gain")]
    np.testing.assert_allclose(both, 0.5 * parts[0] + 3 * parts[1])


def test_drives_that_need_states_say_so():
    for drive in ("empowerment", "information_gain"):
        with pytest.raises(TrainingError, match="are not numbered; choose 'gridworld', 'labyrinth'"):
            nets.train_agent("bci", drive=drive, progress=False)


def gamble(chance=0.7):
    """A sure half, or one with this chance and else nothing: the outcome's decision pays, and is the last."""
    table = np.zeros((4, 2, 4))
    table[0, 0, 1] = 1
    table[0, 1, [2, 3]] = chance, 1 - chance
    for state in (1, 2, 3):
        table[state, :, state] = 1
    return {
        "name": "world", "transitions": table.tolist(), "rewards": [0.0, 0.5, 1.0, 0.0],
        "initial": [1.0, 0, 0, 0], "terminal": [False, True, True, True],
    }  # fmt: skip


@pytest.mark.parametrize(("drive", "action"), [("reward", 1), ({"name": "risk", "aversion": 5.0}, 0)])
def test_who_shuns_risk_takes_the_sure_thing(drive, action):
    agent = nets.train_agent(
        gamble(), architecture=TABLE, drive=drive, learning_rate=0.05, steps=300, rng=0, progress=False
    )
    seen = nets.behaviour(agent, n=100, length=2, rng=0)
    assert (seen.action[:, 0] == action).mean() > 0.9


def test_who_seeks_empowerment_leaves_the_dead_end():
    """A corridor that opens into a column of three cells: nothing is paid, and it goes there."""
    walls = [[row, column] for row in (0, 2) for column in (0, 1)]
    choice = {"name": "gridworld", "size": 3, "walls": walls, "stay": True, "goal": [0, 2], "start": [1, 0]}
    agent = nets.train_agent(
        choice, architecture=TABLE, drive="empowerment", learning_rate=0.05, steps=400, rng=0, progress=False
    )
    world = nets.environments["gridworld"](size=3, walls=walls, stay=True, goal=[0, 2], start=[1, 0]).world
    bits = worlds.empowerment(world).values
    there = bits.argmax()
    assert bits[0] < bits[there]
    # The best plan for that reward, against what was learned.
    worth = np.where(world.terminal[:, None, None], 0.0, np.broadcast_to(bits, world.dense.shape))
    best = worlds.value_iteration(world.with_rewards(worth))
    seen = nets.behaviour(agent, n=50, length=30, rng=0)
    planned = worlds.rollout(world, best.policy, n=50, length=30, rng=0)
    share = [(found.state[:, 5:] == there).mean() for found in (seen, planned)]
    assert share[1] > 0.3
    assert share[0] > 0.8 * share[1]


def test_nothing_surprises_who_knows_the_world():
    """The gain fades as one over what was seen, and with it what there is to be wrong about."""
    agent = nets.train_agent(
        {"name": "gridworld", "size": 3}, architecture=TABLE, drive="information_gain", learning_rate=0.05,
        steps=300, rng=0, progress=False,
    )  # fmt: skip
    error = agent.history.value_error.values
    assert error[-1] < 0.2 * error[1]

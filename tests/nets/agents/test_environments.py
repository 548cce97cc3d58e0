import numpy as np
import pytest

from neurofit import nets, schema, worlds
from neurofit.errors import SchemaError
from neurofit.nets.agents import Episodes


@pytest.mark.parametrize("name", ["gridworld", "labyrinth", "bci"])
def test_observations_are_those_of_the_brain_set(name):
    environment = nets.environments[name]()
    stimuli = environment.stimuli()
    assert stimuli.dims == ("stimulus", "feature")
    assert stimuli.shape[1:] == environment.input_shape
    assert len(set(stimuli.stimulus_id.values)) == len(stimuli)
    seen = Episodes(environment, 5).reset(np.random.default_rng(0))
    assert seen.dtype == np.float32
    shown = {row.tobytes() for row in stimuli.values + np.float32(0)}
    assert all(row.tobytes() in shown for row in seen + np.float32(0))


def test_episodes_begin_afresh_where_they_end():
    environment = nets.environments["gridworld"](size=3, start=(2, 1))
    episodes = Episodes(environment, 2)
    assert (episodes.reset(np.random.default_rng(0)).argmax(1) == 7).all()
    seen, reward, done = episodes.step(np.array([1, 3]))
    assert (seen.argmax(1).tolist(), reward.tolist(), done.tolist()) == ([8, 6], [0, 0], [False, False])
    seen, reward, done = episodes.step(np.array([0, 0]))
    assert (seen.argmax(1).tolist(), reward.tolist(), done.tolist()) == ([7, 3], [1, 0], [True, False])
    assert episodes.last.states.tolist() == [8, 6]


def test_acting_at_random_earns_what_the_policy_is_worth():
    environment = nets.environments["gridworld"](size=3, slip=0.2)
    episodes, rng = Episodes(environment, 4000), np.random.default_rng(0)
    episodes.reset(rng)
    going, total = np.ones(4000, bool), np.zeros(4000)
    for step in range(100):
        _, reward, done = episodes.step(rng.integers(4, size=4000))
        total += going * reward * 0.95**step
        going &= ~done
    policy = np.full((9, 4), 0.25)
    value = worlds.evaluate_policy(environment.world, policy).value.values @ environment.world.initial
    assert total.mean() == pytest.approx(value, abs=5 * total.std() / np.sqrt(4000))


def test_the_cursor_goes_where_the_decoder_says():
    """Activity along the preferred directions moves it straight ahead, at 1/10 of the way in one decision."""
    units, turn = 12, 30.0
    angle = 2 * np.pi * np.arange(units) / units
    for rotation in (0.0, turn):
        environment = nets.environments["bci"](units=units, rotation=rotation, targets=1)
        episodes = Episodes(environment, 1)
        before = episodes.reset(np.random.default_rng(0))
        after, reward, _ = episodes.step(np.cos(angle)[None])
        moved = (before - after)[0]
        expected = 0.1 * np.array([np.cos(np.deg2rad(rotation)), np.sin(np.deg2rad(rotation))])
        np.testing.assert_allclose(moved, expected, atol=1e-6)
        gained = np.linalg.norm(before) - np.linalg.norm(after)
        np.testing.assert_allclose(reward, gained, atol=1e-6)


def test_a_trial_ends_at_the_target_or_with_time():
    episodes = Episodes(nets.environments["bci"](units=4, targets=1, limit=12), 2)
    episodes.reset(np.random.default_rng(0))
    ahead, still = np.array([1.0, 0.0, -1.0, 0.0]), np.zeros(4)
    ended, total = np.zeros(2, int), np.zeros(2)
    for step in range(1, 13):
        _, reward, done = episodes.step(np.stack([ahead, still]))
        total += reward * (ended == 0)
        ended = np.where((ended == 0) & done, step, ended)
    assert ended.tolist() == [9, 12]  # it is reached within 1/5 of the way
    np.testing.assert_allclose(total, [1 + 0.9, 0], atol=1e-6)


def test_no_start_in_a_wall():
    with pytest.raises(SchemaError, match=r"no free cell to start from at \(1, 1\)"):
        nets.environments["gridworld"](size=3, walls=[[1, 1]], start=[1, 1])


def test_an_animal_s_world_is_an_environment_too():
    world = worlds.gridworld(3, rewards={(0, 0): 1.0})
    seen = worlds.rollout(world, np.full((9, 4), 0.25), n=20, length=30, rng=0)
    found = worlds.MDP.from_transitions(seen.state, seen.action)
    choice = {"name": "world", "transitions": found.dense, "rewards": world.rewards}
    agent = nets.train_agent(choice, steps=3, rng=0, progress=False)
    schema.check(nets.behaviour(agent, n=3, length=4, rng=0), "trajectories")

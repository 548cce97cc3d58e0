import numpy as np
import pytest
import torch

from neurofit import nets, worlds
from neurofit.errors import TrainingError

TABLE = {"name": "mlp", "hidden": []}
CHOICE, LEVER, CHAIN = 0, 1, 2


def outcomes(*, lever=1.0, chain=0.5, initial=(1.0, 0.0, 0.0)):
    """A choice between two outcomes, which are then consumed: Daw, Niv & Dayan 2005, made simple."""
    table = np.zeros((3, 2, 3))
    table[CHOICE, 0, LEVER] = table[CHOICE, 1, CHAIN] = 1
    table[LEVER, :, LEVER] = table[CHAIN, :, CHAIN] = 1
    return {
        "name": "world", "transitions": table.tolist(), "rewards": [0.0, lever, chain],
        "initial": list(initial), "terminal": [False, True, True], "discount": 0.9,
    }  # fmt: skip


AGENTS = {
    "planner": {
        "architecture": {"name": "planner", "discount": 0.9},
        "rule": {"name": "world_model", "epsilon": 0.3},
    },
    "habit": {
        "architecture": TABLE,
        "rule": {"name": "q_learning", "epsilon": 0.3},
        "optimizer": "sgd",
        "learning_rate": 0.5,
    },
}


def train(task, agent, **options):
    return nets.train_agent(task, **{"rng": 0, "progress": False, **AGENTS[agent], **options})


def preferred(network):
    return int(values(network)[CHOICE].argmax())


def values(network):
    """Of each action in each state."""
    states = nets.environments["world"](**{k: v for k, v in outcomes().items() if k != "name"}).stimuli()
    return nets.activations(network, states, layers=["readout"]).values


@pytest.mark.parametrize(("agent", "afterwards"), [("planner", 1), ("habit", 0)])
def test_only_a_planner_changes_its_choice_once_an_outcome_is_worth_less(agent, afterwards):
    learned = train(outcomes(), agent, steps=100)
    assert preferred(learned) == 0
    # It tastes the outcome of the first action, devalued, and never chooses meanwhile.
    tasted = train(outcomes(lever=0.0, initial=(0.0, 1.0, 0.0)), agent, steps=20, start=learned)
    assert values(tasted)[LEVER].max() == pytest.approx(0, abs=0.05)  # both know that it is worth nothing now
    assert preferred(tasted) == afterwards
    # Choosing again teaches the other one, too.
    again = train(outcomes(lever=0.0), agent, steps=100, start=tasted)
    assert preferred(again) == 1


@pytest.mark.parametrize("slip", [0.0, 0.3])
def test_a_planner_comes_to_the_model_and_the_values_of_its_world(slip):
    choice = {"name": "gridworld", "size": 3, "slip": slip}
    rule = {"name": "world_model", "epsilon": 1.0}
    agent = nets.train_agent(
        choice, architecture="planner", rule=rule, steps=150, episodes=256, rng=0, progress=False
    )
    world = nets.environments["gridworld"](size=3, slip=slip).world
    counts = agent.params["plan"]["transition_weight"].numpy()
    found = (counts / counts.sum(0))[:-1].transpose(1, 2, 0)
    going = ~world.terminal
    # About 256 x 150 / 36 experiences of each action: SD below 0.5 / sqrt(1,000), and 0 where all is certain.
    np.testing.assert_allclose(found[going], world.dense[going], atol=5 * 0.016 if slip else 1e-4)
    np.testing.assert_allclose(counts[-1][world.terminal] / counts.sum(0)[world.terminal], 1, atol=1e-4)
    shown = nets.activations(agent, nets.environments["gridworld"](size=3).stimuli())
    exact = worlds.value_iteration(world).action_value
    np.testing.assert_allclose(shown, exact, atol=0.1 if slip else 1e-3)


def test_a_planner_needs_few_experiences_of_a_reward():
    """One visit is enough to find the way back to it from everywhere."""
    world = nets.environments["gridworld"](size=4)
    agent = nets.train_agent(
        {"name": "gridworld", "size": 4},
        architecture="planner",
        rule={"name": "world_model", "epsilon": 1.0},
        steps=100,
        episodes=64,
        rng=0,
        progress=False,
    )
    silent = {**agent.params["plan"], "reward_weight": torch.zeros(4, 16)}
    silent["reward_weight"][:, 5] = 1.0
    moved = nets.Network(agent.stages, ({**agent.params, "plan": silent},), agent.recipe, agent.history)
    shown = nets.activations(moved, world.stimuli()).values
    best = worlds.value_iteration(world.world.with_rewards(np.eye(16)[5])).action_value.values
    np.testing.assert_allclose(shown, best, atol=0.95**50 / 0.05)
    going = np.arange(16) != 5
    assert (best[going, shown[going].argmax(1)] > best[going].max(1) - 1e-6).all()


def test_one_error_for_each_episode_is_that_of_the_planned_values():
    agent = train(outcomes(), "planner", steps=60)
    seen = nets.behaviour(agent, n=30, length=5, rng=0)
    assert np.nanmax(np.abs(seen.prediction_error.where(seen.state != CHOICE))) < 1e-4
    taken = seen.action.values[:, 0]
    assert set(taken) == {0, 1}
    np.testing.assert_allclose(seen.prediction_error[:, 0], 0, atol=1e-4)


def test_a_model_is_learned_by_a_planner_only():
    with pytest.raises(TrainingError, match="there is none: choose architecture='planner'"):
        nets.train_agent("gridworld", rule="world_model", progress=False)

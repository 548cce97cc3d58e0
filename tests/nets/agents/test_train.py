import numpy as np
import pytest
import torch

import neurofit
from neurofit import io, nets
from neurofit.errors import TrainingError

SMALL = {"name": "gridworld", "size": 3}


@pytest.fixture(scope="module")
def agent():
    return nets.train_agent(SMALL, steps=40, rng=0, progress=False)


def test_agents_give_data_of_the_shape_of_a_brain(agent):
    shown = nets.activations(agent, nets.environments["gridworld"](size=3).stimuli())
    assert dict(shown.sizes) == {"stimulus": 9, "unit": 128}
    neurofit.schema.check(shown, "responses")
    assert set(shown.coords) >= {"x", "y", "stimulus_id", "area"}
    assert dict(agent.trajectory.activations.sizes) == {"step": 21, "stimulus": 9, "unit": 128}


def test_an_agent_is_saved_and_read(agent, tmp_path):
    again = nets.load(nets.save(agent, tmp_path / "agent.nc"))
    torch.testing.assert_close(dict(again.params), dict(agent.params), rtol=0, atol=0)
    assert again.recipe == agent.recipe
    assert set(again.history) == {"reward", "return", "value_error"}
    assert nets.behaviour(again, rng=0).equals(nets.behaviour(agent, rng=0))
    assert "value_error" in repr(again)


def test_the_same_seed_gives_the_same_agent_and_another_one_another(agent):
    for seed, same in ((0, True), (1, False)):
        other = nets.train_agent(SMALL, steps=40, rng=seed, progress=False)
        assert torch.equal(other.params["readout"]["weight"], agent.params["readout"]["weight"]) is same


def test_the_untrained_agent_is_the_one_that_training_started_from(agent):
    none = nets.train_agent(SMALL, steps=0, rng=0, progress=False)
    torch.testing.assert_close(dict(nets.untrained(agent).params), dict(none.params), rtol=0, atol=0)


def test_history_and_behaviour_are_results(agent, tmp_path):
    for at, result in enumerate((agent.history, nets.behaviour(agent, n=2, length=3, rng=0))):
        neurofit.schema.check(result, "results")
        assert io.load(io.save(result, tmp_path / f"{at}.nc")).identical(result)
    cursor = nets.train_agent("bci", steps=2, rng=0, progress=False)
    assert set(nets.behaviour(cursor, n=2, length=3, rng=0)) == {"reward", "prediction_error"}


def test_history_tells_what_happened():
    """One decision earns 1 and is the last: reward and return are 1 throughout."""
    task = {"name": "world", "transitions": [[[1.0]]], "rewards": [1.0], "terminal": [True]}
    table = {"name": "mlp", "hidden": []}
    agent = nets.train_agent(task, architecture=table, rule="td_lambda", optimizer="sgd", learning_rate=0.05,
                             steps=200, rng=0, progress=False)  # fmt: skip
    for name in ("reward", "return"):
        np.testing.assert_array_equal(agent.history[name][1:], 1)
    error = agent.history.value_error.values[1:]
    # The bias and the weight move alike: the error shrinks by 1 - 2 x 0.05 at each of 10 decisions.
    np.testing.assert_allclose(error[1:6] / error[:5], 0.9**10, rtol=1e-3)


@pytest.mark.slow
def test_a_cursor_is_brought_to_its_targets_and_the_turned_decoder_is_learned():
    skilled = nets.train_agent("bci", steps=700, rng=0, progress=False)

    def success(network, **options):
        seen = nets.behaviour(network, environment={"name": "bci", **options}, n=64, length=50, rng=0)
        return float((seen["reward"].max("decision") > 0.9).mean()), float(seen.length.mean())

    assert success(nets.untrained(skilled))[0] < 0.5
    reached, fast = success(skilled)
    assert reached > 0.95
    turned = {"name": "bci", "rotation": 60.0}
    slowed = success(skilled, rotation=60.0)[1]
    assert slowed > 1.3 * fast
    adapted = nets.train_agent(turned, start=skilled, steps=700, rng=1, progress=False)
    assert success(adapted, rotation=60.0)[1] < (slowed + fast) / 2


def test_diverging_stops_with_the_step():
    with pytest.raises(TrainingError, match=r"diverged at step \d+"):
        nets.train_agent("gridworld", rule="q_learning", optimizer="sgd", learning_rate=1e6, steps=300, rng=0,
                         progress=False)  # fmt: skip


def test_wrong_numbers_are_told():
    with pytest.raises(TrainingError, match="steps must be 0 or more"):
        nets.train_agent(SMALL, steps=-1, progress=False)

"""That agents leave nothing on the processor but the world that they act in: as for training, on "meta"."""

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode

from neurofit import nets
from neurofit.nets._stages import draw
from neurofit.nets.agents import Episodes
from neurofit.nets.agents._train import Lesson, _decide

pytestmark = pytest.mark.usefixtures("made_up")

CASES = [
    (rule, place)
    for rule in sorted(nets.agent_rules)
    for place in ("gridworld", "bci")
    if place == "gridworld" or rule not in ("q_learning", "world_model")
]


def architecture(rule):
    return "planner" if rule == "world_model" else "mlp"


def lived(rule, place="gridworld", **options):
    usual = {"steps": 3, "episodes": 4, "optimizer": "sgd", "rng": 0, "progress": False}
    return nets.train_agent(place, architecture=architecture(rule), rule=rule, **{**usual, **options})


def everywhere(weights_by_layer):
    return {w.device.type for weights in weights_by_layer.values() for w in weights.values()}


class Devices(TorchFunctionMode):
    """Where the tensors are that are made."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        if isinstance(made, torch.Tensor):
            self.seen.add(made.device.type)
        return made


@pytest.mark.parametrize(("rule", "place"), CASES)
def test_experience_and_what_is_learned_of_it_are_where_the_weights_are(rule, place):
    lesson = Lesson.of(place, "reward", rule, architecture(rule), None, None)
    params, running = draw(lesson.stages, torch.Generator(), "meta"), Episodes(lesson.environment, 4)
    seen = torch.from_numpy(running.reset(np.random.default_rng(0))).to("meta")
    experience, _ = _decide(lesson, params, running, seen, None, torch.Generator())
    assert {part.device.type for part in experience} == {"meta"}
    before = lesson.rule.begin(lesson.stages, params, 4)
    with Devices() as devices:
        learned = lesson.rule.learn(lesson.stages, params, experience, before, 0.9)
    assert devices.seen == {"meta"}
    assert learned.error.device.type == "meta"
    for weights in (learned.estimate, *([before, learned.state] if before else [])):
        assert everywhere(weights) == {"meta"}


@pytest.mark.parametrize(("rule", "place"), CASES)
def test_an_agent_learns_and_acts_where_its_weights_are(rule, place):
    agent = lived(rule, place, device="meta")
    assert everywhere(agent.params) == {"meta"}
    seen = nets.behaviour(agent, n=3, length=2, rng=0)
    assert all(isinstance(entries.values, np.ndarray) for entries in seen.values())


def test_an_agent_goes_on_where_it_is_told_from_wherever_it_started():
    assert everywhere(lived("actor_critic", start=lived("actor_critic"), device="meta").params) == {"meta"}

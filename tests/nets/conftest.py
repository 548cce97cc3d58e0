"""Networks that several tests look at, each trained once."""

from dataclasses import replace

import pytest
import torch

from neurofit import nets
from neurofit.nets._descent import Lesson, descend
from neurofit.nets._stages import draw, readout
from neurofit.nets._threads import one_thread
from neurofit.nets.cost import Objective
from neurofit.nets.material import Task, draw_batch


@pytest.fixture(autouse=True)
def on_one_thread():
    with one_thread():
        yield


VALUES = {"item": 0.5, "__bool__": True, "__float__": 0.5, "__int__": 1}


@pytest.fixture
def made_up(monkeypatch):
    """Make up the values that are asked for of torch's "meta" device, which holds shapes and no values."""
    to_cpu = torch.Tensor.cpu
    monkeypatch.setattr(
        torch.Tensor,
        "cpu",
        lambda self: torch.ones(self.shape, dtype=self.dtype) if self.is_meta else to_cpu(self),
    )
    for name, value in VALUES.items():
        kept = getattr(torch.Tensor, name)
        monkeypatch.setattr(
            torch.Tensor, name, lambda self, kept=kept, value=value: value if self.is_meta else kept(self)
        )


@pytest.fixture(scope="session")
def digits_net():
    return nets.train("digits", rng=0, progress=False)


@pytest.fixture(scope="session")
def gratings_nets():
    """Two convolutional networks, from two seeds."""
    return [nets.train("orientation", architecture="conv", rng=seed, progress=False) for seed in (0, 1)]


@pytest.fixture
def make_problem():
    """Make stages, params and a batch, in double precision so that equality is to the last digits."""

    def make(architecture, *, task="digits", objective="cross_entropy", rng, size=16, **options):
        task, objective = nets.tasks[task](), nets.objectives[objective]()
        stages = nets.architectures[architecture](task.input_shape, objective.outputs(task), **options)
        params = draw(stages, torch.Generator().manual_seed(0), "cpu")
        # Biases start at zero, where a rule that forgets them would pass.
        params = {
            layer: {name: (tensor + 0.1).double() for name, tensor in weights.items()}
            for layer, weights in params.items()
        }
        batch = draw_batch(task.sample, size, rng, "cpu")
        paired = None if batch.paired is None else batch.paired.double()
        batch = objective.arranged(batch._replace(inputs=batch.inputs.double(), paired=paired))
        return stages, params, batch, objective

    return make


@pytest.fixture
def learn_from():
    """Train on examples of which the answer is known, and give the weights; the readout has nothing to do."""

    def learn(sample, stages, rule, *, pairs=False, **lesson):
        task = Task("known", (), 0, sample, sample, stimuli=list, paired=pairs)
        silence = Objective("silence", lambda task: 1, lambda outputs, _: readout(outputs).square(), "1")
        usual = {"steps": 300, "batch_size": 100, "learning_rate": 0.5, "optimizer": "sgd"}
        lesson = Lesson(task, replace(silence, pairs=pairs), rule, **{**usual, **lesson})
        return descend(stages, lesson, seed=0, device="cpu", progress=False).params

    return learn

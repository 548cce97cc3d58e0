"""Networks that several tests look at, each trained once."""

import pytest
import torch

from neurofit import nets
from neurofit.nets._stages import draw
from neurofit.nets._threads import one_thread
from neurofit.nets.material import draw_batch


@pytest.fixture(autouse=True)
def on_one_thread():
    with one_thread():
        yield


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

import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets import Batch
from neurofit.nets._cell import Cell, recurrent
from neurofit.nets._descent import Lesson, descend

NOTHING = Batch(torch.zeros(0), torch.zeros(0))
DISTANCE, DURATION, MOMENTS = 0.3, 0.5, 2001
TIME = np.linspace(0, 1, MOMENTS)
DT = DURATION / (MOMENTS - 1)
MINIMUM_JERK = DISTANCE * (10 * TIME**3 - 15 * TIME**4 + 6 * TIME**5)


def smoothness(path):
    outputs = {"readout": torch.as_tensor(path).reshape(1, len(path), -1)}
    return nets.objectives["smoothness"](dt=DT).loss(outputs, NOTHING).item()


def test_the_smoothest_reach_costs_what_flash_and_hogan_say():
    assert smoothness(MINIMUM_JERK) == pytest.approx(360 * DISTANCE**2 / DURATION**5, rel=0.01)


@pytest.mark.parametrize("amplitude", [0.01, -0.01])
def test_any_other_reach_from_rest_to_rest_costs_more(amplitude):
    """The bump and its first two derivatives vanish at both ends, so that it is another such reach."""
    bump = (TIME * (1 - TIME)) ** 3 * 64
    assert smoothness(MINIMUM_JERK + amplitude * bump) > 1.001 * smoothness(MINIMUM_JERK)


def test_steady_acceleration_is_perfectly_smooth():
    assert smoothness(9.81 * (TIME * DURATION) ** 2 / 2) < 1e-6 * smoothness(MINIMUM_JERK)


def test_dimensions_add_up():
    both = np.stack([MINIMUM_JERK, 2 * MINIMUM_JERK], axis=-1)
    assert smoothness(both) == pytest.approx(5 * smoothness(MINIMUM_JERK))


def test_a_recurrent_network_learns_to_move_smoothly():
    def init(generator):
        return {"weight": torch.randn(8, 8, generator=generator) / 8**0.5}

    cell = Cell(
        rest=lambda batch, like: like.new_zeros(batch, 8),
        step=lambda weights, now, heard, _: torch.tanh(now + heard @ weights["weight"].T),
        read=lambda state: state,
    )
    lesson = Lesson(
        nets.tasks["delayed_match"](),
        nets.objectives["smoothness"](),
        nets.rules["backprop"](),
        steps=50,
        batch_size=16,
        learning_rate=0.02,
        optimizer="adam",
    )
    stages = (recurrent("readout", init, cell),)
    before, *_, after = descend(stages, lesson, seed=0, device="cpu", progress=False).progress
    assert after.loss < 0.6 * before.loss


def test_images_do_not_move():
    with pytest.raises(TrainingError, match=r"the readout gives \(512, 10\): choose a recurrent"):
        nets.train("digits", objective="smoothness", steps=1, rng=0, progress=False)

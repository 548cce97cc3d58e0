import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from torch.nn.functional import one_hot

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._descent import Lesson, descend
from neurofit.nets._stages import draw
from neurofit.nets.material import Task

SYMBOLS = 6


def make(**options):
    gates = len(options.get("gates", (-1,)))
    layer, _ = stages = nets.architectures["attractor_buffer"]((1, SYMBOLS + gates), 2, units=128, **options)
    weights = draw(stages, torch.Generator().manual_seed(0), "cpu")["buffer"]
    return layer, weights


def show(symbols, gate):
    """Inputs for a sequence of symbols, with one gate signal for each moment (and buffer)."""
    gate = torch.as_tensor(gate, dtype=torch.float32).reshape(len(symbols), -1)
    return torch.cat([one_hot(torch.as_tensor(symbols), SYMBOLS).float(), gate], dim=1)[None]


def held(layer, weights, inputs, buffer=0):
    """The pattern that a buffer's units are closest to, and whether they have its signs, moment by moment."""
    course = layer.lin(weights, inputs)[0].reshape(inputs.shape[1], -1, 128)[:, buffer]
    overlap = course.sign() @ weights["weight"] / 128
    return overlap.argmax(1), overlap.max(1).values


def test_holds_its_content_through_a_delay_and_overwrites_it_when_the_gate_opens():
    layer, weights = make()
    generator = torch.Generator().manual_seed(1)
    shown = torch.randint(SYMBOLS, (300,), generator=generator)
    opened = torch.zeros(300)
    opened[[0, 100, 200]] = 1
    content, overlap = held(layer, weights, show(shown, opened))
    for start in (0, 100, 200):
        assert (content[start : start + 100] == shown[start]).all()
    assert (overlap == 1).all(), "every unit keeps its sign"


def test_what_comes_to_a_closed_gate_and_what_was_before_an_open_one_are_without_effect():
    layer, weights = make()
    opened = [0, 1, 0, 0, 0]
    one = layer.lin(weights, show([0, 1, 2, 3, 4], opened))
    other = layer.lin(weights, show([5, 1, 4, 0, 0], opened))
    torch.testing.assert_close(one[:, 1:], other[:, 1:], rtol=0, atol=0)
    another = layer.lin(weights, show([0, 2, 2, 3, 4], opened))
    assert (one[:, 1:] - another[:, 1:]).abs().max() > 1


def test_one_pattern_is_held_at_the_amplitude_of_the_fixed_point():
    layer, weights = make()
    pattern = weights["weight"][:, :1]
    alone = {
        "weight": weights["weight"],
        "recurrent_weight": pattern @ pattern.T / 128 - torch.eye(128) / 128,
    }
    course = layer.lin(alone, show([0] * 40, [1] + [0] * 39))[0, -1]
    amplitude = brentq(lambda m: torch.tanh(torch.tensor(2 * m * 127 / 128)).item() - m, 0.1, 1)
    torch.testing.assert_close(course, amplitude * pattern[:, 0], rtol=0, atol=1e-5)


def test_with_too_flat_a_slope_nothing_is_held():
    layer, weights = make(slope=0.5)
    assert layer.lin(weights, show([0] * 200, [1] + [0] * 199))[0, -1].abs().max() < 1e-2


def test_content_is_copied_from_buffer_to_buffer_and_then_held_by_each():
    layer, weights = make(gates=(-2, -1))
    gates = torch.zeros(60, 2)
    gates[[0, 20], 0] = 1
    gates[10, 1] = 1
    inputs = show([3] * 20 + [5] * 40, gates)
    first, _ = held(layer, weights, inputs)
    second, overlap = held(layer, weights, inputs, buffer=1)
    assert (first[:20] == 3).all()
    assert (first[20:] == 5).all()
    assert (second[10:] == 3).all()
    assert (overlap[10:] == 1).all()
    assert (layer.lin(weights, inputs)[0, :10, 128:] == 0).all(), "nothing is in it before its gate opens"


def test_gates_have_to_be_features():
    with pytest.raises(TrainingError, match="must be different features among 7"):
        nets.architectures["attractor_buffer"]((5, 7), 2, gates=(0, 7))


def recall(n, rng, *, items=4, moments=8, held_open=False):
    """A stream of items, one of which comes with an open gate: it is to be named at the end."""
    shown, rows = rng.integers(items, size=(n, moments)), np.arange(n)
    gate, when = np.full((n, moments), float(held_open)), rng.integers(moments // 2, size=n)
    gate[rows, when] = 1
    inputs = np.eye(items)[shown] + 0.2 * rng.standard_normal((n, moments, items))
    return np.concatenate([inputs, gate[..., None]], axis=2).astype(np.float32), shown[rows, when]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_gate_that_closes_lets_a_readout_name_what_came_before_distractors(seed):
    """Right in .98 to 1.00 of sequences against .25, chance, where the gate is held open throughout."""

    def right(**options):
        def sample(n, rng):
            return recall(n, rng, **options)

        task = Task("recall", (8, 5), 4, sample, sample, stimuli=list, dims=("time", "feature"))
        stages = nets.architectures["attractor_buffer"]((8, 5), 4)
        lesson = Lesson(
            task, nets.objectives["cross_entropy"](), nets.rules["backprop"](), 300, 64, 1e-3, "adam",
            frozen=frozenset({"buffer"}),
        )  # fmt: skip
        return descend(stages, lesson, seed=seed, device="cpu", progress=False).progress[-1].accuracy

    assert right() > 0.95
    assert right(held_open=True) < 0.35  # 512 sequences: the standard error is .02

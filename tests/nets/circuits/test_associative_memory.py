import torch

from neurofit import nets
from neurofit.nets._stages import forward

PATTERNS = torch.randint(2, (100, 32), generator=torch.Generator().manual_seed(0)).double() * 2 - 1


def recall(cues, sharpness):
    """Keys and values are the patterns, as in a Hopfield network."""
    slots, units = PATTERNS.shape
    stages = nets.architectures["associative_memory"](
        (units,), 2, slots=slots, units=units, sharpness=sharpness
    )
    params = {
        "keys": {"weight": PATTERNS, "bias": torch.zeros(slots).double()},
        "values": {"weight": PATTERNS.T, "bias": torch.zeros(units).double()},
        "readout": {"weight": torch.zeros(2, units).double(), "bias": torch.zeros(2).double()},
    }
    return forward(stages, params, cues)["values"]


def test_recalls_three_times_as_many_patterns_as_units_in_one_step():
    """A hundred patterns in 32 units: the classical network's limit is four."""
    cues = PATTERNS.clone()
    cues[:, :4] *= -1
    torch.testing.assert_close(recall(cues, 1.0).sign(), PATTERNS)


def test_the_error_falls_exponentially_with_sharpness_and_separation():
    """As exp(-sharpness x separation), where a pattern's separation is its overlap with itself less the
    largest one with another pattern."""
    overlaps = PATTERNS @ PATTERNS.T
    separation = 32 - (overlaps - 64 * torch.eye(100)).max(1).values
    errors = [(recall(PATTERNS, sharpness) - PATTERNS).norm(dim=1).log() for sharpness in (0.9, 1.1)]
    torch.testing.assert_close(errors[1] - errors[0], -0.2 * separation, rtol=0.05, atol=0)


def test_without_sharpness_everything_is_recalled_at_once():
    torch.testing.assert_close(recall(PATTERNS[:1], 0.0)[0], PATTERNS.mean(0))

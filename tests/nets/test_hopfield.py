import numpy as np
import pytest

from neurofit.errors import TrainingError
from neurofit.nets._hopfield import hopfield_recall, hopfield_store

N = 500


def random_patterns(count, rng, units=N):
    return rng.choice([-1.0, 1.0], size=(count, units))


def share_wrong(load, rng):
    patterns = random_patterns(round(load * N), rng)
    return (hopfield_recall(hopfield_store(patterns), patterns, rng=rng) != patterns).mean()


@pytest.mark.slow
def test_recall_breaks_down_at_the_load_of_amit_gutfreund_and_sompolinsky():
    """Theory for many units: 0.138, where 1.6 units in 100 are wrong; 500 units blur the step."""
    rng = np.random.default_rng(0)
    wrong = [np.mean([share_wrong(load, rng) for _ in range(3)]) for load in (0.1, 0.13, 0.16, 0.2)]
    assert wrong[0] < 0.005
    assert wrong[1] < 0.03
    assert wrong[2] > 0.04
    assert wrong[3] > 0.15


def test_a_broken_cue_is_completed():
    rng = np.random.default_rng(0)
    patterns = random_patterns(10, rng)
    cues = patterns * np.where(rng.random(patterns.shape) < 0.2, -1, 1)
    np.testing.assert_array_equal(hopfield_recall(hopfield_store(patterns), cues, rng=0), patterns)


def test_the_negative_of_a_pattern_is_an_attractor_too():
    patterns = random_patterns(5, np.random.default_rng(0))
    np.testing.assert_array_equal(hopfield_recall(hopfield_store(patterns), -patterns, rng=0), -patterns)


def test_settling_never_raises_the_energy():
    rng = np.random.default_rng(0)
    weights = hopfield_store(random_patterns(30, rng, 100))
    state = random_patterns(8, rng, 100)

    def energy(s):
        return -0.5 * np.einsum("ci,ij,cj->c", s, weights, s)

    for sweep in range(5):
        after = hopfield_recall(weights, state, sweeps=1, rng=sweep)
        assert (energy(after) <= energy(state) + 1e-9).all()
        state = after


def test_weights_are_symmetric_without_a_loop_onto_oneself():
    weights = hopfield_store(random_patterns(7, np.random.default_rng(0), 20))
    np.testing.assert_array_equal(weights, weights.T)
    assert (np.diag(weights) == 0).all()


def test_values_other_than_signs_and_sizes_that_do_not_fit_are_refused():
    with pytest.raises(TrainingError, match="patterns have two dims and hold -1 and 1 alone"):
        hopfield_store(np.zeros((2, 4)))
    with pytest.raises(TrainingError, match=r"weights are \(4, 4\) and cues have 5 units"):
        hopfield_recall(np.zeros((4, 4)), np.ones((1, 5)))

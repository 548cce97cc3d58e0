import numpy as np
import pytest

from neurofit import nets
from neurofit.errors import TrainingError


def item_at(sequences, moment):
    return sequences[:, moment].argmax(1)


def test_the_label_says_whether_the_test_is_the_sample():
    task = nets.tasks["delayed_match"](delays=(3,), noise=0.0)
    sequences, labels = task.sample(500, np.random.default_rng(0))
    assert sequences.shape == (500, 7, 8)
    sample, test = item_at(sequences, 0), item_at(sequences, -1)
    np.testing.assert_array_equal(labels, sample == test)
    assert 0.4 < labels.mean() < 0.6


def test_neither_sample_nor_test_alone_tells():
    sequences, labels = nets.tasks["delayed_match"](noise=0.0).sample(20_000, np.random.default_rng(0))
    test = item_at(sequences, -1)
    by_item = [labels[test == item].mean() for item in range(8)]
    np.testing.assert_allclose(by_item, 0.5, atol=0.05)


def test_the_delay_holds_nothing_and_ends_with_the_test():
    stimuli = nets.tasks["delayed_match"]().stimuli()
    silent = stimuli.min()
    for delay in (1, 2, 3, 4):
        during = stimuli[stimuli.delay == delay].isel(time=slice(-2 - delay, -2))
        assert during.sizes["time"] == delay
        assert (during == silent).all()
        assert (stimuli[stimuli.delay == delay].isel(time=-3 - delay).max("feature") > silent).all()


def test_stimuli_are_what_their_coords_say():
    stimuli = nets.tasks["delayed_match"]().stimuli()
    np.testing.assert_array_equal(item_at(stimuli.values, -1), stimuli.test)
    np.testing.assert_array_equal(stimuli.label, stimuli.test == stimuli["sample"])
    assert stimuli.sizes == {"stimulus": 64, "time": 8, "feature": 8}


def test_a_network_without_memory_of_the_sample_stays_at_chance():
    """Who sees the last two moments alone cannot tell; who sees all of them can."""
    task = nets.tasks["delayed_match"](items=2, delays=(0,), noise=0.1)
    choice = {"name": "delayed_match", "items": 2, "delays": [0], "noise": 0.1}
    network = nets.train(choice, steps=100, rng=0, progress=False)
    assert network.history.accuracy[-1] > 0.95
    sequences, labels = task.sample(4000, np.random.default_rng(1))
    last = sequences[:, -2:].reshape(len(labels), -1)
    fitted, *_ = np.linalg.lstsq(last, labels - 0.5)
    assert abs(((last @ fitted > 0) == labels).mean() - 0.5) < 0.05


def test_one_item_cannot_mismatch():
    with pytest.raises(TrainingError, match="at least 2 items"):
        nets.tasks["delayed_match"](items=1)

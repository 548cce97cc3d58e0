from math import log

import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets import Batch

NOTHING = Batch(torch.zeros(0), torch.zeros(0))


def loss(objective, first, second, **options):
    outputs = {"readout": torch.cat([torch.as_tensor(first), torch.as_tensor(second)])}
    return nets.objectives[objective](**options).loss(outputs, NOTHING).item()


@pytest.fixture
def draw():
    rng = np.random.default_rng(0)
    return lambda *shape: rng.normal(size=shape)


def test_views_that_are_the_same_tell_all_that_a_batch_can_hold(draw):
    view = draw(64, 20)
    assert log(64) - loss("mutual_information", view, view, temperature=0.01) == pytest.approx(log(64))


def test_views_of_one_of_four_kinds_tell_the_log_of_four():
    kinds = np.eye(4)[np.arange(200) % 4]
    bound = log(200) - loss("mutual_information", kinds, kinds, temperature=0.01)
    assert bound == pytest.approx(log(4), abs=1e-6)


def test_views_that_share_nothing_tell_nothing(draw):
    assert log(200) - loss("mutual_information", draw(200, 5), draw(200, 5)) <= 0
    assert loss("mutual_information", np.ones((200, 5)), np.ones((200, 5))) == pytest.approx(log(200))


def test_ignores_the_scale_of_activity(draw):
    first, second = draw(30, 4), draw(30, 4)
    here, there = (loss("mutual_information", gain * first, second) for gain in (1, 9))
    assert here == pytest.approx(there)


def test_two_senses_come_to_tell_what_they_share_and_never_more():
    """They share the class alone, log 10 nats; the bound is a mean over 512 pairs, known to about 0.1."""
    network = nets.train("two_senses", objective="mutual_information", rng=0, progress=False)
    bound = log(512) - network.history.loss
    assert bound[0] < 0
    assert 1.2 < bound[-1] < log(10) + 0.1


def test_gaussian_views_tell_of_their_signal_as_the_closed_form_says(draw):
    """Half log(1 + 2 S / N): the mean of two views has signal S and noise N / 2."""
    signal, noise = 2.0, 0.5
    common = np.sqrt(signal) * draw(200_000, 1)
    views = [common + np.sqrt(noise) * draw(200_000, 1) for _ in range(2)]
    told = -loss("becker_hinton", *views, noise=1e-6)
    assert told == pytest.approx(log(1 + 2 * signal / noise) / 2, abs=0.01)


def test_independent_features_add_up_and_copies_tell_little_more(draw):
    common = draw(100_000, 2)
    first, second = (common + draw(100_000, 2) for _ in range(2))
    one = -loss("becker_hinton", first[:, :1], second[:, :1])
    both = -loss("becker_hinton", first, second)
    copies = -loss("becker_hinton", first[:, [0, 0]], second[:, [0, 0]])
    assert both == pytest.approx(2 * one, rel=0.02)
    assert copies == pytest.approx(one, rel=0.02)


def test_views_that_agree_exactly_tell_as_much_as_their_noise_allows(draw):
    view = 30 * draw(500, 1)
    assert -loss("becker_hinton", view, view, noise=0.01) == pytest.approx(log(1 + 2 / 0.01) / 2)
    assert -loss("becker_hinton", 0 * view, 0 * view) == pytest.approx(0, abs=1e-6)


def test_two_senses_learn_signals_in_common():
    network = nets.train(
        "two_senses",
        objective={"name": "becker_hinton", "features": 2},
        steps=150,
        batch_size=64,
        rng=0,
        progress=False,
    )
    assert network.history.loss[0] > -0.3
    assert network.history.loss[-1] < -1.5
    assert network.recipe["outputs"] == 2


@pytest.mark.parametrize(
    ("name", "option"),
    [("mutual_information", "temperature"), ("becker_hinton", "noise"), ("becker_hinton", "features")],
)
def test_bad_options_are_refused(name, option):
    with pytest.raises(TrainingError, match=f"{option} must be"):
        nets.objectives[name](**{option: 0})

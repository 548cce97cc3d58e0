import numpy as np

from neurofit import nets


def test_each_sense_meets_one_of_the_pair():
    seen, _, felt = nets.tasks["two_senses"]().sample(50, np.random.default_rng(0))
    assert not seen[:, 1].any()
    assert not felt[:, 0].any()


def test_the_two_are_of_one_class_and_otherwise_independent():
    seen, labels, felt = nets.tasks["two_senses"]().sample(8000, np.random.default_rng(0))
    upright = np.rot90(felt[:, 1], -1, axes=(1, 2)).reshape(len(labels), -1)
    first = seen[:, 0].reshape(len(labels), -1)
    for digit in (0, 7):
        of_digit = labels == digit
        means = first[of_digit].mean(0), upright[of_digit].mean(0)
        np.testing.assert_allclose(*means, atol=0.25)
        rest_a, rest_b = (part[of_digit] - mean for part, mean in zip((first, upright), means, strict=True))
        projected = rest_a[:, :32].sum(1), rest_b[:, :32].sum(1)
        assert abs(np.corrcoef(*projected)[0, 1]) < 4 / np.sqrt(of_digit.sum())


def test_both_of_a_pair_are_held_out():
    task = nets.tasks["two_senses"](noise=0.0)
    learned = {image.tobytes() for image in task.sample(20_000, np.random.default_rng(0))[2]}
    assert not learned & {image.tobytes() for image in task.held_out(2000, np.random.default_rng(0))[2]}


def test_all_specimens_are_met():
    _, labels, _ = (task := nets.tasks["two_senses"](noise=0.0)).sample(30_000, np.random.default_rng(0))
    seen = {image.tobytes() for image in task.sample(30_000, np.random.default_rng(1))[0]}
    assert len(seen) > 1480, "of 1,497 images"
    assert np.bincount(labels).min() > 2700

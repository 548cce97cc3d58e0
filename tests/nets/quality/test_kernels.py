import numpy as np
import pytest

from neurofit.nets.quality._kernels import Products, jackknife, quality


def simulated(rng, *, size=300, batches=40, draws=8, angle=1.0, internal=0.5, sampling=0.3, scale=2.0):
    """Products of estimates whose bias and variance are known; targets have sampling noise as well."""
    target = np.eye(size)[0]
    update = scale * (np.cos(angle) * np.eye(size)[0] + np.sin(angle) * np.eye(size)[1])
    own = np.sqrt(sampling / size) * scale * rng.normal(size=(batches, 1, size))
    noise = np.sqrt(internal / size) * scale * rng.normal(size=(batches, draws, size))
    estimates = update + own + noise
    targets = target + 0.1 * rng.normal(size=(batches, size))
    means = estimates.mean(1)
    squares = (estimates**2).sum(-1).mean(1)
    return Products(means @ means.T, means @ targets.T, targets @ targets.T, squares, draws)


def test_bias_and_variance_come_out_as_they_went_in():
    rng = np.random.default_rng(0)
    found = np.mean([quality(simulated(rng)) for _ in range(100)], axis=0)
    nsr = 0.5 + 0.3
    expected = [np.cos(1), 2 * np.cos(1), 0.5, 0.3, np.cos(1) ** 2 / (1 + nsr)]
    np.testing.assert_allclose(found, expected, rtol=0.03)


def test_noise_alone_does_not_make_an_unbiased_rule_look_biased():
    """The naive cosine of mean estimate and mean target would be .5."""
    rng = np.random.default_rng(1)
    noisy = {"internal": 200.0, "sampling": 0.0, "angle": 0.0, "batches": 20, "draws": 10, "size": 2000}
    found = np.array([quality(simulated(rng, **noisy)) for _ in range(40)])
    cosine = found[:, 0]
    assert abs(cosine.mean() - 1) < 3 * cosine.std() / np.sqrt(40) + 0.02
    assert found[:, 2].mean() == pytest.approx(200, rel=0.05)


def test_standard_errors_are_those_of_repeated_experiments():
    rng = np.random.default_rng(2)
    many = [simulated(rng, batches=20) for _ in range(200)]
    found, errors = (np.array([of(one) for one in many]) for of in (quality, jackknife))
    np.testing.assert_allclose(errors.mean(0), found.std(0), rtol=0.25)


def test_an_update_that_is_all_noise_has_no_direction():
    rng = np.random.default_rng(3)
    products = simulated(rng, scale=1.0, internal=1e6, batches=4, draws=2)
    nothing = products._replace(estimates=products.estimates - 1e7)
    assert np.isnan(quality(nothing)).all()


def test_two_layers_as_one_are_the_layers_side_by_side():
    rng = np.random.default_rng(4)
    one, other = simulated(rng), simulated(rng, angle=0.0)
    together = one.plus(other)
    np.testing.assert_allclose(together.estimates, one.estimates + other.estimates)
    cosines = [quality(products).cosine for products in (one, together, other)]
    assert sorted(cosines) == cosines

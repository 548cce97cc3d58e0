import numpy as np
import pytest
import xarray as xr

from neurofit import io, schema
from neurofit.errors import RecordingError, SchemaError, UnknownNameError
from neurofit.fields.metric import gradient_metric, in_metric, metric_kinds

DIMS = ("synapse", "synapse_b")


def labelled(matrix):
    return xr.DataArray(np.asarray(matrix, float), dims=DIMS)


def symmetric(size, seed=0):
    half = np.random.default_rng(seed).normal(size=(size, size))
    return (half + half.T) / np.sqrt(2)


def rescaled(size, spread, seed=0):
    """A gradient whose synapses learn at rates of their own, and the rates."""
    rates = np.exp(spread * np.random.default_rng(seed + 1).normal(size=size))
    rates /= np.exp(np.log(rates).mean())
    return rates[:, None] * symmetric(size, seed), rates


@pytest.mark.parametrize("kind", ["full", "diagonal"])
def test_unequal_rates_look_like_rotation_until_they_are_known(kind):
    # The trap: the Euclidean share is (1 + exp(-s^2)) / 2 for log-normal rates, .53 at s = 1.67.
    spread = np.sqrt(-np.log(0.06))
    shares = [
        float(gradient_metric(labelled(rescaled(196, spread, s)[0]), kind=kind).share_before) for s in (0, 1)
    ]
    matrix, rates = rescaled(196, spread, 1)
    found = gradient_metric(labelled(matrix), kind=kind)
    assert np.mean(shares) == pytest.approx(0.53, abs=0.06)
    assert float(found.share_after) == pytest.approx(1.0, abs=1e-9)
    assert float(found.spectral_index) == 0.0
    assert found.verdict == "exists"
    assert bool(found.exists)
    if kind == "diagonal":
        assert found.rates.values == pytest.approx(rates, rel=1e-4)


def test_a_symmetric_jacobian_keeps_the_metric_it_has():
    for kind in metric_kinds:
        found = gradient_metric(labelled(symmetric(8)), kind=kind)
        assert found.metric.values == pytest.approx(np.eye(8), abs=1e-9)
        assert float(found.condition) == pytest.approx(1.0)
    twice = gradient_metric(labelled(np.diag([1.0, 1.0, 1.0, -2.0])))
    assert twice.metric.values == pytest.approx(np.eye(4), abs=1e-12)


def correlated(size, seed=0):
    """G^-1 S for a metric that is not diagonal."""
    root = np.random.default_rng(seed).normal(size=(size, size)) / np.sqrt(size) + np.eye(size)
    return np.linalg.solve(root.T @ root, symmetric(size, seed + 5))


def test_a_full_metric_makes_any_real_spectrum_a_gradient_where_rates_cannot():
    matrix = correlated(12)
    found = gradient_metric(labelled(matrix))
    product = found.metric.values @ matrix
    assert product == pytest.approx(product.T, abs=1e-8)
    assert np.linalg.eigvalsh(found.metric.values).min() > 0
    assert float(in_metric(labelled(matrix), found.metric).gradient_share) == pytest.approx(1.0)
    rates = gradient_metric(labelled(matrix), kind="diagonal")
    assert rates.verdict == "does not exist"
    assert "synapses" in rates.reason
    assert float(rates.share_before) <= float(rates.share_after) < 0.999


def test_of_all_metrics_that_do_the_nearest_to_the_identity_is_taken():
    matrix = correlated(5)
    values, vectors = np.linalg.eig(matrix)
    assert not np.iscomplex(values).any()
    left = np.linalg.inv(vectors)

    def divergence(metric):
        return np.trace(metric) - np.linalg.slogdet(metric)[1]

    best = divergence(gradient_metric(labelled(matrix)).metric.values)
    rng = np.random.default_rng(0)
    scale = 1 / (left**2).sum(axis=1)
    for _ in range(200):
        other = left.T @ np.diag(scale * np.exp(0.1 * rng.normal(size=5))) @ left
        assert other @ matrix == pytest.approx((other @ matrix).T, abs=1e-8)
        assert divergence(other) > best


def test_what_no_metric_takes_away_is_the_spectral_index():
    turning = symmetric(10) + 0.4 * np.triu(symmetric(10, 3), 1) - 0.4 * np.triu(symmetric(10, 3), 1).T
    found = gradient_metric(labelled(turning))
    assert found.verdict == "does not exist"
    assert "complex" in found.reason
    assert float(1 - found.share_after) == pytest.approx(float(found.spectral_index))
    assert float(found.share_after) >= float(found.share_before)
    seen = in_metric(labelled(turning), found.metric).jacobian.values
    assert seen @ seen.T == pytest.approx(seen.T @ seen, abs=1e-8)  # normal: no metric has less
    rng = np.random.default_rng(1)
    for _ in range(50):
        near = rng.normal(size=(10, 10)) / 50
        metric = found.metric.values + near @ near.T
        assert float(in_metric(labelled(turning), labelled(metric)).gradient_share) <= float(
            found.share_after
        )


@pytest.mark.parametrize("size", [2, 5])
def test_a_defective_jacobian_has_a_real_spectrum_and_no_metric(size):
    found = gradient_metric(labelled(np.eye(size) + np.diag(np.ones(size - 1), 1)))
    assert float(found.spectral_index) == pytest.approx(0.0, abs=1e-4)
    assert found.verdict == "does not exist"
    assert "defective" in found.reason


@pytest.mark.parametrize(
    ("matrix", "why"),
    [
        ([[-1, 1, 0], [-1, -1, 0], [0, 0, -1]], "opposite signs"),
        ([[-1, 1, 0], [0, -1, 0], [0, 0, -1]], "only one acts"),
        ([[-1, 1, 2], [2, -1, 1], [1, 2, -1]], "loops"),
    ],
)
def test_kolmogorovs_criterion_tells_where_rates_fail(matrix, why):
    found = gradient_metric(labelled(matrix), kind="diagonal")
    assert found.verdict == "does not exist"
    assert why in found.reason


def test_two_synapses_that_act_on_each_other_alike_always_have_rates():
    found = gradient_metric(labelled([[-1.0, 3.0], [0.5, -2.0]]), kind="diagonal")
    assert float(found.share_after) == pytest.approx(1.0)
    assert float(found.rates[0] / found.rates[1]) == pytest.approx(6.0)


def test_noise_that_splits_a_double_eigenvalue_gives_no_certificate():
    # The trap: a third of such matrices have complex eigenvalues, with nothing turning.
    naive, certified = [], []
    for seed in range(60):
        noisy = np.eye(2) + 0.1 * np.random.default_rng(seed).normal(size=(2, 2))
        naive.append(gradient_metric(labelled(noisy)).verdict == "does not exist")
        found = gradient_metric(labelled(noisy), standard_error=0.1, draws=59, rng=seed)
        certified.append(found.verdict == "does not exist")
    assert np.mean(naive) > 0.2
    assert np.mean(certified) <= 0.1


@pytest.mark.parametrize("kind", ["full", "diagonal"])
def test_rotation_beyond_the_noise_is_certified(kind):
    turning = np.array([[-1.0, 0.8, 0.0], [-0.8, -1.0, 0.2], [0.0, 0.2, -0.5]])
    noise = 0.1 * np.random.default_rng(2).normal(size=(60, 3, 3))
    draws = xr.DataArray(turning + noise, dims=("draw", *DIMS))
    found = gradient_metric(draws, kind=kind)
    assert found.verdict == "does not exist"
    assert float(found.p) < 0.05
    assert float(found.certificate_share) == 1.0
    still = gradient_metric(xr.DataArray(symmetric(3) + noise, dims=("draw", *DIMS)), kind=kind)
    assert still.verdict == "not excluded"
    assert bool(still.exists)


def test_result_survives_saving(tmp_path):
    names = {"synapse": ["a", "b", "c"], "synapse_b": ["a", "b", "c"]}
    for kind in metric_kinds:
        found = gradient_metric(
            labelled(symmetric(3)).assign_coords(names), kind=kind, standard_error=0.1, draws=9, rng=0
        )
        assert io.load(io.save(found, tmp_path / f"{kind}.nc")).identical(found)
        schema.check(found, "results")
        assert all(array.attrs["units"] and array.attrs["long_name"] for array in found.data_vars.values())


def test_wrong_input_is_told():
    good = labelled(symmetric(3))
    with pytest.raises(UnknownNameError, match="Did you mean 'diagonal'"):
        gradient_metric(good, kind="diagnal")
    with pytest.raises(SchemaError, match="it takes a square"):
        gradient_metric(good[:2])
    with pytest.raises(SchemaError, match="not finite"):
        gradient_metric(good.where(good > 0))
    with pytest.raises(RecordingError, match="all 0"):
        gradient_metric(0 * good)
    with pytest.raises(SchemaError, match="same order"):
        gradient_metric(good.assign_coords(synapse=[0, 1, 2], synapse_b=[0, 2, 1]))
    with pytest.raises(SchemaError, match="draws tell the noise"):
        gradient_metric(good.expand_dims(draw=3), standard_error=1.0)
    with pytest.raises(SchemaError, match="'standard_error' has"):
        gradient_metric(good, standard_error=good[0])

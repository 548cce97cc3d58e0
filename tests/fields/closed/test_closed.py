import numpy as np
import pytest
from scipy.linalg import solve_continuous_lyapunov

from neurofit import io, schema
from neurofit.errors import SchemaError, UnknownNameError
from neurofit.fields.closed import closed_field, closed_fields, noises, perturbed, walked
from neurofit.fields.closed._kernels import exact_step


@pytest.mark.parametrize("kind", closed_fields)
@pytest.mark.parametrize("synapses", [2, 7])
def test_jacobians_agree_with_finite_differences(kind, synapses):
    field, w = (
        closed_field(kind, synapses=synapses, rng=0),
        np.random.default_rng(1).normal(size=(3, synapses)),
    )
    step = 1e-6 * np.eye(synapses)
    slope = np.stack([(field(w + one) - field(w - one)) / 2e-6 for one in step], axis=-1)
    np.testing.assert_allclose(field.jacobian(w), slope, atol=1e-8)


def test_truths_are_those_of_the_closed_forms():
    for rotation in (0.3, 2.0):
        truth = closed_field("potential_and_rotation", synapses=6, rotation=rotation).truth
        share = 1 / (1 + rotation**2)
        assert truth["gradient_share"] == pytest.approx(share)
        # J'J is a multiple of 1: J is normal, and its spectrum tells what its parts do.
        assert truth["spectral_index"] == pytest.approx(1 - share)
        assert truth["curl_norm"] == pytest.approx(np.sqrt(2 * 6) * rotation)
    for share in (0.1, 0.684, 1.0):
        made = closed_field("linear", synapses=9, gradient_share=share, rng=3)
        assert made.truth["gradient_share"] == pytest.approx(share)
        assert np.linalg.eigvals(made.matrix).real.max() < 0


def test_divergence_does_not_tell_a_saddle_from_a_rotation():
    # The trap: one is the gradient of an objective and the other of none; both have divergence 0.
    saddle = closed_field("saddle", synapses=10, rotation=0.1, rng=0).truth
    rotation = closed_field("rotation", synapses=10, rng=0).truth
    assert abs(saddle["divergence"]) < 1e-12 > abs(rotation["divergence"])
    assert saddle["gradient_share"] == pytest.approx(1 / 1.01)
    assert rotation["gradient_share"] == pytest.approx(0)


def test_rates_of_synapses_look_like_rotation_with_a_real_spectrum():
    made = closed_field("per_synapse_rates", synapses=300, spread=1.7, stable=False, rng=0).truth
    assert made["gradient_share"] == pytest.approx((1 + np.exp(-(1.7**2))) / 2, abs=0.04)
    assert closed_field("per_synapse_rates", synapses=20, rng=0).truth["spectral_index"] < 1e-12


def test_a_double_well_has_its_minima_and_turns():
    still = closed_field("double_well", synapses=2, rotation=0.0)
    assert not still(np.array([[1, -1], [-1, -1], [0, 0]])).any()
    turning = closed_field("double_well", synapses=2, rotation=0.5)
    assert not turning.linear
    assert turning.truth_at([1, 1])["gradient_share"] == pytest.approx(8 / 8.5)


def test_perturbations_are_white_and_noise_is_as_asked():
    field = closed_field("linear", synapses=10, rng=0)
    at = np.random.default_rng(2).normal(size=10)
    made = perturbed(field, w0=at, trials=20000, scale=0.1, snr=0.5, rng=0)
    np.testing.assert_allclose(np.cov(made.delta.values.T), 0.01 * np.eye(10), atol=5e-4)
    noise = made.dw.values - field(at + made.delta.values)
    signal = made.dw.values - noise - field(at)
    assert signal.var() / noise.var() == pytest.approx(0.5, rel=0.03)
    clean = perturbed(field, w0=at, trials=5, rng=0)
    np.testing.assert_allclose(clean.dw, field(at + clean.delta.values))


def test_noise_has_the_covariance_asked_for():
    factor = np.random.default_rng(0).normal(size=(4, 2))
    asked = factor @ factor.T
    field = closed_field("saddle", synapses=4, rng=0)
    made = perturbed(field, trials=40000, noise=2.0, covariance=asked, rng=1)
    found = np.cov((made.dw.values - field(made.delta.values)).T)
    np.testing.assert_allclose(found, asked * 4 * 4 / np.trace(asked), rtol=0.1, atol=0.1)


@pytest.mark.parametrize("kind", noises)
def test_noises_have_variance_one(kind):
    assert noises[kind]((40000, 6), np.random.default_rng(0)).var() == pytest.approx(1, rel=0.1)


def test_heavy_noise_has_tails_and_few_factors():
    drawn = noises["heavy_low_rank"]((20000, 40), np.random.default_rng(0))
    assert ((drawn / drawn.std(axis=0)) ** 4).mean() > 4
    spectrum = np.linalg.eigvalsh(np.cov(drawn.T))
    assert spectrum[-3:].sum() / spectrum.sum() > 0.45


def test_linear_steps_are_exact():
    rng = np.random.default_rng(0)
    matrix = closed_field("linear", synapses=5, gradient_share=0.3, rng=1).matrix
    root = rng.normal(size=(5, 5))
    forth, spread = exact_step(matrix, root @ root.T, 0.7)
    # The covariance in closed form: P - E P E', with P that of the stationary state.
    stationary = solve_continuous_lyapunov(matrix, -root @ root.T)
    np.testing.assert_allclose(spread, stationary - forth @ stationary @ forth.T, atol=1e-12)
    far = exact_step(matrix, root @ root.T, 500.0)
    np.testing.assert_allclose(far[1], stationary, atol=1e-10)


def test_a_rotation_comes_round_where_small_steps_spiral_out():
    field = closed_field("rotation", synapses=2, rng=0)
    made = walked(field, w0=[1.0, 0.0], sessions=9, interval=np.pi / 4, rng=0)
    np.testing.assert_allclose(np.hypot(*made.weights.values.T), 1, atol=1e-12)
    np.testing.assert_allclose(made.weights[8], made.weights[0], atol=1e-12)
    np.testing.assert_allclose(made.times, np.arange(9) * np.pi / 4)


def test_walks_settle_at_the_stationary_covariance():
    field = closed_field("linear", synapses=3, gradient_share=0.4, rng=0)
    made = walked(field, sessions=2, interval=50.0, noise=0.5, trajectories=20000, rng=1)
    stationary = solve_continuous_lyapunov(field.matrix, -0.25 * np.eye(3))
    np.testing.assert_allclose(np.cov(made.weights[:, 1].values.T), stationary, atol=0.01)


def test_small_steps_reach_the_wells():
    field = closed_field("double_well", synapses=2, rotation=0.0)
    made = walked(field, w0=[0.3, -0.2], sessions=3, interval=10.0, rng=0)
    np.testing.assert_allclose(made.weights[-1], [1, -1], atol=1e-6)
    # In one dimension dw = (w - w^3) dt has a closed form.
    exact = 0.3 * np.exp(1) / np.sqrt(1 + 0.09 * (np.exp(2) - 1))
    short = walked(field, w0=[0.3, 0.3], sessions=2, interval=1.0, rng=0)
    np.testing.assert_allclose(short.weights[1], exact, rtol=0.01)


def test_measurements_go_missing_and_have_noise():
    field = closed_field("potential_and_rotation", synapses=20)
    made = walked(field, sessions=200, noise=0.1, measurement_noise=0.3, missing=0.2, rng=0)
    assert made.weights.isnull().mean() == pytest.approx(0.2, abs=0.03)
    assert (made.weights - made.true_weights).std() == pytest.approx(0.3, abs=0.02)
    assert made.true_weights.notnull().all()
    assert made.weights.dims == ("session_index", "synapse")


def test_the_same_seed_gives_the_same_and_results_survive_saving(tmp_path):
    field = closed_field("linear", rng=0)
    for make in (perturbed, walked):
        made = make(field, rng=3)
        assert made.identical(make(field, rng=3))
        schema.check(made, "results")
        assert io.load(io.save(made, tmp_path / f"{make.__name__}.nc")).identical(made)


def test_what_does_not_fit_is_refused():
    field = closed_field("saddle", synapses=4, rng=0)
    with pytest.raises(UnknownNameError, match="Did you mean 'rotation'"):
        closed_field("rotaton")
    with pytest.raises(UnknownNameError, match="no option of closed field 'saddle' called 'speed'"):
        closed_field("saddle", speed=1.0)
    with pytest.raises(SchemaError, match="2 or more to rotate"):
        closed_field("saddle", synapses=1)
    with pytest.raises(SchemaError, match="above 0 and at most 1"):
        closed_field("linear", gradient_share=0)
    with pytest.raises(SchemaError, match=r"shape \(3,\); the last axis has to have 4"):
        field(np.zeros(3))
    with pytest.raises(SchemaError, match="trials must be 1 or more, not 0; scale must be above 0"):
        perturbed(field, trials=0, scale=0)
    with pytest.raises(SchemaError, match="give one of them"):
        perturbed(field, snr=1, noise=1)
    with pytest.raises(SchemaError, match="has to be symmetric"):
        perturbed(field, covariance=np.eye(3))
    with pytest.raises(SchemaError, match="grow beyond all bounds"):
        walked(field, sessions=2000, interval=1.0, rng=0)
    with pytest.raises(SchemaError, match="missing is a share below 1"):
        walked(field, missing=1.0)

"""Fields from designed perturbations: verdicts, metrics, subsets, further dims, and what is refused."""

import numpy as np
import pytest
import xarray as xr

from neurofit import io
from neurofit.errors import AlignmentError, RecordingError, SchemaError, UnknownNameError
from neurofit.fields import WeightField, closed_field, perturbed


def field_of(kind="linear", *, synapses=8, trials=200, snr=4.0, w0=None, rng=0, **options):
    made = perturbed(
        closed_field(kind, synapses=synapses, rng=rng, **options), w0=w0, trials=trials, snr=snr, rng=rng + 1
    )
    return WeightField.from_trials(made.w0, made.delta, made.dw), made


@pytest.mark.parametrize(
    ("kind", "options", "verdict"),
    [
        ("linear", {"gradient_share": 1.0}, "gradient"),
        ("linear", {"gradient_share": 0.8}, "partly"),
        ("rotation", {}, "not"),
    ],
)
def test_verdicts_of_known_fields(kind, options, verdict):
    field, made = field_of(kind, **options)
    found = field.decompose(rng=0)
    assert found.verdict == verdict
    assert found.identified
    assert found.gradient_share == pytest.approx(made.true_gradient_share.item(), abs=0.05)
    low, high = found.divergence_interval.values
    assert low < made.true_divergence < high


def test_a_saddle_has_no_divergence_and_is_a_gradient_but_for_its_rotation():
    """Divergence 0 cannot tell a saddle from a rotation: the share, .99 with a tenth of rotation, does."""
    field, made = field_of("saddle", rotation=0.1, trials=400, snr=20.0)
    found = field.decompose(rng=0)
    assert made.true_divergence == pytest.approx(0, abs=1e-9)
    assert found.divergence_interval[0] < 0 < found.divergence_interval[1]
    assert found.gradient_share == pytest.approx(0.99, abs=0.005)
    assert found.p_curl < 0.05
    assert found.fixed_point_kind == "saddle"


def test_the_drift_is_apart_and_leads_to_the_fixed_point():
    linear = closed_field("linear", synapses=4, gradient_share=0.7, rng=0)
    start = np.array([1.0, -2.0, 0.5, 3.0])
    made = perturbed(linear, w0=start, trials=100, rng=1)
    found = WeightField.from_trials(made.w0, made.delta, made.dw).decompose(rng=0)
    np.testing.assert_allclose(found.drift, linear(start), atol=1e-6)
    np.testing.assert_allclose(found.fixed_point, -start, atol=1e-6)


def test_without_signal_nothing_is_identified_and_the_number_needed_is_told():
    rng = np.random.default_rng(0)
    delta, dw = (xr.DataArray(rng.normal(size=(30, 50)), dims=("trial", "synapse")) for _ in range(2))
    found = WeightField.from_trials(None, delta, dw).decompose(rng=0)
    assert not found.identified
    assert found.verdict == "not identifiable"
    assert "needs at least" in found.reason.item()


def test_the_right_metric_turns_unequal_rates_into_a_gradient():
    """A rate for each synapse makes a gradient look half rotational; nothing in its spectrum does."""
    rates = closed_field("per_synapse_rates", synapses=10, spread=1.5, stable=False, rng=0)
    made = perturbed(rates, trials=300, snr=100.0, rng=1)
    field = WeightField.from_trials(made.w0, made.delta, made.dw)
    plain = field.decompose(rng=0)
    assert plain.gradient_share < 0.85
    assert plain.spectral_index <= plain.spectral_index_null
    # per_synapse_rates draws the Hessian first and then the rates; the field is diag(rates) H.
    rng = np.random.default_rng(0)
    rng.normal(size=(10, 10))
    metric = xr.DataArray(np.exp(-1.5 * rng.normal(size=10)), dims="synapse")
    assert field.decompose(metric=metric, rng=0).gradient_share > 0.99


def test_growth_in_proportion_is_a_gradient_of_log_weights():
    rng = np.random.default_rng(0)
    hessian = rng.normal(size=(6, 6))
    hessian = -hessian @ hessian.T
    start = np.exp(rng.normal(size=6))
    delta = 0.001 * start * rng.normal(size=(300, 6))
    dw = 1e-3 * (start + delta) * ((np.log(start + delta) - np.log(start)) @ hessian)
    dims = ("trial", "synapse")
    field = WeightField.from_trials(
        xr.DataArray(start, dims="synapse"),
        xr.DataArray(delta, dims=dims),
        xr.DataArray(dw, dims=dims),
        covariance=xr.DataArray((0.001 * start) ** 2, dims="synapse"),
    )
    assert field.decompose(rng=0).gradient_share < 0.95
    assert field.decompose(metric="log", rng=0).gradient_share > 0.999


def test_reciprocity_is_stable_for_subsets_and_the_share_is_not():
    """The diagonal has a part in n of the share, and few synapses look like a gradient."""
    from neurofit.fields._power import random_jacobian
    from neurofit.fields.jacobian import Indices, Sums

    rng = np.random.default_rng(0)
    jacobian = random_jacobian(196, 0.6, rng) - 0.02 * np.eye(196)
    shares, reciprocities = [], []
    for _ in range(2000):
        rows = rng.choice(196, 5, replace=False)
        few = Indices.of(Sums.of(jacobian[np.ix_(rows, rows)]))
        shares.append(few.gradient_share)
        reciprocities.append(Sums.of(jacobian[np.ix_(rows, rows)]))
    whole = Indices.of(Sums.of(jacobian))
    sums = Sums(*np.sum(reciprocities, axis=0))
    assert Indices.of(sums).gradient_share > whole.gradient_share + 0.1
    assert Indices.of(sums).reciprocity == pytest.approx(whole.reciprocity, abs=0.05)


def test_the_estimator_is_chosen_by_trials_and_noise_and_told():
    few = field_of(trials=10)[0].decompose(rng=0)
    noisy = field_of(trials=20, snr=0.1)[0].decompose(rng=0)
    many = field_of(trials=200)[0].decompose(rng=0)
    assert few.estimator == noisy.estimator == "pairs"
    assert "too few for least squares" in few.chosen_because.item()
    assert "signal-to-noise" in noisy.chosen_because.item()
    assert many.estimator == "least_squares"
    assert "jacobian" in many
    assert "jacobian" not in few


def test_estimators_agree():
    field, made = field_of(trials=400, gradient_share=0.75)
    for name in ("pairs", "least_squares", "split_half"):
        found = field.decompose(estimator=name, rng=0)
        assert found.gradient_share == pytest.approx(0.75, abs=0.12)


def test_perturbations_that_are_not_white_need_their_covariance_or_enough_trials():
    linear = closed_field("linear", synapses=12, gradient_share=0.8, rng=0)
    rng = np.random.default_rng(1)
    sizes = np.array([5.0] * 3 + [1.0] * 9)
    delta = sizes * rng.normal(size=(32, 12))
    dims = ("trial", "synapse")
    given = xr.DataArray(delta, dims=dims), xr.DataArray(linear(delta), dims=dims)
    with pytest.raises(RecordingError, match=r"not white.*covariance="):
        WeightField.from_trials(None, *given).decompose(estimator="pairs", rng=0)
    assert WeightField.from_trials(None, *given).decompose(rng=0).estimator == "least_squares"
    told = WeightField.from_trials(None, *given, covariance=xr.DataArray(sizes**2, dims="synapse"))
    found = told.decompose(estimator="pairs", rng=0)
    assert found.gradient_share_interval[0] < 0.8 < found.gradient_share_interval[1]


def test_too_few_perturbations_are_told_with_the_number():
    with pytest.raises(RecordingError, match="needs at least 8"):
        field_of(trials=5)[0].decompose(rng=0)
    with pytest.raises(RecordingError, match="20 trials are too few for 30 synapses: it needs at least"):
        field_of(synapses=30, trials=20)[0].decompose(estimator="least_squares", rng=0)


def test_sessions_are_decomposed_each_and_workers_change_nothing():
    first, second = field_of(rng=0)[1], field_of(rng=5)[1]
    both = xr.concat([first, second], xr.Variable("session_id", ["mon", "tue"]))
    field = WeightField.from_trials(both.w0, both.delta, both.dw)
    one, two = (field.decompose(rng=0, workers=count, progress=False) for count in (1, 2))
    xr.testing.assert_identical(one.drop_attrs(), two.drop_attrs())
    assert one.gradient_share.dims == ("session_id",)
    assert one.session_id.values.tolist() == ["mon", "tue"]


def test_results_survive_saving(tmp_path):
    found = field_of()[0].decompose(rng=0)
    for ending in (".nc", ".zarr"):
        assert io.load(io.save(found, tmp_path / f"field{ending}")).identical(found)


def test_the_same_seed_gives_the_same_result():
    field, _ = field_of(trials=40)
    assert field.decompose(rng=3).identical(field.decompose(rng=3))


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (lambda d: d.rename(synapse="spine"), SchemaError, "lacks dim synapse"),
        (lambda d: d.isel(trial=slice(10)), AlignmentError, "10 entries along 'trial'"),
        (lambda d: d.assign_coords(synapse=list("abcdefgx")), AlignmentError, "other labels"),
        (lambda d: d.where(d != d[3, 2]), RecordingError, "values are missing: 1 of dw"),
        (lambda d: d.values, SchemaError, "ndarray, not a DataArray"),
        (lambda d: d.astype(str), SchemaError, "not numbers"),
    ],
)
def test_wrong_changes_are_told(change, error, match):
    made = field_of()[1]
    delta = made.delta.assign_coords(synapse=list("abcdefgh"))
    dw = made.dw.assign_coords(synapse=list("abcdefgh"))
    with pytest.raises(error, match=match):
        WeightField.from_trials(None, delta, change(dw))


def test_one_synapse_and_names_that_stand_twice_are_told():
    made = field_of()[1]
    with pytest.raises(RecordingError, match="any field in one dimension is a gradient"):
        WeightField.from_trials(None, made.delta[:, :1], made.dw[:, :1])
    twice = [part.assign_coords(synapse=list("aabcdefg")) for part in (made.delta, made.dw)]
    with pytest.raises(AlignmentError, match="twice: a"):
        WeightField.from_trials(None, *twice)


def test_weights_that_never_change_are_told():
    made = field_of()[1]
    with pytest.raises(RecordingError, match="dw is constant"):
        WeightField.from_trials(made.w0, made.delta, made.dw * 0)


def test_lazy_integer_and_tiny_data_give_the_same_answer():
    field, made = field_of()
    found = field.decompose(rng=0)
    lazy = made.chunk({"trial": 50})
    for delta, dw in ((lazy.delta, lazy.dw), (made.delta * 1e-9, made.dw * 1e9), (made.delta.T, made.dw)):
        again = WeightField.from_trials(made.w0, delta, dw).decompose(rng=0)
        assert again.gradient_share == pytest.approx(found.gradient_share.item(), abs=1e-9)
    whole = [(1e5 * part).round().astype("int32") for part in (made.delta, made.dw)]
    again = WeightField.from_trials(None, *whole).decompose(rng=0)
    assert again.gradient_share == pytest.approx(found.gradient_share.item(), abs=0.01)


def test_a_synapse_that_is_never_perturbed_is_told():
    made = field_of()[1]
    with pytest.raises(RecordingError, match="synapses 2 is always the same"):
        WeightField.from_trials(None, made.delta.where(made.delta.synapse != 2, 0.0), made.dw)


def test_wrong_options_are_told():
    field, _ = field_of()
    with pytest.raises(UnknownNameError, match="pairs"):
        field.decompose(estimator="pair")
    with pytest.raises(SchemaError, match="does not take a field from trials"):
        field.decompose(estimator="steps")
    with pytest.raises(SchemaError, match="positive definite"):
        field.decompose(metric=xr.DataArray(-np.ones(8), dims="synapse"))
    with pytest.raises(RecordingError, match="one sign"):
        WeightField.from_trials(
            *(field_of(w0=np.r_[-1.0, np.zeros(7)])[1][n] for n in ("w0", "delta", "dw"))
        ).decompose(metric="log")


def test_scattered_samples_are_taken_apart_by_kernel_regression():
    """A field that is not linear: a double well, in which weights also turn."""
    world = closed_field("double_well", synapses=2, rotation=1.0)
    w = np.random.default_rng(0).normal(size=(400, 2))
    dims = ("sample", "synapse")
    field = WeightField.from_samples(xr.DataArray(w, dims=dims), xr.DataArray(world(w), dims=dims))
    found = field.decompose(rng=0)
    jacobian = world.jacobian(w)
    symmetric = (jacobian + np.swapaxes(jacobian, 1, 2)) / 2
    truth = (symmetric**2).sum() / (jacobian**2).sum()
    assert found.estimator == "kernel"
    assert found.gradient_share == pytest.approx(truth, abs=0.03)
    assert found.divergence == pytest.approx(np.trace(jacobian, axis1=1, axis2=2).mean(), rel=0.08)


def test_the_kernel_takes_perturbations_too():
    field, _ = field_of(synapses=3, trials=200, snr=20.0, gradient_share=0.7)
    assert field.decompose(estimator="kernel", rng=0).gradient_share == pytest.approx(0.7, abs=0.05)
    with pytest.raises(RecordingError, match="needs at least 8"):
        field.isel({"trial": slice(6)}).decompose(estimator="kernel", rng=0)


def test_the_potential_has_the_gradient_part_as_its_slope():
    field, made = field_of(synapses=4, snr=1e6, gradient_share=1.0)
    found = field.decompose(rng=0)
    x, jacobian = made.delta.values, found.jacobian.values
    by_hand = x @ found.drift.values + np.einsum("ki,ij,kj->k", x, jacobian, x) / 2
    np.testing.assert_allclose(found.potential, by_hand, atol=1e-12)
    assert found.potential.dims == ("trial",)


def test_a_rule_that_carries_over_from_trial_to_trial_has_no_field():
    """Weights are put back after each trial, and momentum is not."""
    linear = closed_field("linear", synapses=20, gradient_share=1.0, rng=0)
    rng = np.random.default_rng(0)
    delta, dw, step = rng.normal(size=(60, 20)), [], np.zeros(20)
    for one in delta:
        step = 0.8 * step + linear(one)
        dw.append(step)
    dims = ("trial", "synapse")
    found = WeightField.from_trials(
        None, xr.DataArray(delta, dims=dims), xr.DataArray(dw, dims=dims)
    ).decompose()
    assert found.p_memory < 0.01
    assert "depend on the trial before" in found.reason.item()
    p = [field_of(trials=60, rng=seed)[0].decompose(rng=seed).p_memory for seed in range(30)]
    assert np.mean(np.array(p) < 0.05) < 0.2


def test_a_graph_hodge_share_of_noise_is_not_zero_and_means_nothing_without_its_null():
    """Flow on a graph of V nodes and E edges that is noise alone has a gradient share of (V - 1) / E."""
    rng = np.random.default_rng(0)
    w = rng.normal(size=(80, 2))
    near = np.argsort(((w[:, None] - w[None]) ** 2).sum(-1), axis=1)[:, 1:6]
    edges = np.unique(np.sort(np.stack([np.repeat(np.arange(80), 5), near.ravel()], axis=1), axis=1), axis=0)
    incidence = np.zeros((len(edges), 80))
    incidence[np.arange(len(edges)), edges[:, 0]], incidence[np.arange(len(edges)), edges[:, 1]] = -1, 1
    flow = rng.normal(size=(200, len(edges)))
    explained = flow @ np.linalg.pinv(incidence).T @ incidence.T
    assert (explained**2).sum() / (flow**2).sum() == pytest.approx(79 / len(edges), abs=0.02)
    dims = ("sample", "synapse")
    noise = xr.DataArray(rng.normal(size=(80, 2)), dims=dims)
    from neurofit.fields import gradient_share

    found = gradient_share(xr.DataArray(w, dims=dims), noise, rng=0, workers=1, progress=False)
    assert not found.identified


def test_a_metric_and_a_covariance_have_the_labels_of_the_field():
    made = field_of()[1].assign_coords(synapse=list("abcdefgh"))
    field = WeightField.from_trials(made.w0, made.delta, made.dw)
    metric = xr.DataArray(np.arange(1.0, 9), {"synapse": list("hgfedcba")}, dims="synapse")
    with pytest.raises(AlignmentError, match="metric's 'synapse' has other labels"):
        field.decompose(metric=metric)
    with pytest.raises(AlignmentError, match="covariance has other labels"):
        WeightField.from_trials(None, made.delta, made.dw, covariance=metric)


@pytest.mark.parametrize("wrong", [-1.0, 0.0, np.nan, np.inf])
def test_a_covariance_that_is_none_is_told(wrong):
    made = field_of()[1]
    with pytest.raises(SchemaError, match="covariance has to be finite"):
        WeightField.from_trials(None, made.delta, made.dw, covariance=wrong)


def test_logarithms_of_negative_weights_keep_their_sign():
    rng = np.random.default_rng(0)
    start = np.array([1.0, -2.0, 0.5, -1.5])
    factor = rng.normal(size=(4, 4))
    hessian = -factor @ factor.T
    spread = factor.T @ factor * 1e-8
    delta = rng.multivariate_normal(np.zeros(4), spread, size=400)
    dw = 1e-3 * (start + delta) * ((np.log(np.abs(start + delta)) - np.log(np.abs(start))) @ hessian)
    dims = ("trial", "synapse")
    given = [xr.DataArray(start, dims="synapse"), *(xr.DataArray(part, dims=dims) for part in (delta, dw))]
    told = xr.DataArray(spread, dims=("synapse", "synapse_b"))
    field = WeightField.from_trials(*given, covariance=told)
    found = field.decompose(estimator="pairs", metric="log", rng=0)
    assert found.gradient_share_interval[0] < 1 <= found.gradient_share_interval[1] + 1e-9
    assert found.drift.attrs["units"] == "1 / unit of time"


def test_small_changes_of_large_weights_are_not_lost():
    field, made = field_of(trials=100)
    far = WeightField.from_trials(made.w0 + 1e9, made.delta, made.dw * 1e-9).decompose(rng=0)
    assert far.gradient_share == pytest.approx(field.decompose(rng=0).gradient_share.item(), abs=1e-6)


def test_one_position_keeps_its_dim_and_one_delta_serves_several_fields():
    field, made = field_of()
    assert field.isel({"trial": 3}).data.sizes["trial"] == 1
    two = xr.concat([made.dw, 2 * made.dw], "session_id")
    found = WeightField.from_trials(made.w0, made.delta, two).decompose(rng=0, workers=1, progress=False)
    assert found.divergence[1] == pytest.approx(2 * found.divergence[0].item())


def test_weights_to_start_from_have_to_be_there():
    made = field_of()[1]
    with pytest.raises(RecordingError, match="1 of w0"):
        WeightField.from_trials(made.w0.where(made.w0.synapse != 2), made.delta, made.dw)

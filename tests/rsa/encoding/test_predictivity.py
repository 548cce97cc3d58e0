import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from neurofit import rsa
from neurofit.errors import AlignmentError, RecordingError, SchemaError, UnknownNameError


def experiment(stimuli=60, features=8, units=6, *, repeats=4, noise=1.0, related=True, rng=0):
    """Features, and responses in trials that are a linear mapping of them or unrelated, with variance 1."""
    rng = np.random.default_rng(rng)
    ids = np.array([f"s{index:03d}" for index in range(stimuli)])
    values = rng.normal(size=(stimuli, features))
    weights = rng.normal(size=(features, units))
    signal = values @ (weights / np.linalg.norm(weights, axis=0))
    if not related:
        signal = rng.normal(size=(stimuli, units))
    trials = np.repeat(signal, repeats, axis=0)
    order = rng.permutation(len(trials))
    trials = (trials + noise * rng.normal(size=trials.shape))[order]
    given = {
        "stimulus_id": ("stimulus", ids),
        "area": ("unit", np.repeat(["early", "late"], [features // 2, features - features // 2])),
    }
    wanted = {
        "stimulus_id": ("trial", np.repeat(ids, repeats)[order]),
        "unit_id": ("unit", [f"u{index}" for index in range(units)]),
    }
    return (
        xr.DataArray(values, given, ("stimulus", "unit")),
        xr.DataArray(trials, wanted, ("trial", "unit"), attrs={"units": "spikes"}),
    )


def scored(features, responses, **options):
    return rsa.predictivity(features, responses, rng=0, progress=False, **options)


@pytest.mark.parametrize("noise", [1.0, 2.0])
def test_a_linear_mapping_explains_all_but_the_noise(noise):
    results = [scored(*experiment(400, 5, 10, noise=noise, rng=seed), model="ridge") for seed in range(2)]
    corrected = np.mean([result.corrected_explained_variance.mean() for result in results])
    # 5 slopes from 320 stimuli lose 5 / 320 of the noise in the means, which is a quarter of noise^2.
    assert abs(corrected - (1 - 6 / 320 * noise**2 / 4)) < 0.04
    assert abs(np.mean([result.corrected_correlation.mean() for result in results]) - 1) < 0.03
    raw = np.mean([result.explained_variance.mean() for result in results])
    assert abs(raw - 1 / (1 + noise**2 / 4)) < 0.06


def test_noise_is_taken_off_alike_with_unequal_repeats():
    features, responses = experiment(300, 5, 10, repeats=6, noise=1.0)
    kept = np.random.default_rng(0).random(responses.sizes["trial"]) < 0.5
    assert np.ptp(np.unique(responses.stimulus_id.values[kept], return_counts=True)[1]) >= 4
    responses = responses[kept]
    features = features[np.isin(features.stimulus_id, responses.stimulus_id)]
    assert abs(scored(features, responses).corrected_explained_variance.mean() - 1) < 0.08


def test_the_ceiling_is_the_spearman_brown_corrected_correlation_of_halves():
    features, responses = experiment(300, 2, 8, noise=2.0)
    responses = responses.sortby("stimulus_id")
    values = responses.values.reshape(300, 4, 8)
    halves = [values[:, pair].mean(axis=1) for pair in ([0, 1], [2, 3])]
    r = np.array([np.corrcoef(*(half[:, unit] for half in halves))[0, 1] for unit in range(8)])
    ceiling = scored(features, responses, model="one_to_one").ceiling
    assert abs(ceiling.mean() - (2 * r / (1 + r)).mean()) < 0.04
    assert abs(ceiling.mean() - 0.5) < 0.04


@pytest.mark.parametrize("model", ["ridge", "one_to_one", "assignment", "pls"])
def test_unrelated_features_explain_nothing_and_the_sign_says_so(model):
    results = [
        scored(*experiment(30, 40, 4, related=False, rng=seed), model=model, folds=3) for seed in range(4)
    ]
    values = np.concatenate([result.explained_variance for result in results])
    assert values.mean() < 0.01
    assert (values < 0).any()


def test_unrelated_features_do_not_correlate_while_pooled_folds_correlate_negatively():
    ours, pooled = [], []
    for seed in range(15):
        features, responses = experiment(30, 60, 10, repeats=1, related=False, rng=seed)
        responses = responses.sortby("stimulus_id")
        ours.append(scored(features, responses, folds=3).correlation.mean())
        naive = make_pipeline(StandardScaler(), RidgeCV(60 * np.logspace(-3, 3, 7), alpha_per_target=True))
        folds = KFold(3, shuffle=True, random_state=seed)
        predicted = cross_val_predict(naive, features.values, responses.values, cv=folds)
        pooled.append(
            np.mean([np.corrcoef(predicted[:, u], responses.values[:, u])[0, 1] for u in range(10)])
        )
    assert np.mean(pooled) < -0.1
    assert abs(np.mean(ours)) < 3.5 * np.std(ours) / np.sqrt(len(ours))


def test_the_best_of_many_layers_is_inflated_and_the_chosen_one_is_not():
    picked, chosen = [], []
    for seed in range(3):
        features, responses = experiment(30, 12, 8, repeats=2, related=False, rng=seed)
        features["area"] = ("unit", np.repeat([f"layer{index}" for index in range(6)], 2))
        result = scored(features, responses, each="area", folds=3)
        assert list(result.layer.values[-2:]) == ["layer5", "chosen"]
        picked.append(result.explained_variance[:-1].max("layer").mean())
        chosen.append(result.explained_variance.sel(layer="chosen").mean())
    assert np.mean(picked) > 0.02
    assert np.mean(chosen) < 0


def test_the_layer_that_drives_a_unit_is_chosen():
    features, responses = experiment(features=12, noise=0.3)
    late = features.area.values == "late"
    driven = features[:, late].values @ np.random.default_rng(1).normal(size=(6, 6))
    means = xr.DataArray(driven, {"stimulus_id": features.stimulus_id}, ("stimulus", "unit"))
    result = scored(features, means, each="area")
    assert (result.share.sel(layer="late") == 1).all()
    chosen, alone = (result.explained_variance.sel(layer=name, drop=True) for name in ("chosen", "late"))
    np.testing.assert_array_equal(chosen, alone)
    own = scored(features[:, late], means)
    np.testing.assert_allclose(alone, own.explained_variance)


def test_pls_and_ridge_agree_where_components_are_few_and_clear():
    rng = np.random.default_rng(0)
    features, _ = experiment(90, 30, 5)
    hidden = rng.normal(size=(90, 3))
    features = features.copy(data=hidden @ rng.normal(size=(3, 30)) + 0.01 * rng.normal(size=(90, 30)))
    values = hidden @ rng.normal(size=(3, 5)) + 0.5 * rng.normal(size=(90, 5))
    responses = xr.DataArray(values, {"stimulus_id": features.stimulus_id}, ("stimulus", "unit"))
    ridge, pls = (scored(features, responses, model=model).explained_variance for model in ("ridge", "pls"))
    assert ridge.min() > 0.6
    np.testing.assert_allclose(ridge, pls, atol=0.03)


def test_a_permutation_of_stimuli_kills_what_was_predicted():
    features, responses = experiment(40, 5, 4, noise=0.5)
    result = scored(features, responses, permutations=19, folds=3)
    np.testing.assert_allclose(result.p, 1 / 20)
    assert result.median_p == 1 / 20
    shuffled = features.copy(data=np.random.default_rng(1).permutation(features.values))
    null = scored(shuffled, responses, permutations=19, folds=3)
    assert null.median_p > 0.05
    assert null.median_explained_variance < 0.1


def test_repeats_of_a_stimulus_never_straddle_folds():
    """Were they apart, one feature for each stimulus would tell its response."""
    _, responses = experiment(30, 2, 5, related=False, noise=0.1)
    ids = np.unique(responses.stimulus_id)
    names = xr.DataArray(np.eye(30), {"stimulus_id": ("stimulus", ids)}, ("stimulus", "unit"))
    assert scored(names, responses).explained_variance.max() < 0.05


def test_stimuli_are_matched_by_name_whatever_their_order():
    features, responses = experiment()
    moved = features.isel(stimulus=np.random.default_rng(3).permutation(60))
    xr.testing.assert_allclose(scored(features, responses), scored(moved, responses.sortby("stimulus_id")))


def test_moments_and_steps_are_predicted_each_on_its_own():
    features, responses = experiment(units=3)
    in_time = xr.concat([responses, responses[:, ::-1].values + 0 * responses], "time").assign_coords(
        time=[0.0, 0.1]
    )
    steps = xr.concat([features, features**2], "step")
    for model in ("ridge", "assignment"):
        result = scored(steps, in_time, model=model)
        assert result.explained_variance.dims == ("step", "time", "unit")
        alone = scored(steps[1], in_time[1], model=model)
        np.testing.assert_allclose(result.explained_variance[1, 1], alone.explained_variance)
        np.testing.assert_allclose(
            result.explained_variance_interval[1, 1], alone.explained_variance_interval, atol=1e-12
        )
    assert list(result.time) == [0.0, 0.1]


def test_dims_that_both_have_go_together():
    features, responses = experiment(units=3)
    both = [xr.concat([array, array**2], "time") for array in (features, responses)]
    result = scored(*both)
    assert result.explained_variance.dims == ("time", "unit")
    np.testing.assert_allclose(
        result.explained_variance[1], scored(features**2, responses**2).explained_variance
    )


def test_in_reverse_responses_predict_features():
    features, responses = experiment(features=3, units=8, noise=0.5)
    result = scored(features, responses, direction="reverse")
    assert result.sizes["unit"] == 3
    assert list(result.area.values) == list(features.area.values)
    assert result.explained_variance.min() > 0.6
    assert set(result.reason.values) == {"no stimulus is repeated"}


def test_intervals_hold_what_another_experiment_finds():
    found = []
    for seed in range(12):
        features, responses = experiment(48, 10, 6, rng=100)
        rng = np.random.default_rng(seed)
        values = rng.normal(size=(48, 10))
        weights = np.random.default_rng(7).normal(size=(10, 6))
        again = values @ weights + 2 * rng.normal(size=(48, 6))
        features = features.copy(data=values)
        responses = xr.DataArray(again, {"stimulus_id": features.stimulus_id}, ("stimulus", "unit"))
        found.append(scored(features, responses, folds=4))
    estimates = np.stack([result.explained_variance for result in found])
    bounds = np.stack([result.explained_variance_interval for result in found])
    truth = estimates.mean(axis=0)
    covered = (bounds[..., 0] <= truth) & (truth <= bounds[..., 1])
    # 72 intervals, dependent within an experiment; with mappings left as they are it was .78 to .91.
    assert covered.mean() > 0.9
    assert np.median(bounds[..., 1] - bounds[..., 0]) < 8 * estimates.std(axis=0).mean()


def test_constant_units_are_named_and_units_of_noise_have_no_corrected_score():
    features, responses = experiment(noise=0.5)
    responses[:, 2] = 0.1
    responses[:, 4] = np.random.default_rng(0).normal(size=responses.sizes["trial"])
    with pytest.warns(UserWarning, match="do not vary over stimuli.*: u2"):
        result = scored(features, responses)
    assert result.reason.values[2] == "does not vary over stimuli"
    assert result.reason.values[4] == "ceiling is too low"
    assert np.isnan(result.explained_variance[2])
    assert np.isnan(result.corrected_explained_variance[4])
    assert np.isfinite(result.explained_variance[4])
    assert np.isfinite(result.median_corrected_explained_variance)
    with pytest.raises(RecordingError, match="none of the 6 units"):
        scored(features, 0 * responses)


def test_small_counts_and_large_offsets_lose_no_digits():
    features, responses = experiment()
    counts = (100 + 20 * responses).clip(0, 250).astype("uint8")
    xr.testing.assert_equal(scored(features, counts), scored(features, counts.astype(float)))
    xr.testing.assert_allclose(
        scored(features, responses).explained_variance,
        scored(features, responses + 1e6).explained_variance,
        rtol=1e-5,
    )


def test_the_same_seed_gives_the_same_scores():
    data = experiment()
    once, again, other = (
        rsa.predictivity(*data, rng=seed, progress=False).explained_variance for seed in (1, 1, 2)
    )
    assert once.equals(again)
    assert not once.equals(other)


def test_an_estimator_with_its_own_options_is_taken_as_it_is():
    data = experiment()
    result = scored(*data, model=rsa.RidgePredictivity(penalties=(0.5,)))
    assert set(result.choice.values.ravel()) == {0.5}


def test_what_cannot_be_scored_is_refused_with_the_reason():
    features, responses = experiment()
    with pytest.raises(RecordingError, match="60 stimuli are too few for folds=21: .* from 2 to 20"):
        scored(features, responses, folds=21)
    with pytest.raises(AlignmentError, match="59 stimuli in common.*Only in features: none.*responses: s000"):
        scored(features[1:], responses)
    other = features.assign_coords(stimulus_id=("stimulus", [f"x{index}" for index in range(60)]))
    with pytest.raises(AlignmentError, match="0 stimuli in common"):
        scored(other, responses)
    with pytest.raises(RecordingError, match="features: .*NaN.* s003"):
        scored(features.where(features.stimulus_id != "s003"), responses)
    with pytest.raises(RecordingError, match="the same for all stimuli predict nothing: late"):
        scored(features.where(features.area == "early", 1.0), responses, each="area")
    with pytest.raises(SchemaError, match="features: .*missing dim 'unit'"):
        scored(features.rename(unit="neuroid"), responses)
    with pytest.raises(UnknownNameError, match="Did you mean 'ridge'"):
        scored(features, responses, model="rigde")
    with pytest.raises(UnknownNameError, match="Did you mean 'reverse'"):
        scored(features, responses, direction="revers")

"""Crossnobis: the classical formula, no bias, and what it must not depend on."""

from itertools import combinations

import numpy as np
import pytest
import xarray as xr
from sklearn.covariance import ledoit_wolf

from neurofit import rsa
from neurofit.errors import AlignmentError, RecordingError, SchemaError, UnknownNameError

UNBALANCED = [2, 3, 5, 7, 4, 2, 6]


def folded(responses):
    """Folds with missing cells and several trials in a cell, but each stimulus in two of them or more."""
    order = responses.stimulus_id.to_series().groupby(responses.stimulus_id.values).cumcount().to_numpy()
    stimulus = np.unique(responses.stimulus_id, return_inverse=True)[1]
    return responses.assign_coords(fold=("trial", (order + stimulus) % 3))


def cells(responses):
    """Mean of each stimulus in each fold, centred on all trials, as nested dicts."""
    centred = responses.values - responses.values.mean(axis=0)
    ids, folds = responses.stimulus_id.values, responses.fold.values
    return {
        i: {f: centred[(ids == i) & (folds == f)].mean(axis=0) for f in np.unique(folds[ids == i])}
        for i in np.unique(ids)
    }


def product(x, y, precision):
    return np.mean([x[f] @ precision @ y[g] for f in x for g in y if f != g])


def brute_force(responses, precision):
    x = cells(responses)
    return [
        (product(x[i], x[i], precision) + product(x[j], x[j], precision)
         - product(x[i], x[j], precision) - product(x[j], x[i], precision)) / responses.sizes["unit"]
        for i, j in combinations(sorted(x), 2)
    ]  # fmt: skip


def precision_of(responses):
    """Ledoit-Wolf's, by scikit-learn, with the intensity for the number of independent samples."""
    ids = responses.stimulus_id.values
    residuals = []
    for i in np.unique(ids):
        own = responses.values[ids == i]
        residuals.extend((own - own.mean(axis=0)) * np.sqrt(len(own) / (len(own) - 1)))
    residuals, samples = np.array(residuals), len(residuals)
    _, shrinkage = ledoit_wolf(residuals, assume_centered=True)
    intensity = min(1, shrinkage * samples / (samples - len(np.unique(ids))))
    covariance = np.einsum("ti,tj->ij", residuals, residuals) / samples
    target = np.eye(len(covariance)) * np.trace(covariance) / len(covariance)
    return np.linalg.inv((1 - intensity) * covariance + intensity * target)


@pytest.mark.parametrize("repeats", [[4] * 7, UNBALANCED])
def test_agrees_with_a_loop_over_pairs_of_folds(recording, true_noise, repeats):
    responses, noise = folded(recording(repeats, 5, rng=0)), true_noise(5)
    result = rsa.rdm(responses, measure="crossnobis", noise=noise)
    np.testing.assert_allclose(result, brute_force(responses, noise.values), rtol=0, atol=1e-10)


@pytest.mark.parametrize("stimuli", [7, 13])  # with more than ten, groups of stimuli are held out together
def test_agrees_with_a_loop_where_noise_is_weighed_by_precisions_of_other_stimuli(recording, stimuli):
    responses = folded(recording((UNBALANCED * 2)[:stimuli], 5, rng=1))
    ids = np.unique(responses.stimulus_id)
    group = {i: index % min(10, stimuli) for index, i in enumerate(ids)}
    kept = [
        np.array([group[i] != out for i in responses.stimulus_id.values]) for out in range(min(10, stimuli))
    ]
    unseen = [precision_of(responses[rows]) for rows in kept]
    mean, x = np.mean(unseen, axis=0), cells(responses)
    centred = responses - responses.mean("trial")
    for i in ids:
        middle = centred[responses.stimulus_id.values == i].values.mean(axis=0)
        x[i] = {f: (cell, cell - middle) for f, cell in x[i].items()}
    signal = {i: {f: cell for f, (cell, _) in x[i].items()} for i in ids}
    noise = {i: {f: left for f, (_, left) in x[i].items()} for i in ids}

    def length(i):
        own = product(noise[i], noise[i], unseen[group[i]]) - product(noise[i], noise[i], mean)
        return product(signal[i], signal[i], mean) + own

    expected = [
        (length(i) + length(j) - product(signal[i], signal[j], mean) - product(signal[j], signal[i], mean))
        / 5
        for i, j in combinations(ids, 2)
    ]
    np.testing.assert_allclose(rsa.rdm(responses, measure="crossnobis"), expected, rtol=0, atol=1e-10)


def test_agrees_with_rsatoolbox_for_balanced_data(recording, true_noise):
    pytest.importorskip("rsatoolbox", reason="the peer is not installed: pip install 'neurofit[bench]'")
    import rsatoolbox

    responses, noise = recording([4] * 8, 6, rng=2).sortby("stimulus_id"), true_noise(6)
    responses = responses.assign_coords(fold=("trial", np.tile(np.arange(4.0), 8)))
    descriptors = {name: list(responses[name].values) for name in ("stimulus_id", "fold")}
    dataset = rsatoolbox.data.Dataset(responses.values, obs_descriptors=descriptors)
    peer = rsatoolbox.rdm.calc_rdm(
        dataset, method="crossnobis", descriptor="stimulus_id", noise=noise.values, cv_descriptor="fold"
    )
    result = rsa.rdm(responses, measure="crossnobis", noise=noise)
    np.testing.assert_allclose(result, peer.dissimilarities[0], rtol=0, atol=1e-10)


def test_balanced_distances_are_the_classical_ones(recording, true_noise):
    responses, noise = recording([4] * 5, 3, rng=3).sortby("stimulus_id"), true_noise(3)
    means = responses.values.reshape(5, 4, 3).swapaxes(0, 1)
    total = means.sum(axis=0)
    gram = total @ noise.values @ total.T - sum(fold @ noise.values @ fold.T for fold in means)
    gram /= 4 * 3 * 3
    i, j = np.triu_indices(5, 1)
    expected = np.diag(gram)[i] + np.diag(gram)[j] - 2 * gram[i, j]
    np.testing.assert_allclose(rsa.rdm(responses, measure="crossnobis", noise=noise), expected, atol=1e-12)


@pytest.mark.parametrize("repeats", [[2] * 16, [2] * 8 + [6] * 8, [4] * 12], ids=["2", "2 or 6", "4"])
def test_noise_alone_gives_zero_on_average(recording, true_noise, repeats):
    def means(noise_for):
        values = []
        for seed in range(120):
            responses = recording(repeats, 15, rng=seed)
            values.append(float(rsa.rdm(responses, measure="crossnobis", noise=noise_for(responses)).mean()))
        return np.mean(values) / (np.std(values) / np.sqrt(len(values)))

    assert abs(means(lambda responses: true_noise(15))) < 3.5
    assert abs(means(lambda responses: None)) < 3.5
    # The trap: a precision that has seen the noise.
    assert means(rsa.noise_precision) > 8


def test_signal_is_measured_without_bias(recording, true_noise):
    signal, noise = np.random.default_rng(0).normal(size=(4, 6)), true_noise(6)
    i, j = np.triu_indices(4, 1)
    truth = np.einsum("pu,uv,pv->p", signal[i] - signal[j], noise.values, signal[i] - signal[j]) / 6
    draws = [
        rsa.rdm(recording([2, 3, 4, 6], 6, rng=seed, signal=signal), measure="crossnobis", noise=noise).values
        for seed in range(300)
    ]
    deviation = (np.mean(draws, axis=0) - truth) / (np.std(draws, axis=0) / np.sqrt(300))
    assert np.abs(deviation).max() < 3.5


@pytest.mark.parametrize("given", [True, False])
def test_invariances(recording, true_noise, given):
    responses = folded(recording(UNBALANCED, 5, rng=4))
    noise = true_noise(5) if given else None

    def of(changed):
        return rsa.rdm(changed, measure="crossnobis", noise=noise).values

    expected = of(responses)
    names = np.array(["z", "a", "m"])[responses.fold.values]
    np.testing.assert_allclose(of(responses.assign_coords(fold=("trial", names))), expected, atol=1e-12)
    order = np.random.default_rng(0).permutation(responses.sizes["trial"])
    np.testing.assert_allclose(of(responses.isel(trial=order)), expected, atol=1e-12)
    np.testing.assert_allclose(of(responses + 1e6), expected, atol=1e-7)


def test_noise_whitened_distances_ignore_the_scale_of_all_responses(recording):
    responses = recording(UNBALANCED, 5, rng=5)
    for measure in ("mahalanobis", "crossnobis"):
        scaled = rsa.rdm(1e-3 * responses, measure=measure)
        np.testing.assert_allclose(scaled, rsa.rdm(responses, measure=measure), rtol=1e-9, atol=1e-12)


def test_mahalanobis_is_the_distance_in_the_metric_of_the_precision(recording, true_noise):
    responses, noise = recording([2] * 4, 5, rng=6), true_noise(5)
    means = responses.groupby("stimulus_id").mean().values
    expected = [
        (means[i] - means[j]) @ noise.values @ (means[i] - means[j]) / 5 for i, j in combinations(range(4), 2)
    ]
    np.testing.assert_allclose(rsa.rdm(responses, measure="mahalanobis", noise=noise), expected, rtol=1e-10)


def test_folds_come_from_fold_then_block_then_the_order_of_repeats(recording, true_noise):
    plain, noise = recording([6] * 5, 4, rng=7), true_noise(4)
    of = {"measure": "crossnobis", "noise": noise}
    order = plain.stimulus_id.to_series().groupby(plain.stimulus_id.values).cumcount().to_numpy()
    rng = np.random.default_rng(0)
    block, fold = ("trial", rng.permutation(order)), ("trial", order // 2)
    np.testing.assert_array_equal(
        rsa.rdm(plain, **of), rsa.rdm(plain.assign_coords(fold=("trial", order)), **of)
    )
    both = plain.assign_coords(fold=fold, block=block)
    np.testing.assert_array_equal(rsa.rdm(both, **of), rsa.rdm(plain.assign_coords(fold=fold), **of))
    np.testing.assert_array_equal(
        rsa.rdm(both, fold="block", **of), rsa.rdm(plain.assign_coords(block=block), **of)
    )


def test_stimuli_in_one_fold_are_listed(recording):
    responses = recording([1, 3, 1, 3], 4, rng=8)
    with pytest.raises(RecordingError, match=r"2 of 4 .* order of its repeats: image000, image002\. Leave"):
        rsa.rdm(responses, measure="crossnobis")
    one_block = rsa.repeated(responses).assign_coords(block=("trial", np.zeros(6)))
    with pytest.raises(RecordingError, match=r"2 of 2 .* 'block': image001 \(only in 0.0\), image003"):
        rsa.rdm(one_block, measure="crossnobis")
    assert rsa.rdm(one_block.drop_vars("block"), measure="crossnobis").sizes == {"pair": 1}
    with pytest.raises(UnknownNameError, match="no coord called 'session'"):
        rsa.rdm(responses, measure="crossnobis", fold="session")
    with pytest.raises(SchemaError, match="a fold is needed for each trial"):
        rsa.rdm(responses, measure="crossnobis", fold="unit_id")


def test_noise_has_to_be_of_the_same_units(recording, true_noise):
    responses, noise = recording([3] * 4, 5, rng=9), true_noise(5)
    expected = rsa.rdm(responses, measure="crossnobis", noise=noise)
    mixed = [3, 0, 4, 1, 2]
    reordered = noise.isel(unit=mixed, unit_b=mixed)
    np.testing.assert_allclose(
        rsa.rdm(responses, measure="crossnobis", noise=reordered), expected, atol=1e-12
    )
    with pytest.raises(AlignmentError, match="Only in responses: u4; only in noise: none"):
        rsa.rdm(responses, measure="crossnobis", noise=true_noise(4))
    with pytest.raises(AlignmentError, match="noise has dims"):
        rsa.rdm(responses, measure="crossnobis", noise=responses)
    with pytest.raises(RecordingError, match="not a precision matrix"):
        rsa.rdm(responses, measure="crossnobis", noise=xr.ones_like(noise))
    with pytest.raises(ValueError, match="no use of noise"):
        rsa.rdm(responses, measure="euclidean", noise=noise)


def test_sources_of_the_noise_are_cited(recording):
    responses = recording([3] * 4, 5, rng=9)
    result = rsa.rdm(responses, measure="crossnobis", noise=rsa.noise_precision(responses))
    for source in ("Kriegeskorte", "Walther", "Ledoit"):
        assert source in result.attrs["references"]
    assert "rsa.noise_precision" in result.attrs["history"]
    assert result.attrs["units"] == "squared noise units per unit"

"""Poisson distances against their definition, and what cross-validation is for."""

from itertools import combinations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import entropy, poisson

from neurofit import rsa
from neurofit.errors import RecordingError

RATES = np.random.default_rng(0).gamma(3.0, 2.0, size=(5, 8))


def counts(repeats, *, rates=RATES, rng=0, folds=None):
    rng = np.random.default_rng(rng)
    stimulus = rng.permutation(np.repeat(np.arange(len(rates)), repeats))
    values = rng.poisson(rates[stimulus])
    coords = {"stimulus_id": ("trial", np.array([f"s{index}" for index in stimulus]))}
    responses = xr.DataArray(values, coords, ("trial", "unit"))
    if folds is None:
        return responses
    order = responses.stimulus_id.to_series().groupby(responses.stimulus_id.values).cumcount().to_numpy()
    return responses.assign_coords(fold=("trial", (order + stimulus) % folds))


def with_prior(values, rate=1.0, weight=0.1):
    return (values + rate * weight) / (1 + weight)


def test_is_the_divergence_of_two_poisson_distributions_both_ways_together():
    responses = xr.DataArray([[2.0], [5.0]], {"stimulus_id": ("stimulus", ["a", "b"])}, ("stimulus", "unit"))
    p, q = (poisson.pmf(np.arange(60), rate) for rate in with_prior(np.array([2.0, 5.0])))
    expected = entropy(p, q) + entropy(q, p)
    assert rsa.rdm(responses, measure="poisson").item() == pytest.approx(expected, rel=1e-9)


def test_silent_units_have_the_rate_of_the_prior():
    responses = xr.DataArray(
        [[0.0, 3.0], [4.0, 3.0]], {"stimulus_id": ("stimulus", ["a", "b"])}, ("stimulus", "unit")
    )
    low, high = with_prior(np.array([0.0, 4.0]), 2.0, 0.5)
    expected = (low - high) * np.log(low / high) / 2
    result = rsa.rdm(responses, measure="poisson", prior=(2.0, 0.5))
    assert result.item() == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ValueError, match="silence has no logarithm"):
        rsa.rdm(responses, measure="poisson", prior=(1.0, 0.0))
    with pytest.raises(ValueError, match="no use of prior=: leave it out, or use one of poisson, poisson_cv"):
        rsa.rdm(responses, measure="euclidean", prior=(1.0, 0.1))


def loop(responses):
    """Mean over pairs of different folds of each product, of what is left of the mean over trials."""
    ids, folds = responses.stimulus_id.values, responses.fold.values
    cells = {}
    for i in np.unique(ids):
        for f in np.unique(folds[ids == i]):
            own = responses.values[(ids == i) & (folds == f)]
            cells[i, f] = (len(own), with_prior(own.mean(axis=0)))
    trials = sum(count for count, _ in cells.values())
    middle = [
        sum(count * function(mean) for count, mean in cells.values()) / trials
        for function in (np.array, np.log)
    ]
    rate = {key: mean - middle[0] for key, (_, mean) in cells.items()}
    log = {key: np.log(mean) - middle[1] for key, (_, mean) in cells.items()}

    def product(i, j):
        return np.mean(
            [rate[i, f] @ log[j, g] for a, f in rate for b, g in log if (a, b) == (i, j) and f != g]
        )

    return [
        (product(i, i) + product(j, j) - product(i, j) - product(j, i)) / responses.sizes["unit"]
        for i, j in combinations(np.unique(ids), 2)
    ]


@pytest.mark.parametrize("repeats", [[3] * 5, [4, 6, 5, 7, 2]], ids=["balanced", "unbalanced"])
def test_agrees_with_a_loop_over_pairs_of_folds(repeats):
    responses = counts(repeats, folds=3)
    np.testing.assert_allclose(rsa.rdm(responses, measure="poisson_cv"), loop(responses), rtol=0, atol=1e-12)


def test_balanced_distances_are_the_mean_over_every_pair_of_folds():
    responses = counts([3] * 5, folds=3)
    means = with_prior(
        np.array([
            [responses.values[(responses.stimulus_id == f"s{i}") & (responses.fold == f)].mean(axis=0)
             for i in range(5)] for f in range(3)
        ])
    )  # fmt: skip
    expected = [
        np.mean([
            np.mean((means[f, i] - means[f, j]) * (np.log(means[g, i]) - np.log(means[g, j])))
            for f in range(3) for g in range(3) if f != g
        ])
        for i, j in combinations(range(5), 2)
    ]  # fmt: skip
    result = rsa.rdm(responses, measure="poisson_cv")
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12)

    # The peer keeps what it made of the last fold alone, so that it depends on which fold is called last.
    pytest.importorskip("rsatoolbox", reason="the peer is not installed: pip install 'neurofit[bench]'")
    import rsatoolbox

    def peer(of):
        descriptors = {"stimulus_id": list(of.stimulus_id.values), "fold": list(of.fold.values.astype(float))}
        dataset = rsatoolbox.data.Dataset(of.values.astype(float), obs_descriptors=descriptors)
        given = {"method": "poisson_cv", "descriptor": "stimulus_id", "cv_descriptor": "fold"}
        return rsatoolbox.rdm.calc_rdm(dataset, **given).dissimilarities[0]

    relabelled = responses.assign_coords(fold=(responses.fold + 1) % 3)
    assert np.abs(peer(responses) - peer(relabelled)).max() > 0.01
    np.testing.assert_allclose(rsa.rdm(relabelled, measure="poisson_cv"), result, atol=1e-12)


def test_equal_rates_have_zero_distance_on_average_where_the_plain_one_has_not():
    same = np.tile(RATES[:1], (5, 1))

    def away_from_zero(measure):
        values = [
            float(rsa.rdm(counts([2, 3, 4, 6, 2], rates=same, rng=seed), measure=measure).mean())
            for seed in range(200)
        ]
        return np.mean(values) / (np.std(values) / np.sqrt(len(values)))

    assert abs(away_from_zero("poisson_cv")) < 3.5
    assert away_from_zero("poisson") > 20


def test_many_trials_tell_the_divergence_of_the_true_rates():
    rates = with_prior(RATES)
    truth = [
        np.mean((rates[i] - rates[j]) * np.log(rates[i] / rates[j])) for i, j in combinations(range(5), 2)
    ]
    for measure in ("poisson", "poisson_cv"):
        result = rsa.rdm(counts([4000] * 5, folds=4), measure=measure)
        np.testing.assert_allclose(result, truth, atol=0.05)  # Rates of 16000 trials are within 2 %.


def test_high_rates_lose_no_digits():
    responses = xr.DataArray(
        np.array([[1e6, 2e6], [1e6 + 1, 2e6]]),
        {"stimulus_id": ("stimulus", ["a", "b"])},
        ("stimulus", "unit"),
    )
    low, high = with_prior(np.array([1e6, 1e6 + 1]))
    expected = (high - low) * np.log1p((high - low) / low) / 2
    assert rsa.rdm(responses, measure="poisson").item() == pytest.approx(expected, rel=1e-5)


def test_negative_responses_are_refused_with_their_stimuli():
    responses = counts([3] * 5).astype(float)
    responses[responses.stimulus_id == "s3"] -= 20.0
    for measure in ("poisson", "poisson_cv", ["crossnobis", "poisson"]):
        with pytest.raises(RecordingError, match="negative in 3 of 15 trials, at stimuli s3"):
            rsa.rdm(responses, measure=measure)


def test_what_is_measured_is_said():
    result = rsa.rdm(counts([3] * 5), measure="poisson_cv")
    assert result.attrs["units"] == "nats per unit"
    assert "10.7554/eLife.82566" in result.attrs["references"]
    assert rsa.split_half_reliability(counts([6] * 5), measure="poisson_cv", rng=0, progress=False) > 0.5

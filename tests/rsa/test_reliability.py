import numpy as np
import pytest
import xarray as xr
from scipy.spatial.distance import pdist

from neurofit import rsa
from neurofit.errors import RecordingError

FEW = {"2": [2] * 24, "2 or 3": [2] * 12 + [3] * 12, "2 or 9": [2] * 12 + [9] * 12}


def mean_and_error(values):
    return np.mean(values), np.std(values) / np.sqrt(len(values))


@pytest.mark.parametrize("repeats", FEW.values(), ids=FEW)
def test_noise_alone_is_not_reliable(recording, repeats):
    found = [
        rsa.split_half_reliability(recording(repeats, 20, rng=seed), splits=3, rng=0) for seed in range(150)
    ]
    assert found[0].attrs["measure"] == "mahalanobis"
    mean, error = mean_and_error(found)
    assert abs(mean) < 3.5 * error
    assert error < 0.02


def test_noise_alone_is_not_reliable_in_crossnobis_with_unequal_repeats(recording):
    found = [
        rsa.split_half_reliability(recording([4] * 8 + [10] * 8, 12, rng=seed), splits=2, rng=0)
        for seed in range(60)
    ]
    assert found[0].attrs["measure"] == "crossnobis"
    mean, error = mean_and_error(found)
    assert abs(mean) < 3.5 * error


def test_halves_with_unequal_numbers_would_fake_reliability(recording):
    """The trap that equal numbers of trials keep out of."""

    def naive(responses):
        halves = []
        for first in (True, False):
            means = []
            for stimulus in np.unique(responses.stimulus_id):
                own = responses.values[responses.stimulus_id.values == stimulus]
                middle = len(own) // 2
                means.append((own[:middle] if first else own[middle:]).mean(axis=0))
            halves.append(pdist(means, "sqeuclidean"))
        return np.corrcoef(*halves)[0, 1]

    recordings = [recording(FEW["2 or 9"], 20, rng=seed) for seed in range(20)]
    assert np.mean([naive(responses) for responses in recordings]) > 0.3
    ours = [
        rsa.split_half_reliability(responses, measure="euclidean", rng=0).item() for responses in recordings
    ]
    mean, error = mean_and_error(ours)
    assert abs(mean) < 3.5 * error


def test_a_precision_that_has_seen_both_halves_would_fake_reliability(recording):
    """The trap that a precision from other stimuli keeps out of."""
    naive = []
    for seed in range(40):
        responses = recording(FEW["2"], 20, rng=seed).sortby("stimulus_id")
        noise = rsa.noise_precision(responses)
        halves = (responses.isel(trial=slice(start, None, 2)) for start in (0, 1))
        naive.append(
            rsa.compare(*(rsa.rdm(half, measure="mahalanobis", noise=noise) for half in halves)).item()
        )
    assert np.mean(naive) > 0.1


@pytest.mark.parametrize(
    ("measure", "repeats"), [("crossnobis", 8), ("mahalanobis", 8), ("euclidean", 8), ("correlation", 4)]
)
def test_predicts_how_alike_the_rdms_of_two_recordings_are(recording, measure, repeats):
    signal = 1.5 * np.random.default_rng(0).normal(size=(20, 10))
    predicted, found = [], []
    for seed in range(15):
        pair = [recording([repeats] * 20, 10, rng=1000 * k + seed, signal=signal) for k in (1, 2)]
        found.append(rsa.compare(*(rsa.rdm(responses, measure=measure) for responses in pair)).item())
        predicted.append(rsa.split_half_reliability(pair[0], measure=measure, splits=5, rng=0).item())
    assert 0.5 < np.mean(found) < 0.95
    # Spearman-Brown takes errors to shrink with the trials; those of squared distances also have a part that
    # shrinks with their square, and halves know the noise less well. So it says less, at this signal by .04.
    assert -0.07 < np.mean(predicted) - np.mean(found) < 0.04


def test_says_what_was_measured_of_which_stimuli(recording):
    responses = recording([1, 1, *[5] * 8], 6, rng=0)
    result = rsa.split_half_reliability(responses, splits=2, rng=3)
    assert result.attrs["measure"] == "crossnobis"
    assert (result.attrs["stimuli"], result.attrs["stimuli_left_out"]) == (8, 2)
    assert result.attrs["fewest_repeats"] == 5
    assert '"rng": 3' in result.attrs["history"]
    assert "Walther" in result.attrs["references"]


def test_the_same_seed_gives_the_same_halves(recording):
    responses = recording([4] * 6, 6, rng=0)
    first, again, other = (
        rsa.split_half_reliability(responses, splits=3, rng=seed).item() for seed in (1, 1, 2)
    )
    assert first == again != other
    assert first == rsa.split_half_reliability(responses, splits=3, rng=np.random.default_rng(1)).item()


def test_every_moment_has_its_own_reliability(recording):
    signal = np.random.default_rng(0).normal(size=(8, 10))
    noise, driven = (recording([4] * 8, 10, rng=1, signal=drive) for drive in (None, 5 * signal))
    responses = noise.expand_dims(time=[0.0, 0.1]).copy(data=np.stack([noise.values, driven.values]))
    result = rsa.split_half_reliability(responses, rng=0)
    assert result.dims == ("time",)
    assert list(result.time.values) == [0.0, 0.1]
    assert result[1] > 0.9
    assert result[0] < 0.6


def test_too_few_repeated_stimuli_are_listed(recording):
    with pytest.raises(RecordingError, match=r"needs 3 .*; 2 are repeated: image001, image002"):
        rsa.split_half_reliability(recording([1, 4, 4], 5, rng=0))
    with pytest.raises(RecordingError, match=r"\(mahalanobis\) needs 6 .*; 4 are repeated"):
        rsa.split_half_reliability(recording([1, 2, 4, 4, 4], 5, rng=0))
    with pytest.raises(RecordingError, match="no stimulus has 2 trials or more"):
        rsa.split_half_reliability(recording([1, 1, 1], 5, rng=0))


def test_an_rdm_that_does_not_vary_has_no_reliability():
    stimuli = {"stimulus_id": ("trial", np.repeat(list("abc"), 2))}
    responses = xr.DataArray(np.ones((6, 2)), dims=("trial", "unit"), coords=stimuli)
    with pytest.raises(RecordingError, match="reliability is not defined: an RDM does not vary"):
        rsa.split_half_reliability(responses, measure="euclidean")

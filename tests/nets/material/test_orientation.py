from hashlib import sha256

import numpy as np
import pytest
from scipy.stats import norm

from neurofit import nets
from neurofit.errors import TrainingError

FINE = {"size": 32, "classes": 2, "difference": 3.0, "reference": 45.0, "noise": 0.1}


def orientation_in_power(image):
    """Orientation of the bars from the moments of the power spectrum: knows nothing of how they are drawn."""
    power = np.abs(np.fft.fft2(image, s=(128, 128))) ** 2
    frequency = np.fft.fftfreq(128)
    up, right = -frequency[:, None], frequency[None]
    double = np.arctan2((power * 2 * up * right).sum(), (power * (right**2 - up**2)).sum())
    return (np.degrees(double) / 2 + 90) % 180


def test_default_images_are_what_they_were_before_there_were_options():
    images, _ = nets.tasks["orientation"]().sample(50, np.random.default_rng(5))
    stimuli = nets.tasks["orientation"]().stimuli()
    told = [sha256(np.round(values, 3).tobytes()).hexdigest()[:16] for values in (images, stimuli.values)]
    assert told == ["c5fe68aba80d1edc", "1dbaa7f6af6e91bf"]


def test_fine_classes_lie_half_the_difference_to_each_side_of_the_reference():
    task = nets.tasks["orientation"](**{**FINE, "noise": 0.0})
    images, labels = task.sample(200, np.random.default_rng(0))
    seen = np.array([orientation_in_power(image[0]) for image in images])
    assert images.shape[1:] == task.input_shape == (1, 32, 32)
    for label, angle in enumerate((43.5, 46.5)):
        assert np.median(seen[labels == label]) == pytest.approx(angle, abs=0.3)


def test_coarse_classes_share_the_circle():
    stimuli = nets.tasks["orientation"](classes=4, reference=10.0).stimuli()
    assert sorted(set(stimuli.orientation.values)) == [10.0, 55.0, 100.0, 145.0]
    assert np.bincount(stimuli.label).tolist() == [8, 8, 8, 8]


def test_a_tuning_set_has_slopes_at_the_trained_and_at_the_orthogonal_orientation():
    stimuli = nets.tasks["orientation"](**FINE).stimuli()
    angles = np.unique(stimuli.orientation)
    assert {43.5, 45.0, 46.5, 133.5, 135.0, 136.5} <= set(angles)
    assert np.diff(angles, append=angles[0] + 180).max() <= 7.5, "around the circle"
    assert len(set(stimuli.stimulus_id.values)) == stimuli.sizes["stimulus"] == len(angles) * 4 * 2
    assert set(stimuli.orientation.values[stimuli.label == 0]) == {43.5}
    assert set(stimuli.orientation.values[stimuli.label == 1]) == {46.5}
    assert set(stimuli.label.values) == {-1, 0, 1}


def test_orientations_a_hair_apart_have_names_of_their_own():
    stimuli = nets.tasks["orientation"](**{**FINE, "difference": 0.05}).stimuli()
    assert len(set(stimuli.stimulus_id.values)) == stimuli.sizes["stimulus"]


def test_an_ideal_observer_tells_fine_classes_as_well_as_signal_detection_says():
    """Of known phase, contrast and place, accuracy is that of d' = |difference of images| / noise."""
    task = nets.tasks["orientation"](**{**FINE, "difference": 1.0})
    stimuli = task.stimuli()
    one, two = (
        stimuli.values[(stimuli.label == label) & (stimuli.phase == 0) & (stimuli.contrast == 1)][0]
        for label in (0, 1)
    )
    scale = stimuli.max().item()  # of a centred grating of contrast 1, nearly its amplitude
    noise = FINE["noise"] * scale
    d_prime = np.linalg.norm(one - two) / noise
    seen = one + noise * np.random.default_rng(0).standard_normal((4000, *one.shape))
    right = ((seen - (one + two) / 2) * (one - two)).sum((1, 2, 3)) > 0
    assert right.mean() == pytest.approx(norm.cdf(d_prime / 2), abs=0.02)


@pytest.mark.parametrize(
    "wrong", [{"classes": 1}, {"classes": 3, "difference": 90.0}, {"difference": -3.0}, {"difference": 0.0}]
)
def test_classes_have_to_fit_on_the_circle(wrong):
    with pytest.raises(TrainingError, match="on the circle of 180"):
        nets.tasks["orientation"](**wrong)

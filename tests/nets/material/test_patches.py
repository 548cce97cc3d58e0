import numpy as np
import pytest

from neurofit import nets
from neurofit.errors import TrainingError, UnknownNameError
from neurofit.nets.material._patches import BORDER, whiten


@pytest.mark.parametrize("frequency", [1 / 16, 3 / 16, 6 / 16])
def test_whitening_scales_a_grating_by_its_frequency_up_to_the_cutoff(frequency):
    phase = 2 * np.pi * frequency * np.arange(64)
    grating = 5 + np.cos(phase)[None].repeat(48, axis=0)
    expected = frequency * np.exp(-((frequency / 0.4) ** 4)) * np.cos(phase)
    flat = whiten(grating, 0.4)
    np.testing.assert_allclose(flat, np.tile(expected[BORDER:-BORDER], (32, 1)), atol=1e-12)


def test_whitening_takes_the_correlation_of_neighbouring_pixels_away():
    from sklearn.datasets import load_sample_image

    china = load_sample_image("china.jpg").mean(2)

    def of_neighbours(image):
        return np.corrcoef(image[:, 2:].ravel(), image[:, :-2].ravel())[0, 1]

    assert of_neighbours(china) > 0.85
    assert abs(of_neighbours(whiten(china, 0.4))) < 0.2


@pytest.mark.parametrize("drift", [1.0, 2.5])
def test_the_next_moment_is_the_scene_moved_by_the_drift(drift):
    task = nets.tasks["patches"](size=10, drift=drift)
    now, labels, then = task.sample(50, np.random.default_rng(0))
    assert task.paired
    assert labels.shape == (50, 0)
    moves = set()
    for a, b in zip(now[:, 0], then[:, 0], strict=True):
        padded = np.pad(b, 3, constant_values=np.nan)
        found = [
            (dy, dx)
            for dy in range(-3, 4)
            for dx in range(-3, 4)
            if np.nanmax(abs(padded[3 - dy : 13 - dy, 3 - dx : 13 - dx] - a)) == 0
        ]
        assert any(abs(np.hypot(*move) - drift) <= np.sqrt(0.5) for move in found)
        moves.update(found)
    assert len(moves) > 4, "in any direction"


def test_without_drift_nothing_comes_next():
    task = nets.tasks["patches"](size=8)
    assert not task.paired
    assert len(task.held_out(3, np.random.default_rng(0))) == 2


def test_more_photographs_come_with_scikit_image():
    pytest.importorskip("skimage")
    stimuli = nets.tasks["patches"](photographs="scikit-image").stimuli()
    assert {"camera", "chelsea"} < set(stimuli.photograph.values)


def test_natural_patches_are_sparser_than_noise():
    patches, _ = nets.tasks["patches"]().sample(5000, np.random.default_rng(0))
    assert (patches**4).mean() / (patches**2).mean() ** 2 > 6, "of normal pixels it is 3"


def test_impossible_options_are_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'scikit-learn'"):
        nets.tasks["patches"](photographs="sklearn")
    with pytest.raises(TrainingError, match="cutoff above 0.*not 12, 0.0, -1"):
        nets.tasks["patches"](cutoff=0.0, drift=-1)
    with pytest.raises(TrainingError, match="200 pixels do not fit: the held-out parts take at most"):
        nets.tasks["patches"](size=200)

import numpy as np
import pytest

from neurofit import nets
from neurofit.errors import TrainingError


def shift_of_peak(image, moved):
    """By how many pixels (down, right) an image has moved, from the peak of the correlation."""
    spectrum = np.fft.fft2(moved, (32, 32)) * np.conj(np.fft.fft2(image, (32, 32)))
    peak = np.unravel_index(np.fft.ifft2(spectrum).real.argmax(), (32, 32))
    return tuple((np.array(peak) + 16) % 32 - 16)


def test_gratings_drift_on_by_their_step():
    task = nets.tasks["moving_gratings"](step=90.0, noise=0.0)
    now, labels, later = task.sample(400, np.random.default_rng(0))
    assert later.shape == now.shape
    horizontal, vertical = np.flatnonzero(labels == 0), np.flatnonzero(labels == 4)
    # Ninety degrees of phase are a quarter of the 8 pixels of a cycle.
    assert {shift_of_peak(now[i, 0], later[i, 0]) for i in horizontal} <= {(1, 0), (2, 0), (3, 0)}
    assert {shift_of_peak(now[i, 0], later[i, 0]) for i in vertical} <= {(0, 1), (0, 2), (0, 3)}


def test_four_steps_of_ninety_degrees_come_back():
    stimuli = nets.tasks["moving_gratings"]().stimuli()
    one = stimuli[stimuli.orientation == 45].values
    np.testing.assert_allclose(one[:4], -one[4:], atol=1e-6)


def test_noise_of_two_frames_is_independent():
    now, _, later = nets.tasks["moving_gratings"](step=0.0, noise=0.5).sample(200, np.random.default_rng(0))
    clean, _, _ = nets.tasks["moving_gratings"](step=0.0, noise=0.0).sample(1, np.random.default_rng(0))
    assert np.corrcoef((now - later)[:, 0, 0, :8].ravel(), (now - later)[:, 0, 0, 8:].ravel())[0, 1] < 0.1
    assert (now - later).var() == pytest.approx(2 * 0.25 / (0.25 + clean_power()), rel=0.05)


def clean_power():
    frames = nets.gratings(0.0, np.arange(0, 360, 10.0), 0.68, size=16, cycles=2.0)
    return (frames**2).mean()


@pytest.mark.parametrize("step", [1, 2])
def test_digits_move_by_their_step_and_stay_in_the_frame(step):
    now, _, later = nets.tasks["moving_digits"](step=step).sample(300, np.random.default_rng(0))
    moved = {shift_of_peak(a[0] - a.min(), b[0] - b.min()) for a, b in zip(now, later, strict=True)}
    assert moved == {(-step, -step), (-step, step), (step, -step), (step, step)}
    np.testing.assert_allclose(now.sum((1, 2, 3)), later.sum((1, 2, 3)), rtol=1e-3, atol=1e-2)


def test_digits_are_seen_everywhere():
    now, _, _ = nets.tasks["moving_digits"]().sample(3000, np.random.default_rng(0))
    brightness = now.mean((0, 1))
    np.testing.assert_allclose(brightness, brightness[::-1], atol=0.3)
    assert brightness[6, 6] > brightness[1, 3] > now.min() + 0.01


def test_digits_cannot_leave_the_frame():
    with pytest.raises(TrainingError, match="0 to 2 pixels in its frame, not 3"):
        nets.tasks["moving_digits"](step=3)

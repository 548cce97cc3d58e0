import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofit.nets import gratings

angles = st.floats(-360, 360)


@given(orientation=angles, phase=angles)
def test_half_a_turn_with_the_phase_negated_is_the_same_grating(orientation, phase):
    here = gratings(orientation, phase, 1.0, size=12, cycles=2)
    there = gratings(orientation + 180, -phase, 1.0, size=12, cycles=2)
    np.testing.assert_allclose(here, there, atol=1e-10)


@given(orientation=angles, phase=angles, contrast=st.floats(0, 1))
def test_contrast_scales_and_zero_contrast_is_blank(orientation, phase, contrast):
    full = gratings(orientation, phase, 1.0, size=12, cycles=2)
    scaled = gratings(orientation, phase, contrast, size=12, cycles=2)
    np.testing.assert_allclose(scaled, contrast * full, atol=1e-12)
    assert not gratings(orientation, phase, 0.0, size=12, cycles=2).any()


@pytest.mark.parametrize("orientation", [0, 22.5, 45, 90, 112.5, 157.5])
@pytest.mark.parametrize("cycles", [3, 4.5])
def test_strongest_fourier_component_has_the_orientation_and_frequency(orientation, cycles):
    size, padded = 32, 512
    image = gratings(orientation, 90.0, 1.0, size=size, cycles=cycles)[0]
    power = np.abs(np.fft.fft2(image, s=(padded, padded)))
    frequency = np.fft.fftfreq(padded, 1 / size)
    down, right = (frequency[index] for index in np.unravel_index(power.argmax(), power.shape))
    bars = np.degrees(np.arctan2(-down, right)) + 90
    assert abs((bars - orientation + 90) % 180 - 90) < 1.5
    assert np.hypot(down, right) == pytest.approx(cycles, rel=0.03)


def test_a_quarter_turn_of_the_image_turns_its_orientation_anticlockwise():
    upright = gratings(30.0, 40.0, 1.0, size=15, cycles=2)[0]
    np.testing.assert_allclose(
        np.rot90(upright), gratings(120.0, 40.0, 1.0, size=15, cycles=2)[0], atol=1e-12
    )


def test_dx_and_dy_move_the_grating_right_and_up():
    centred = gratings(30.0, 40.0, 1.0, size=21, cycles=2)[0]
    moved = gratings(30.0, 40.0, 1.0, size=21, cycles=2, dx=2.0, dy=3.0)[0]
    np.testing.assert_allclose(moved[:-3, 2:], centred[3:, :-2], atol=1e-12)


def test_half_a_cycle_of_phase_inverts():
    here, there = gratings(30.0, np.array([0.0, 180.0]), 1.0, size=12, cycles=2)
    np.testing.assert_allclose(here, -there, atol=1e-12)

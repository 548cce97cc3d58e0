"""Figures of fields show the numbers that they are given."""

import numpy as np
import pytest

from neurofit import plot
from neurofit.errors import SchemaError
from neurofit.fields import WeightField, closed_field, perturbed, power, sensitivity


@pytest.fixture(scope="module")
def field():
    made = perturbed(
        closed_field("linear", synapses=6, gradient_share=0.8, rng=3), trials=150, snr=4.0, rng=1
    )
    return WeightField.from_trials(made.w0, made.delta, made.dw)


@pytest.fixture(scope="module")
def result(field):
    return field.decompose(rng=0)


@pytest.fixture(scope="module")
def table(field):
    return sensitivity(field, rng=0, workers=1, progress=False)


def test_parts_have_their_shares_and_run_along_and_across(result):
    ax = plot.field_parts(result)
    gradient, rotation, field = ax.child_axes
    share = float(result.gradient_share)
    assert gradient.get_title() == f"Gradient part: {share:.2f}"
    assert rotation.get_title() == f"Rotational part: {1 - share:.2f}"
    assert "partly a gradient" in field.get_title()
    arrows = rotation.collections[-1]
    at = np.array([arrows.X, arrows.Y])
    assert np.abs((at * [arrows.U, arrows.V]).sum(0)).max() < 1e-9  # A w is at right angles to w


def test_parts_need_a_jacobian():
    made = perturbed(closed_field("linear", synapses=30, rng=3), trials=20, snr=4.0, rng=1)
    few = WeightField.from_trials(made.w0, made.delta, made.dw).decompose(rng=0)
    with pytest.raises(SchemaError, match="no jacobian"):
        plot.field_parts(few)


def test_the_spectrum_is_in_the_plane(result):
    dots = plot.field_spectrum(result).get_lines()[-1]
    np.testing.assert_allclose(dots.get_xdata(), result.eigenvalue_real)
    np.testing.assert_allclose(dots.get_ydata(), result.eigenvalue_imaginary)


def test_shares_stand_beside_a_random_field(result, table):
    one = plot.field_shares(result)
    assert [text.get_text() for text in one.get_yticklabels()] == ["field"]
    many = plot.field_shares(table)
    assert [text.get_text() for text in many.get_yticklabels()] == table.alternative.values.tolist()
    ticks = next(line for line in many.get_lines() if line.get_marker() == "|")
    np.testing.assert_allclose(ticks.get_xdata(), table.gradient_share_null)


def test_shares_settle_with_trials(table):
    line = plot.field_samples(table).get_lines()[0]
    assert line.get_xdata().tolist() == [38, 75, 150]


def test_power_is_drawn_by_trials():
    found = power(synapses=10, trials=(10, 40), draws=5, rng=0, workers=1, progress=False)
    lines = plot.field_power(found).get_lines()
    np.testing.assert_allclose(lines[0].get_ydata(), found.power)
    np.testing.assert_allclose(lines[2].get_ydata(), found.false_positives)

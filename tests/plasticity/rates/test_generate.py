"""The generative model is the published one."""

import numpy as np
import pytest

from neurofit.plasticity.rates import _generate

MEDIANS = (76.0, 0.82, 2.5, 0.83, 0.28, 27.0)


def median_unit():
    return _generate.Population(*(np.array([[value]]) for value in MEDIANS))


def test_the_rule_is_zero_at_the_threshold_and_turns_from_depression_to_potentiation():
    unit = median_unit()
    threshold = unit.threshold()
    assert unit.change(threshold[:, None]) == pytest.approx(0, abs=1e-12)
    assert unit.change(np.array([[-9.0]])) == pytest.approx(2 * (0.83 - 1), abs=1e-3)
    assert unit.change(np.array([[9.0]])) == pytest.approx(2 * 0.83, abs=1e-3)


def test_inputs_and_rates_are_inverse():
    unit = median_unit()
    h = np.linspace(-3, 3, 7)[None]
    np.testing.assert_allclose(unit.input_of(unit.rate(h)), h)


@pytest.mark.parametrize("drive", list(_generate.inputs))
def test_inputs_have_mean_0_and_variance_1(drive):
    drawn = _generate.inputs[drive]((1, 200_000), np.random.default_rng(0))
    assert drawn.mean() == pytest.approx(0, abs=0.01)
    assert drawn.var() == pytest.approx(1, abs=0.02)


def test_counts_have_the_mean_and_the_variance_of_poisson_counts(make_counts):
    _, counts = make_counts(units=3, stimuli=50, trials=2000)
    mean, variance = counts.mean("trial"), counts.var("trial", ddof=1)
    assert float(variance.sum() / mean.sum()) == pytest.approx(1, abs=0.02)
    assert counts.attrs["window"] == 0.12


def test_trials_that_were_not_shown_are_missing(make_counts):
    _, counts = make_counts(units=1, stimuli=30, trials=(20, 5))
    shown = counts.notnull().sum("trial")[0]
    assert set(shown[~counts.familiar].values) == {20}
    assert set(shown[counts.familiar].values) == {5}

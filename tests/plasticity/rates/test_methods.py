"""Intervals of thresholds."""

import numpy as np

from neurofit.plasticity.rates._kernels import GRID
from neurofit.plasticity.rates._methods import threshold_bounds

RATES = np.tile(np.exp(GRID), (100, 1))


def test_an_interval_is_open_where_draws_do_not_cross():
    crosses = np.tile(GRID - 1, (100, 1))
    assert np.isfinite(threshold_bounds(crosses, RATES)).all()
    never = crosses.copy()
    never[:5] = -1.0
    bounds = threshold_bounds(never, RATES)
    assert np.isinf(bounds[:, 1]).all()
    np.testing.assert_allclose(bounds[2, 0], 1.0)
    never[:5] = 1.0
    assert threshold_bounds(never, RATES)[0, 0] == 0


def test_there_is_no_interval_without_draws():
    assert np.isnan(threshold_bounds(np.empty((0, 41)), np.empty((0, 41)))).all()

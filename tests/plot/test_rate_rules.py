"""Figures of rules from rates show the numbers that they are given."""

import numpy as np
import pytest
import xarray as xr

from neurofit import plot
from neurofit.errors import SchemaError


@pytest.fixture
def curve():
    x = np.linspace(-2, 2, 41)
    rate = 20 * np.exp(x / 2)
    change = np.stack([np.tanh(x - 0.5), np.tanh(x)])
    outside = np.tile(x > 1.5, (2, 1))
    each = ("unit", "input")
    return xr.Dataset(
        {
            "change": (each, change, {"units": "sd of the input"}),
            "interval": ((*each, "bound"), np.stack([change - 0.1, change + 0.1], axis=-1)),
            "rate": (each, np.tile(rate, (2, 1))),
            "familiar_rate": (each, np.tile(rate, (2, 1)) * np.exp(change / 4)),
            "extrapolated": (each, outside),
        },
        {"input": x, "bound": ["lower", "upper"]},
    )


@pytest.fixture
def threshold():
    hz = 20 * np.exp([0.25, 0.0])
    interval = np.stack([hz - 2, hz + 2], axis=-1)
    return xr.Dataset(
        {"hz": ("unit", hz), "hz_interval": (("unit", "bound"), interval)}, {"bound": ["lower", "upper"]}
    )


def lines(ax, style):
    return [line for line in ax.get_lines() if line.get_linestyle() == style]


def test_the_curve_is_broken_where_no_data_are(curve):
    ax = plot.rate_rule(curve, unit=1)
    solid = [line for line in lines(ax, "-") if len(line.get_xdata()) == 41][0]
    dashed = lines(ax, "--")[0]
    inside = ~np.isnan(solid.get_ydata())
    np.testing.assert_array_equal(inside, curve.input <= 1.5)
    np.testing.assert_allclose(solid.get_ydata()[inside], np.tanh(curve.input[inside]))
    assert np.nanmin(dashed.get_xdata()[~np.isnan(dashed.get_ydata())]) <= 20 * np.exp(1.5 / 2)


def test_the_threshold_stands_where_the_curve_crosses(curve, threshold):
    ax = plot.rate_rule(curve, threshold=threshold, unit=0)
    dot = next(line for line in ax.get_lines() if line.get_marker() == "o")
    assert dot.get_xdata()[0] == pytest.approx(20 * np.exp(0.25))
    assert "threshold 25.7 Hz" in [text.get_text() for text in ax.texts]


def test_a_threshold_that_is_not_known_is_not_drawn(curve, threshold):
    ax = plot.rate_rule(curve, threshold=threshold * np.nan)
    assert not ax.texts
    assert not [line for line in ax.get_lines() if line.get_marker() == "o"]


def test_a_threshold_known_on_one_side_is_drawn_to_the_end_of_the_curve(curve, threshold):
    threshold["hz_interval"][0] = [0.0, np.inf]
    ax = plot.rate_rule(curve, threshold=threshold)
    bar = ax.get_lines()[-1].get_xdata()
    np.testing.assert_allclose(bar, [curve.rate[0].min(), curve.rate[0].max()])


def test_the_map_sets_rates_of_equal_rank_beside_each_other(curve):
    ax = plot.quantile_map(curve, unit=1)
    solid = [line for line in lines(ax, "-") if len(line.get_xdata()) == 41][0]
    x, y = solid.get_xdata(), solid.get_ydata()
    inside = ~np.isnan(x)
    np.testing.assert_allclose(y[inside] / x[inside], np.exp(np.tanh(curve.input[inside]) / 4))


def comparison(bic):
    names = ["none", "constant", "rule"]
    dims = ("unit", "alternative") if np.ndim(bic) > 1 else ("alternative",)
    return xr.Dataset({"bic": (dims, bic)}, {"alternative": names})


def test_alternatives_stand_as_far_off_as_they_are_worse():
    ax = plot.alternatives(comparison(np.array([[5.0, 0.0, 20.0], [1.0, 2.0, 4.0], [3.0, 3.5, 9.0]])))
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == ["none (2)", "constant (1)", "rule (0)"]
    drawn = np.concatenate([line.get_xdata() for line in ax.get_lines() if line.get_marker() == "o"])
    np.testing.assert_allclose(np.sort(drawn), [0, 0, 0, 0.5, 1, 3, 5, 6, 20])


def test_one_comparison_has_a_point_for_each_alternative():
    ax = plot.alternatives(comparison(np.array([5.0, 0.0, 20.0])))
    assert [text.get_text() for text in ax.get_yticklabels()] == ["none", "constant", "rule"]


def test_rules_of_behaviour_are_drawn_by_their_evidence():
    given = comparison(np.array([5.0, 0.0, 20.0]))
    ax = plot.alternatives(xr.Dataset({"log_marginal": -given.bic / 2}))
    drawn = np.concatenate([line.get_xdata() for line in ax.get_lines() if line.get_marker() == "o"])
    np.testing.assert_allclose(np.sort(drawn), [0, 5, 20])
    assert ax.get_xlabel().startswith("-2 log evidence")


def test_what_is_no_result_is_refused(curve):
    with pytest.raises(SchemaError, match="curve_ of plasticity.RateRule"):
        plot.rate_rule(xr.Dataset())
    with pytest.raises(SchemaError, match="familiar_rate"):
        plot.quantile_map(curve.drop_vars("familiar_rate"))
    with pytest.raises(SchemaError, match="comparison with 'bic'"):
        plot.alternatives(xr.Dataset())

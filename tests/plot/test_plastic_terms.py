"""Figures of rules from trajectories and choices show the numbers that they are given."""

import numpy as np
import pytest
import xarray as xr

from neurofit import plot
from neurofit.errors import SchemaError


def terms(names, coefficients, aliases):
    told = np.array(aliases, dtype=str)
    columns = {"coefficient": coefficients, "standard_error": np.full(len(names), 0.1), "aliases": told}
    return xr.Dataset({key: ("term", value) for key, value in columns.items()}, {"term": names})


def test_coefficients_stand_with_two_errors_on_either_side():
    ax = plot.learning_terms(terms(["pre post", "post^2 weight"], [1.0, -1.0], ["", "pre^2"]))
    assert [text.get_text() for text in ax.get_yticklabels()] == ["pre post", "post^2 weight\n(or pre^2)"]
    bars = ax.collections[0].get_segments()
    np.testing.assert_allclose([bar[:, 0] for bar in bars], [[0.8, 1.2], [-1.2, -0.8]])


def test_no_term_is_said_to_be_none():
    ax = plot.learning_terms(terms([], [], []))
    assert [text.get_text() for text in ax.texts] == ["no term found"]


def test_observables_stand_by_the_accuracy_that_they_are_worth():
    worth = np.array([0.3, 0.1, -0.02])
    given = xr.Dataset(
        {
            "importance": ("kind", worth),
            "interval": (("kind", "bound"), np.stack([worth - 0.05, worth + 0.05], axis=1)),
        },
        {"kind": ["weight_mean", "change", "activation"], "bound": ["lower", "upper"]},
    )
    ax = plot.observables(given, most=2)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["weight mean", "change"]
    dots = next(line for line in ax.get_lines() if line.get_marker() == "o")
    np.testing.assert_allclose(dots.get_xdata(), worth[:2])
    np.testing.assert_allclose(ax.collections[0].get_segments()[0][:, 0], [0.25, 0.35])


@pytest.fixture
def policy():
    weight = np.stack([np.linspace(0, 1, 30), np.linspace(0, 2, 30)], axis=1)
    dims = ("trial", "regressor")
    return xr.Dataset(
        {
            "weight": (dims, weight),
            "weight_interval": ((*dims, "bound"), np.stack([weight - 1, weight + 1], axis=-1)),
        },
        {
            "regressor": ["bias", "contrast"],
            "bound": ["lower", "upper"],
            "session_id": ("trial", ["a"] * 10 + ["b"] * 20),
        },
    )


def test_weights_are_drawn_over_trials_with_sessions_apart(policy):
    ax = plot.policy_weights(policy)
    drawn = {line.get_label(): line.get_ydata() for line in ax.get_lines()}
    np.testing.assert_allclose(drawn["contrast"], np.linspace(0, 2, 30))
    assert [line.get_xdata()[0] for line in ax.get_lines() if line.get_linestyle() == ":"] == [10]


def test_what_is_no_result_is_refused(policy):
    with pytest.raises(SchemaError, match="TaylorRule.result_"):
        plot.learning_terms(xr.Dataset())
    with pytest.raises(SchemaError, match="RuleClassifier"):
        plot.observables(xr.Dataset())
    with pytest.raises(SchemaError, match="without weight_interval"):
        plot.policy_weights(policy.drop_vars("weight_interval"))

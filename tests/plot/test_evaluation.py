"""Figures of models against subjects."""

import numpy as np
import pytest
import xarray as xr

from neurofit import plot, rsa
from neurofit.errors import SchemaError
from neurofit.plot._evaluation import _letters


@pytest.fixture(scope="module")
def evaluated():
    rng = np.random.default_rng(0)
    names = np.array([f"s{number:02d}" for number in range(30)])
    first, second = np.triu_indices(30, 1)
    pairs = {"stimulus_a": ("pair", names[first]), "stimulus_b": ("pair", names[second])}
    truth = rng.random((2, len(first)))
    models = xr.DataArray([truth[1], truth[0]], {**pairs, "model": ["unrelated", "right"]}, ("model", "pair"))
    data = truth[0] + 0.5 * rng.normal(size=(2, 6, len(first)))
    times = {"time": [0.0, 0.1], "subject": list("abcdef")}
    people = xr.DataArray(data, {**pairs, **times}, ("time", "subject", "pair"))
    return rsa.evaluate(models, people, draws=100, rng=0, progress=False)


def test_models_are_ranked_with_the_best_on_top(evaluated):
    ax = plot.evaluation(evaluated.isel(time=0))
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["unrelated", "right"]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_markerfacecolor() == "w" for dot in dots] == [True, False]
    np.testing.assert_allclose([dot.get_xdata()[0] for dot in dots], evaluated.estimate.isel(time=0))


def test_the_ceiling_is_shown_where_there_is_one(evaluated):
    ax = plot.evaluation(evaluated.isel(time=0))
    assert "noise ceiling" in [text.get_text() for text in ax.texts]
    without = evaluated.isel(time=0).assign(ceiling_lower=np.nan, ceiling_upper=np.nan)
    assert "noise ceiling" not in [text.get_text() for text in plot.evaluation(without).texts]


def test_models_share_a_letter_where_they_are_alike():
    """Worst first: 0 and 1 alike, 1 and 2 alike, 0 and 2 apart, 3 apart from all."""
    alike = np.eye(4, dtype=bool)
    alike[0, 1] = alike[1, 0] = alike[1, 2] = alike[2, 1] = True
    assert _letters(alike) == ["c", "bc", "b", "a"]


def test_time_runs_along_the_axis(evaluated):
    ax = plot.time_course(evaluated)
    right = next(line for line in ax.lines if line.get_label() == "right")
    np.testing.assert_allclose(right.get_ydata(), evaluated.estimate.sel(model="right"))
    assert ax.get_xlabel() == "time (s)"


def test_other_dims_are_refused(evaluated):
    with pytest.raises(SchemaError, match=r"dims \['model'\]; got \['model', 'time'\]"):
        plot.evaluation(evaluated)
    with pytest.raises(SchemaError, match="got no estimate"):
        plot.time_course(evaluated.drop_vars("estimate"))

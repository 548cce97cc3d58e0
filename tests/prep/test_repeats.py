"""Repeats side by side are the trials themselves, each once."""

import numpy as np
import pytest
import xarray as xr

import neurofit as nf
from neurofit.errors import SchemaError, UnknownNameError

IDS = ["b", "a", "b", "c", "b", "a"]


@pytest.fixture
def responses():
    values = np.random.default_rng(0).integers(0, 256, (len(IDS), 3)).astype(np.uint8)
    coords = {
        "stimulus_id": ("trial", IDS),
        "familiar": ("trial", [name == "a" for name in IDS]),
        "trial_id": ("trial", np.arange(6)),
        "area": ("unit", ["V1", "V1", "LM"]),
    }
    attrs = {"units": "spikes", "long_name": "spike count", "bin": 0.12, "window": "[0.0, 0.12]"}
    return xr.DataArray(values, coords, ("trial", "unit"), attrs=attrs)


def test_every_trial_stands_in_its_place(responses):
    made = nf.prep.repeats(responses)
    assert made.dims == ("stimulus", "trial", "unit")
    assert made.stimulus_id.values.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(made[1].values, responses.values[[0, 2, 4]])
    np.testing.assert_array_equal(made[0, :2].values, responses.values[[1, 5]])
    assert np.isnan(made.values).sum() == (1 + 2) * 3


def test_their_means_are_the_averages(responses):
    means = nf.prep.average(responses)
    np.testing.assert_allclose(nf.prep.repeats(responses).mean("trial"), means)


def test_coords_are_kept_where_repeats_agree(responses):
    made = nf.prep.repeats(responses)
    assert made.familiar.values.tolist() == [True, False, False]
    assert "trial_id" not in made.coords
    assert made.area.dims == ("unit",)


def test_the_window_of_one_bin_is_told(responses):
    assert nf.prep.repeats(responses).attrs["window"] == 0.12
    in_time = responses.expand_dims(time=[0.0], axis=2)
    assert nf.prep.repeats(in_time).attrs["window"] == "[0.0, 0.12]"


def test_says_what_is_missing(responses):
    with pytest.raises(SchemaError, match="no repeats without dim 'trial'"):
        nf.prep.repeats(responses.rename(trial="stimulus"))
    with pytest.raises(SchemaError, match="no trials"):
        nf.prep.repeats(responses[:0])
    with pytest.raises(UnknownNameError, match="stimulus_id"):
        nf.prep.repeats(responses, by="stimulus")

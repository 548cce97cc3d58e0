"""Halves share no trial, and have equally many repeats of each stimulus."""

import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import neurofit as nf
from neurofit.errors import RecordingError


def responses(names):
    coords = {"stimulus_id": ("trial", names), "trial_id": ("trial", np.arange(len(names)))}
    return xr.DataArray(np.arange(len(names))[:, np.newaxis], coords, ("trial", "unit"))


@given(st.lists(st.sampled_from("abcd"), min_size=5, max_size=40), st.integers(0, 2**32))
def test_halves_are_disjoint_and_balanced(names, seed):
    a, b = nf.prep.split_half(responses(names), rng=seed)
    assert not set(a["trial_id"].values) & set(b["trial_id"].values)
    for name in set(names):
        expected = names.count(name) // 2
        assert (a["stimulus_id"] == name).sum() == (b["stimulus_id"] == name).sum() == expected
    assert (np.diff(a["trial_id"]) > 0).all()
    np.testing.assert_array_equal(a.squeeze("unit"), a["trial_id"])


def test_each_trial_is_as_likely_in_one_half_as_in_the_other():
    given_names = responses(list("aaa"))
    rng = np.random.default_rng(0)
    drawn = [nf.prep.split_half(given_names, rng=rng)[0]["trial_id"].item() for _ in range(600)]
    # Three trials, one of them in the first half: 200 draws each, with a standard deviation of 11.5.
    assert np.abs(np.bincount(drawn, minlength=3) - 200).max() < 4 * 11.5


def test_the_same_seed_gives_the_same_halves():
    names = list("ab" * 20)
    first, again = (nf.prep.split_half(responses(names), rng=3) for _ in range(2))
    assert all(half.identical(other) for half, other in zip(first, again, strict=True))
    assert nf.provenance.history(first[0])[-1]["rng"] == 3
    assert not first[0].identical(nf.prep.split_half(responses(names), rng=4)[0])


def test_stimuli_shown_once_are_left_out_and_told():
    a, b = nf.prep.split_half(responses(["a", "b", "a"]), rng=0)
    assert a.sizes["trial"] == b.sizes["trial"] == 1
    (entry,) = json.loads(a.attrs["left_out"])
    assert (entry["issue"], entry["rows"]) == ("shown once", [1])


def test_what_was_left_out_before_stays_told():
    before = json.dumps([{"issue": "reversed", "where": "trials", "rows": [9], "action": "left out"}])
    given_names = responses(["a", "b", "a"]).assign_attrs(left_out=before)
    assert len(json.loads(nf.prep.split_half(given_names, rng=0)[0].attrs["left_out"])) == 2
    assert given_names.attrs["left_out"] == before


def test_without_repeats_there_are_no_halves():
    with pytest.raises(RecordingError, match="none of the 2 stimuli was shown twice"):
        nf.prep.split_half(responses(["a", "b"]), rng=0)

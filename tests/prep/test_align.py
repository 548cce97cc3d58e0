"""Brain and model are matched by name, and every mismatch is listed."""

import numpy as np
import pytest
import xarray as xr

import neurofit as nf
from neurofit.errors import AlignmentError, UnknownNameError


def named(names, dim="stimulus"):
    values = np.arange(2.0 * len(names)).reshape(len(names), 2)
    return xr.DataArray(values, dims=(dim, "unit"), coords={"stimulus_id": (dim, names)})


def test_the_second_takes_the_order_of_the_first():
    a, b = named(["cat", "dog", "owl"]), named(["owl", "cat", "dog"])
    first, second = nf.prep.align(a, b)
    assert first.identical(a)
    assert second["stimulus_id"].values.tolist() == ["cat", "dog", "owl"]
    for name in ("cat", "dog", "owl"):
        np.testing.assert_array_equal(
            second[(second["stimulus_id"] == name).values], b[(b["stimulus_id"] == name).values]
        )


def test_shuffling_the_second_changes_nothing():
    names = [f"s{index}" for index in range(20)]
    a, b = named(names), named(names)
    shuffled = b.isel(stimulus=np.random.default_rng(0).permutation(20))
    np.testing.assert_array_equal(nf.prep.align(a, shuffled)[1], b)


def test_every_missing_stimulus_is_listed_both_ways():
    shown = [f"shown{index}" for index in range(60)]
    with pytest.raises(AlignmentError) as caught:
        nf.prep.align(named([*shown, "cat"]), named(["cat", "owl"]))
    for words in ("60 missing from the second", "1 missing from the first: owl", *shown):
        assert words in str(caught.value)


def test_a_model_may_know_more_stimuli_than_were_shown():
    a, b = named(["cat"]), named(["owl", "cat"])
    with pytest.raises(AlignmentError, match="extra='drop'"):
        nf.prep.align(a, b)
    assert nf.prep.align(a, b, extra="drop")[1]["stimulus_id"].values.tolist() == ["cat"]
    with pytest.raises(AlignmentError, match="1 missing from the second: owl"):
        nf.prep.align(b, a, extra="drop")
    with pytest.raises(UnknownNameError, match="Did you mean 'drop'"):
        nf.prep.align(a, b, extra="drops")


def test_names_that_occur_twice_are_listed():
    with pytest.raises(AlignmentError, match=r"1 more than once in the first: cat[\s\S]*prep\.average"):
        nf.prep.align(named(["cat", "cat"]), named(["cat"]))
    with pytest.raises(AlignmentError, match="1 more than once in the second: cat"):
        nf.prep.align(named(["cat"]), named(["cat", "cat"]), extra="drop")


def test_numbers_and_text_that_read_alike_are_one_stimulus():
    second = nf.prep.align(named(["2", "10"]), named(np.array([10, 2])))[1]
    assert second["stimulus_id"].values.tolist() == [2, 10]


def test_a_dataset_may_be_aligned():
    b = named(["owl", "cat"]).to_dataset(name="activation")
    assert nf.prep.align(named(["cat", "owl"]), b)[1]["stimulus_id"].values.tolist() == ["cat", "owl"]


def test_without_names_there_is_nothing_to_match():
    with pytest.raises(UnknownNameError, match="no coord called 'image'"):
        nf.prep.align(named(["cat"]), named(["cat"]), on="image")

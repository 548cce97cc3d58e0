import numpy as np
import pytest
import xarray as xr

from neurofit import io, prep, schema
from neurofit.errors import SchemaError


def responses(**changes):
    coords = {
        "stimulus_id": ("trial", ["cat", "dog", "cat"]),
        "reward": ("trial", [1.0, np.nan, 0.0]),
        "unit_id": ("unit", [7, 9], {"long_name": "id"}),
        "area": ("unit", ["V1", "IT"]),
        "good": ("unit", [True, False]),
        "subject": "M7",
        "time": ("time", [-0.01, 0.0, 0.01, 0.02], {"units": "s"}),
        "map": (("unit", "time"), np.ones((2, 4))),
    }
    values = np.arange(24, dtype=np.uint8).reshape(3, 2, 4)
    attrs = {"units": "spikes", "long_name": "count", "bin": 0.01}
    return xr.DataArray(values, coords | changes, ("trial", "unit", "time"), name="r", attrs=attrs)


MADE = {
    "trials": responses(),
    "no time": responses().isel(time=0, drop=True),
    "one bin": responses().isel(time=[0]),
    "averages": prep.average(responses()),
    "turned": responses().transpose("time", "unit", "trial"),
    "their names": responses(region=("unit", ["a", "b"]), repetition=("trial", [5, 6, 7])),
    "both names": responses(region=("unit", ["a", "b"]), region_=("unit", ["c", "d"])),
    "own time": responses(time_bin_start=("time", [1, 2, 3, 4])),
    "activations": responses().isel(time=0, drop=True).isel(trial=[0, 1]).rename(trial="stimulus"),
}


@pytest.mark.parametrize("index", [False, True])
@pytest.mark.parametrize("kind", MADE)
def test_there_and_back_is_identical(kind, index):
    made = MADE[kind]
    before = made.copy(deep=True)
    back = io.from_brainio(io.to_brainio(made, index=index))
    xr.testing.assert_identical(back, made)
    assert {name: coord.dtype for name, coord in back.coords.items()} == {
        name: coord.dtype for name, coord in made.coords.items()
    }
    assert set(back.xindexes) == set(made.xindexes)
    assert made.identical(before)


def test_names_are_those_of_the_convention():
    made = io.to_brainio(responses())
    assert made.dims == ("presentation", "neuroid", "time_bin")
    assert made["neuroid_id"].dims == made["region"].dims == ("neuroid",)
    assert made["repetition"].values.tolist() == [0, 0, 1]
    assert made["time_bin_start"].values.tolist() == [-10, 0, 10, 20]
    assert made["time_bin_end"].values.tolist() == [0, 10, 20, 30]
    assert made["animal"].item() == "M7"
    np.testing.assert_array_equal(made.values, responses().values)


def test_with_an_index_levels_can_be_selected():
    made = io.to_brainio(responses(), index=True)
    assert made.sel(region="IT").sizes["neuroid"] == 1
    assert made.sel(stimulus_id="cat").sizes["presentation"] == 2
    chosen = io.from_brainio(made.sel(neuroid=made["region"] == "IT"))
    assert chosen.identical(responses().isel(unit=[1]))


def test_what_was_saved_in_between_comes_back_too(tmp_path):
    path = io.save(io.to_brainio(responses()), tmp_path / "assembly.nc")
    assert io.from_brainio(io.load(path)).identical(responses())


def foreign(**changes):
    """As Brain-Score's own data come: all coords levels of MultiIndexes, milliseconds, objects in attrs."""
    coords = {
        "stimulus_id": ("presentation", np.array(["a", "b", "a"], dtype=object)),
        "repetition": ("presentation", [0, 0, 1]),
        "neuroid_id": ("neuroid", ["IT-1", "IT-2"]),
        "region": ("neuroid", ["IT", "IT"]),
        "animal": ("neuroid", ["x", "y"]),
        "time_bin_start": ("time_bin", [70, 170]),
        "time_bin_end": ("time_bin", [170, 270]),
    }
    values = np.arange(12.0).reshape(3, 2, 2)
    array = xr.DataArray(values, coords | changes, ("presentation", "neuroid", "time_bin"))
    return array.set_index(
        presentation=["stimulus_id", "repetition"],
        neuroid=["neuroid_id", "region", "animal"],
        time_bin=["time_bin_start", "time_bin_end"],
    )


def test_an_assembly_of_others_becomes_responses():
    made = io.from_brainio(foreign())
    schema.check(made, "responses")
    schema.check(made, "results")
    assert made.dims == ("trial", "unit", "time")
    assert made["area"].values.tolist() == ["IT", "IT"]
    assert made["subject"].values.tolist() == ["x", "y"]
    assert made["time"].values.tolist() == [0.07, 0.17]
    assert made.attrs["bin"] == 0.1
    assert made["stimulus_id"].dtype.kind == "U"
    np.testing.assert_array_equal(prep.average(made).sel(stimulus=0), foreign().values[[0, 2]].mean(0))


def test_a_subclass_with_objects_in_its_attributes_becomes_plain(tmp_path):
    class Assembly(xr.DataArray):
        __slots__ = ()

    own = Assembly(foreign()).assign_attrs(stimulus_set=object(), stimulus_set_identifier="hvm")
    with pytest.warns(UserWarning, match="left out: stimulus_set"):
        made = io.from_brainio(own)
    assert type(made) is xr.DataArray
    assert made.attrs["stimulus_set_identifier"] == "hvm"
    assert io.load(io.save(made, tmp_path / "made.nc")).identical(made)


def test_stimuli_that_come_once_are_stimuli_and_the_older_name_is_known():
    once = xr.DataArray(
        np.ones((2, 1)), {"image_id": ("presentation", ["p", "q"])}, ("presentation", "neuroid")
    )
    made = io.from_brainio(once)
    assert made.dims == ("stimulus", "unit")
    assert made["stimulus_id"].values.tolist() == ["p", "q"]
    twice = once.assign_coords(image_id=("presentation", ["p", "p"]))
    assert io.from_brainio(twice).dims == ("trial", "unit")
    counted = once.assign_coords(repetition=("presentation", [0, 0]))
    assert io.from_brainio(counted).dims == ("trial", "unit")


def test_what_is_no_assembly_is_refused_with_all_that_is_missing():
    with pytest.raises(SchemaError, match="missing dim 'presentation', coord 'stimulus_id'"):
        io.from_brainio(xr.DataArray(np.ones((2, 2)), dims=("trial", "neuroid")))
    with pytest.raises(SchemaError, match="BrainIO knows no dim model"):
        io.to_brainio(responses().expand_dims("model"))
    bare = responses().isel(time=[0])
    with pytest.raises(SchemaError, match="width of the time bin is not known"):
        io.to_brainio(bare.drop_attrs(deep=False))


def test_without_a_width_a_bin_ends_where_the_next_begins():
    made = io.to_brainio(responses().drop_attrs(deep=False))
    assert made["time_bin_end"].values.tolist() == [0, 10, 20, 30]

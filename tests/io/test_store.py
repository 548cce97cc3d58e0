"""What is loaded is identical to what was saved; a write that fails leaves no trace."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import neurofit as nf
from neurofit.errors import RecordingError, ResultsExistError, SchemaError, UnknownNameError

FORMATS = pytest.mark.parametrize("suffix", [".nc", ".zarr"])


def variables(result):
    if isinstance(result, xr.DataArray):
        return {**{name: coord.variable for name, coord in result.coords.items()}, None: result.variable}
    if isinstance(result, xr.Dataset):
        return dict(result.variables)
    return {(node.path, name): node[name].variable for node in result.subtree for name in node.variables}


def assert_returns(result, path):
    back = nf.io.load(nf.io.save(result, path, force=True))
    assert type(back) is type(result)
    assert back.identical(result)
    assert getattr(back, "name", None) == getattr(result, "name", None)
    dtypes = {name: variable.dtype for name, variable in variables(result).items()}
    assert {name: variable.dtype for name, variable in variables(back).items()} == dtypes


def array(values=(1.0, np.nan), dims=("unit",), **others):
    return xr.DataArray(np.asarray(values), dims=dims, **others)


ARRAYS = {
    "no name": array(),
    "a name": array(name="rate"),
    "the name of a coord": array(coords={"unit": [3, 5]}, name="unit"),
    "the name of a dim": array(name="unit"),
    "a coord called values": array(coords={"values": ("unit", [1, 2])}, dims="unit"),
    "a number": array(3, dims=(), name="n", coords={"area": "V1", "empty": "", "flag": True}),
    "no entries": array(np.zeros((0, 3)), dims=("spike", "unit")),
    "an index": array(coords={"unit": ["a", ""]}),
    "a coord without index": array(coords={"unit": ["a", "b"]}).drop_indexes("unit"),
    "counts": array(np.arange(3, dtype=np.uint8)),
    "long attrs": array(attrs={"history": "é" * 100_000, "n": 3, "x": 1.5, "empty": "", "nothing": np.nan}),
    "attrs that CF acts on": array(
        attrs={
            "units": "seconds since 2000-01-01",
            "calendar": "noleap",
            "scale_factor": 2.0,
            "add_offset": 1.0,
            "_FillValue": 1.0,
            "missing_value": 1.0,
            "dtype": "bool",
            "coordinates": "area",
        }
    ),
    "lazy": array().chunk(),
}

DATASET = xr.Dataset(
    {
        "flag": ("unit", [True, False, True]),
        "date": ("unit", np.array(["2020-01-01", "NaT", "1900-01-01"], "M8[s]")),
        "lag": ("unit", np.array([1, -2, 3], "m8[ns]")),
        "eigenvalue": ("unit", np.array([1 + 2j, 3, 4])),
        "half": ("unit", np.array([1, 2, 3], "f2")),
        "swapped": ("unit", np.array([1, 2, 3], ">f4")),
        "text": ("unit", np.array(["a", "", "ééé"], "U7")),
        "objects": ("unit", np.array(["a", "", "é"], object)),
        "strings": ("unit", np.array(["a", "", "é"], np.dtypes.StringDType())),
        "no_text": ("spike", np.array([], "U3")),
        "no_objects": ("spike", np.array([], object)),
        "no_flags": ("spike", np.array([], bool)),
    },
    coords={"unit": ["p", "", "qq"], "area": ("unit", ["V1", "V1", ""])},
    attrs={"title": "everything"},
)

TREE = xr.DataTree.from_dict(
    {
        "/": xr.Dataset(coords={"unit": [1, 2]}, attrs={"session_id": "S1"}),
        "/inside/deep": xr.Dataset({"rate": ("unit", [1.0, 2.0])}, {"area": ("unit", ["V1", "LM"])}),
        "/empty": xr.Dataset(),
    },
    name="session",
)


@FORMATS
@pytest.mark.parametrize("case", ARRAYS)
def test_arrays_return_unchanged(case, suffix, tmp_path):
    assert_returns(ARRAYS[case], tmp_path / f"result{suffix}")


@FORMATS
@pytest.mark.parametrize("result", [DATASET, TREE, xr.Dataset(), xr.DataTree()])
def test_datasets_and_trees_return_unchanged(result, suffix, tmp_path):
    assert_returns(result, tmp_path / f"result{suffix}")


@FORMATS
def test_a_real_session_and_its_responses_return_unchanged(real_data, suffix, tmp_path):
    session = nf.io.open_nwb(real_data / "human_mtl_boundaries.nwb", trials="recognition_table")
    assert_returns(session, tmp_path / f"session{suffix}")
    assert_returns(nf.prep.responses(session, stimulus="frameName"), tmp_path / f"responses{suffix}")


ROUND_TRIPS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NUMBERS = st.one_of(npst.boolean_dtypes(), npst.integer_dtypes(), npst.floating_dtypes())
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@ROUND_TRIPS
@given(values=npst.arrays(NUMBERS, npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)))
def test_any_numbers_return_unchanged(values, tmp_path):
    dims = [f"d{axis}" for axis in range(values.ndim)]
    assert_returns(xr.DataArray(values, dims=dims), tmp_path / "numbers.nc")


@ROUND_TRIPS
@given(values=st.lists(TEXT), name=TEXT, attr=TEXT)
def test_any_text_returns_unchanged(values, name, attr, tmp_path):
    text = np.array(values, dtype=str)
    assert_returns(
        xr.DataArray(text, dims="unit", name=name, attrs={"long_name": attr}), tmp_path / "text.nc"
    )


def test_saving_changes_nothing(tmp_path):
    before = DATASET.copy(deep=True)
    nf.io.save(DATASET, tmp_path / "result.nc")
    assert DATASET.identical(before)
    assert all(variable.encoding == {} for variable in DATASET.variables.values())


SQUARE = array(np.eye(2), dims=("a", "b"), coords={"a": [1, 2], "b": [3, 4]})


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (array(attrs={"nested": [1, 2]}), "'nested' of 'values' is a list"),
        (array(attrs={"flag": True}), "'flag' of 'values' is a bool"),
        (xr.Dataset(attrs={"nothing": None}), "'nothing' is a NoneType"),
        (array(np.array([{}, None])), "holds Python objects"),
        (SQUARE.stack(c=("a", "b")), "MultiIndex"),
    ],
)
def test_what_files_have_no_place_for_is_refused(result, reason, tmp_path):
    with pytest.raises(SchemaError, match=reason):
        nf.io.save(result, tmp_path / "result.nc")
    assert list(tmp_path.iterdir()) == []


@FORMATS
def test_nothing_is_overwritten_unasked(suffix, tmp_path):
    path = nf.io.save(array([1.0]), tmp_path / f"result{suffix}")
    with pytest.raises(ResultsExistError, match="force=True"):
        nf.io.save(array([2.0]), path)
    assert nf.io.load(path).item() == 1.0
    nf.io.save(array([2.0]), path, force=True)
    assert nf.io.load(path).item() == 2.0
    assert list(tmp_path.iterdir()) == [path]


@FORMATS
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_write_that_fails_leaves_what_was_there(error, suffix, tmp_path, monkeypatch):
    path = nf.io.save(array([1.0]), tmp_path / f"result{suffix}")

    def write_half(self, target, **options):
        target.mkdir() if suffix == ".zarr" else target.write_bytes(b"half")
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(xr.DataTree, "to_zarr" if suffix == ".zarr" else "to_netcdf", write_half)
        with pytest.raises(type(error) if isinstance(error, OSError) else error):
            nf.io.save(array([2.0]), path, force=True)
    assert list(tmp_path.iterdir()) == [path]
    assert nf.io.load(path).item() == 1.0


def test_what_save_did_not_write_is_refused(tmp_path, real_data):
    other = tmp_path / "other.nc"
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(other, engine="h5netcdf")
    with pytest.raises(RecordingError, match=r"not saved by neurofit\.io\.save"):
        nf.io.load(other)
    other.write_text("a,b")
    with pytest.raises(RecordingError, match="cannot be read"):
        nf.io.load(other)
    (tmp_path / "other.zarr").mkdir()
    with pytest.raises(RecordingError, match="cannot be read"):
        nf.io.load(tmp_path / "other.zarr")
    with pytest.raises(UnknownNameError, match=r"'\.nwb'"):
        nf.io.load(real_data / "mouse_three_units.nwb")


def test_a_file_of_a_later_format_is_refused(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("neurofit.io._packing.FORMAT", 2)
        path = nf.io.save(array(), tmp_path / "later.nc")
    with pytest.raises(RecordingError, match="update neurofit"):
        nf.io.load(path)


def test_zarr_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("neurofit.io._store.find_spec", lambda name: None)
    with pytest.raises(nf.errors.MissingExtraError, match=r"neurofit\[zarr\]"):
        nf.io.save(array(), tmp_path / "result.zarr")

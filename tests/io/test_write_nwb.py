import shutil

import h5py
import numpy as np
import pynwb
import pytest
import xarray as xr

from neurofit import io, prep, rsa
from neurofit.errors import RecordingError, ResultsExistError, SchemaError, UnknownNameError


def labelled(**changes):
    values = np.arange(12, dtype=np.uint8).reshape(2, 3, 2)
    coords = {
        "stimulus_id": ("trial", ["cät", "dog"]),
        "unit_id": ("unit", [7, 3, 9]),
        "good": ("unit", [True, False, True]),
        "rate": ("unit", [1.5, np.nan, np.inf]),
        "time": ("time", [0.0, 0.5], {"units": "s"}),
        "map": (("unit", "time"), np.array([["a", "bb"]] * 3)),
        "day": ("trial", np.array(["2024-01-01", "NaT"], dtype="datetime64[ns]")),
        "session_id": "S1",
        "id": ("unit", [1, 2, 3]),
        "name": ("unit", ["x", "", "z"]),
    }
    attrs = {"units": "spikes", "long_name": "count", "depth": 0.5, "n": 3, "history": '[{"step": "io.x"}]'}
    return xr.DataArray(values, coords, ("trial", "unit", "time"), name="counts", attrs=attrs | changes)


def everything_in(path):
    """All datasets and attributes of a file, in the plainest form."""
    found = {}

    def note(name, item):
        found[name] = None if isinstance(item, h5py.Group) else str(np.asarray(item[()]).tolist())
        found.update({f"{name}@{key}": str(value) for key, value in item.attrs.items()})

    with h5py.File(path) as file:
        file.visititems(note)
        found.update({f"@{key}": str(value) for key, value in file.attrs.items()})
    return found


RESULTS = {
    "labelled": labelled(),
    "scalar": xr.DataArray(0.5, name="share", attrs={"units": "1"}),
    "five dims": xr.DataArray(np.random.default_rng(0).normal(size=(2, 1, 3, 2, 2)), name="five"),
    "empty": xr.DataArray(np.ones((3, 0)), {"t": (("a", "b"), np.full((3, 0), "x"))}, ("a", "b"), name="e"),
    "no text": xr.DataArray(np.ones(0), {"t": ("a", np.array([], dtype="U1"))}, ("a",), name="none"),
    "own name": xr.DataArray([1.0, 2.0], {"x": [3, 4]}, ("x",), name="x"),
    "half": xr.DataArray(np.ones((2, 2), np.float16), name="half"),
    "dataset": labelled().to_dataset().assign(flag=("unit", [True, False, True]), one=1.0),
    "tree": xr.DataTree.from_dict({"/": xr.Dataset(attrs={"on": "x"}), "/a": labelled().to_dataset()}),
    "odd names": xr.Dataset({"a:b": ("x:y", [1, 2]), "a_b": ("x:y", [3, 4])}),
    "bare": xr.Dataset(attrs={"long": "x" * 200_000}),
}


@pytest.mark.parametrize("kind", RESULTS)
def test_what_is_written_comes_back_identical(kind, write, tmp_path):
    result = RESULTS[kind]
    out = io.write_nwb(result, write(), tmp_path / "out.nwb", name="my result")
    assert type(io.read_result(out)) is type(result)
    assert io.read_result(out, name="my result").identical(result)
    assert pynwb.validate(path=out) == []


def test_a_comparison_with_a_network_comes_back_identical(layer_map, write, tmp_path):
    out = io.write_nwb(layer_map, write(), tmp_path / "out.nwb")
    assert io.read_result(out, name="areas_to_layers").identical(layer_map)
    assert pynwb.validate(path=out) == []


def test_the_recording_is_all_there_and_the_source_is_as_it_was(write, tmp_path):
    def unlisted(file):  # pynwb would drop such a column.
        file["units"].create_dataset("depth", data=[1.0, 2.0, 3.0])

    source = write(damage=unlisted)
    before, stored = everything_in(source), source.read_bytes()
    out = io.write_nwb(labelled(), source, tmp_path / "out.nwb")
    after = everything_in(out)
    assert source.read_bytes() == stored
    assert {name: after[name] for name in before} == before
    assert all(name.startswith("processing") for name in after.keys() - before.keys())
    again, made = (io.open_nwb(path) for path in (source, out))
    assert all(again[group].identical(made[group]) for group in ("spikes", "trials"))
    assert again.attrs["ingest_report"] == made.attrs["ingest_report"]


def test_anyone_with_pynwb_can_read_it(write, tmp_path):
    out = io.write_nwb(labelled(), write(), tmp_path / "out.nwb")
    with pynwb.NWBHDF5IO(out) as file:
        tables = file.read().processing["neurofit"].data_interfaces
        variables = tables["counts"].to_dataframe().set_index("variable")
        assert variables.loc["values", "dims"] == '["trial", "unit", "time"]'
        assert variables.loc["values", "units"] == "spikes"
        assert variables.loc["rate", "kind"] == "coord"
        place = variables.loc["values"]
        np.testing.assert_array_equal(tables[place.table][place.column][:], labelled().values)
        assert tables["counts_trial"]["stimulus_id"][:].tolist() == ["cät", "dog"]
        attrs = tables["counts_attrs"].to_dataframe()
        assert "history" in attrs.attribute.tolist()


def test_results_gather_in_one_file(write, tmp_path):
    counts = prep.responses(io.open_nwb(write()), stimulus="image", bin=None)
    dissimilarities = rsa.rdm(prep.average(counts), measure="euclidean")
    first = io.write_nwb(counts, write(), tmp_path / "1.nwb")
    second = io.write_nwb(dissimilarities, first, tmp_path / "2.nwb", name="rdm")
    assert io.read_result(second, name="responses").identical(counts)
    assert io.read_result(second, name="rdm").identical(dissimilarities)
    with pytest.raises(RecordingError, match="2 results: rdm, responses"):
        io.read_result(second)
    with pytest.raises(UnknownNameError, match="Did you mean 'rdm'"):
        io.read_result(second, name="rmd")
    with pytest.raises(ResultsExistError, match="has a result called 'rdm' already"):
        io.write_nwb(dissimilarities, second, tmp_path / "3.nwb", name="rdm")
    assert not (tmp_path / "3.nwb").exists()


def test_nothing_is_written_over(write, tmp_path):
    source = write()
    other = tmp_path / "other.nwb"
    other.write_text("mine")
    for out in (source, other):
        with pytest.raises(ResultsExistError, match="results go into a new file"):
            io.write_nwb(labelled(), source, out)
    assert other.read_text() == "mine"


def test_a_result_is_named_after_itself_or_what_made_it(write, tmp_path):
    nameless = labelled().rename(None)
    out = io.write_nwb(nameless, write(), tmp_path / "out.nwb")
    assert io.read_result(out, name="x").identical(nameless)
    with pytest.raises(SchemaError, match="give one with name="):
        io.write_nwb(xr.DataArray([1.0]), write(), tmp_path / "2.nwb")
    with pytest.raises(SchemaError, match="leave out /"):
        io.write_nwb(nameless, write(), tmp_path / "2.nwb", name="a/b")


def test_what_has_no_place_in_nwb_is_refused_and_nothing_is_left_behind(write, tmp_path):
    source = write()
    with pytest.raises(SchemaError, match=r"'values' is complex.*write its .real and .imag"):
        io.write_nwb(xr.DataArray([1j], name="z"), source, tmp_path / "out.nwb")
    with pytest.raises(SchemaError, match="neither text nor a number"):
        io.write_nwb(labelled(window=[0, 1]), source, tmp_path / "out.nwb")
    with pytest.raises(SchemaError, match="would lie in the table 'r_attrs'"):
        io.write_nwb(xr.DataArray([1], dims="attrs"), source, tmp_path / "out.nwb", name="r")
    assert [path.name for path in tmp_path.iterdir()] == [source.name]


def test_a_source_is_looked_over_like_any_recording(write, tmp_path):
    def link(file):
        file["acquisition/elsewhere"] = h5py.ExternalLink("other.nwb", "/units")

    out = tmp_path / "out.nwb"
    with pytest.raises(RecordingError, match="other file"):
        io.write_nwb(labelled(), write(damage=link), out)
    for source in ("https://server/a.nwb", tmp_path):
        with pytest.raises(RecordingError, match="is no HDF5 file on this machine"):
            io.write_nwb(labelled(), source, out)
    with pytest.raises(RecordingError, match="has 0 results: none"):
        io.read_result(write())


def test_a_recording_that_pynwb_cannot_read_is_kept_all_the_same(write, tmp_path):
    def break_subject(file):
        file["general/subject"].attrs["neurodata_type"] = "Martian"

    out = io.write_nwb(labelled(), write(damage=break_subject), tmp_path / "out.nwb")
    assert io.read_result(out).identical(labelled())


def test_real_recordings_take_results(real_data, tmp_path):
    for source in real_data.glob("*.nwb"):
        out = io.write_nwb(labelled(), source, tmp_path / source.name)
        assert io.read_result(out).identical(labelled())
        shutil.rmtree(out) if out.is_dir() else out.unlink()


def test_a_table_without_columns_is_no_damage(write):
    def empty(file):
        file["units"].attrs["note"] = np.array([], dtype=h5py.string_dtype())

    assert io.open_nwb(write(damage=empty))["spikes"].sizes["unit"] == 3

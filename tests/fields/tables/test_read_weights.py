import pickle
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from neurofit import io, schema
from neurofit.errors import NeurofitError, RecordingError, SchemaError, UnknownNameError
from neurofit.fields.tables import read_weights

SPINES = ["s2", "s10", "s1"]
DAYS = {"day0": 0.0, "day1": 1.5, "day4": 4.0}


def spines():
    """Three spines over three sessions: one that vanishes, one that appears, one with a gap."""
    rows = [("s2", "day4", 0.5), ("s10", "day0", 0.3), ("s2", "day0", 0.4), ("s10", "day1", 0.1)]
    rows += [("s1", "day1", 0.2), ("s1", "day4", 0.25), ("s2", "day1", np.nan)]
    table = pd.DataFrame(rows, columns=["synapse", "session", "weight"])
    table["day"] = table.session.map(DAYS)
    table["dendrite"] = table.synapse.map({"s2": "a", "s10": "a", "s1": "b"})
    table["size"] = table.weight * 2
    return table


EXPECTED = [[0.4, 0.3, np.nan], [np.nan, 0.1, 0.2], [0.5, np.nan, 0.25]]
OPTIONS = {"time": "day", "covariates": ("dendrite", "size")}


def check(found):
    np.testing.assert_allclose(found, EXPECTED)
    assert found.dims == ("session_index", "synapse")
    assert found.synapse.values.tolist() == SPINES
    assert found.session_id.values.tolist() == list(DAYS)
    assert found.time.values.tolist() == list(DAYS.values())
    assert found.time.units == "d"
    assert found.dendrite.dims == ("synapse",)
    assert found.dendrite.values.tolist() == ["a", "a", "b"]
    np.testing.assert_allclose(found["size"], 2 * found.values)
    assert found.first_session.values.tolist() == [0, 0, 1]
    assert found.last_session.values.tolist() == [2, 1, 2]


def written(path):
    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.core import DynamicTable

    nwb = NWBFile("spines", "spines", datetime(2026, 1, 1, tzinfo=UTC))
    module = nwb.create_processing_module("ophys", "imaging")
    for name in ("spines", "others"):
        table = DynamicTable.from_dataframe(spines(), name=name)
        module.add(table) if name == "spines" else nwb.add_scratch(table)
    with NWBHDF5IO(path, "w") as file:
        file.write(nwb)
    return path


def test_data_frames_become_arrays_with_gaps():
    check(read_weights(spines(), **OPTIONS))


@pytest.mark.parametrize(("ending", "separator"), [("csv", ","), ("tsv", "\t")])
def test_files_of_text_are_read(tmp_path, ending, separator):
    path = tmp_path / f"spines.{ending}"
    spines().assign(other="x").to_csv(path, sep=separator, index=False)
    check(read_weights(path, **OPTIONS))
    check(read_weights(str(path), **OPTIONS))


def test_nwb_files_are_read(tmp_path):
    path = written(tmp_path / "spines.nwb")
    check(read_weights(path, name="spines", **OPTIONS))
    with pytest.raises(SchemaError, match="2 tables of .* tell name="):
        read_weights(path)
    with pytest.raises(UnknownNameError, match="Did you mean 'spines'"):
        read_weights(path, name="spine")
    with pytest.raises(SchemaError, match="no column of table 'spines' called 'volume'"):
        read_weights(path, name="spines", value="volume")


def test_xarray_objects_are_read_long_or_square():
    long = xr.Dataset.from_dataframe(spines())
    check(read_weights(long, **OPTIONS))
    square = xr.DataArray(
        EXPECTED, {"session": [0, 1, 4], "synapse": SPINES}, ("session", "synapse"), name="weight"
    )
    found = read_weights(square)
    np.testing.assert_allclose(found, EXPECTED)
    assert found.session_id.values.tolist() == [0, 1, 4]


def test_names_that_are_numbers_are_ordered_as_such_and_others_as_they_come():
    table = pd.DataFrame({"synapse": ["10", "9", "10", "9"], "session": ["2", "2", "11", "11"]})
    found = read_weights(table.assign(weight=[1.0, 2.0, 3.0, 4.0]))
    assert found.synapse.values.tolist() == [9, 10]
    assert found.session_id.values.tolist() == [2, 11]
    np.testing.assert_allclose(found, [[2, 1], [4, 3]])
    padded = table.assign(synapse=["010", "10", "010", "10"], weight=1.0)
    assert read_weights(padded).synapse.values.tolist() == ["010", "10"]


def test_time_orders_sessions_whatever_their_names():
    table = pd.DataFrame({"synapse": [1, 1], "session": [1, 2], "weight": [5.0, 6.0], "t": [3.0, 0.0]})
    assert read_weights(table, time="t").values.ravel().tolist() == [6, 5]
    assert read_weights(table).values.ravel().tolist() == [5, 6]


def test_all_problems_are_told_together():
    table = spines().astype({"weight": object})
    table.loc[0, "weight"] = "big"
    table.loc[1, "weight"] = -0.3
    table.loc[3, "weight"] = np.inf
    table.loc[4, "synapse"] = None
    table.loc[len(table)] = table.loc[2]
    with pytest.raises(SchemaError) as told:
        read_weights(table, **OPTIONS)
    for phrase in (
        "'weight' is no number in rows 0 ('big')",
        "'weight' is infinite in rows 3",
        "signed=True",
        "in rows 1 (-0.3)",
        "'synapse' is empty in rows 4",
        "more than one row in a session: s2 in day0",
    ):
        assert phrase in str(told.value)


def test_cells_may_be_of_any_type_that_pandas_has():
    table = spines().astype({"weight": "Float64", "session": "category", "synapse": "string"})
    check(read_weights(table, **OPTIONS))
    with pytest.raises(SchemaError, match="'day' holds dates: give numbers"):
        read_weights(spines().assign(day=pd.Timestamp("2026-01-01")), time="day")


def test_what_was_read_can_be_read_again():
    found = read_weights(spines(), **OPTIONS)
    again = read_weights(found, session="session_id", value="weights", time="time", covariates=["dendrite"])
    for name in ("synapse", "session_id", "time", "dendrite", "first_session", "last_session"):
        np.testing.assert_array_equal(again[name], found[name])
    np.testing.assert_array_equal(again, found)


def test_signed_weights_are_taken_where_told():
    table = spines().assign(weight=lambda rows: -rows.weight)
    np.testing.assert_allclose(read_weights(table, signed=True, time="day"), -np.array(EXPECTED))


@pytest.mark.parametrize(
    ("days", "phrase"),
    [
        ([0.0, 1.0, 0.0, 1.0], "more than one time"),
        ([0.0, 0.0, 0.0, 0.0], "the same time"),
        ([0.0, 0.0, np.nan, 1.0], "measurements without a time"),
    ],
)
def test_times_have_to_order_sessions(days, phrase):
    table = pd.DataFrame({"synapse": [1, 2, 1, 2], "session": [1, 1, 2, 2], "weight": 1.0, "day": days})
    with pytest.raises(SchemaError, match=phrase):
        read_weights(table, time="day")


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(SchemaError, match=r"Did you mean 'synapse'.* Nor 'day'.*synapse='spine_id'"):
        read_weights(spines().drop(columns="day"), synapse="synapses", time="day")
    with pytest.raises(SchemaError, match="at least two"):
        read_weights(spines().query("session == 'day0'"))
    with pytest.raises(SchemaError, match="got list"):
        read_weights([1, 2])
    with pytest.raises(SchemaError, match="no room for 'time'"):
        read_weights(spines().assign(time=1.0), covariates=["time"])
    with pytest.raises(RecordingError, match="there is no file"):
        read_weights(tmp_path / "none.csv")
    with pytest.raises(RecordingError, match="there is no file"):
        read_weights("https://example.org/weights.csv")


def test_hostile_files_do_nothing(tmp_path):
    marker = tmp_path / "ran"
    evil = tmp_path / "evil.pkl"
    evil.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(RecordingError, match="has to end in"):
        read_weights(evil)
    code = f"__import__('pathlib').Path({str(marker)!r}).touch()"
    path = tmp_path / "code.csv"
    spines().assign(weight=code).to_csv(path, index=False)
    with pytest.raises(SchemaError, match="is no number"):
        read_weights(path)
    assert not marker.exists()
    for content in (b"", b"\x00\xff\xfe" * 50, evil.read_bytes(), b"\x1f\x8b" + b"\x00" * 20):
        path.write_bytes(content)
        with pytest.raises(NeurofitError):
            read_weights(path)
    nwb = tmp_path / "broken.nwb"
    nwb.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\x00" * 100)
    with pytest.raises(RecordingError):
        read_weights(nwb)


@pytest.mark.parametrize("ending", [".nc", ".zarr"])
def test_the_result_says_what_it_is_and_survives_saving(tmp_path, ending):
    found = read_weights(spines(), units="um3", **OPTIONS)
    schema.check(found, "results")
    assert found.units == "um3"
    assert io.load(io.save(found, tmp_path / f"weights{ending}")).identical(found)

"""A look into a file tells what is needed to choose an analysis, and reads no bulk."""

import dataclasses

import h5py
import numpy as np
import pytest
from pynwb import TimeSeries

import neurofit as nf


def test_the_human_recording(real_data):
    found = nf.io.inspect(real_data / "human_mtl_boundaries.nwb")
    assert found.units.count == 35
    assert found.units.spikes == 214_278
    assert found.units.areas == {"hippocampus_right": 25, "amygdala_right": 10}
    assert {table.name: table.rows for table in found.tables} == {
        "encoding_table": 90,
        "recognition_table": 180,
        "timediscrimination_table": 180,
    }
    columns = {column.name: column for column in found.tables[1].columns}
    frames = columns["frameName"]
    assert (frames.distinct, frames.once, frames.most) == (134, 102, 4)
    assert "/acquisition/events" in {series.path for series in found.continuous}


def test_the_text_says_what_a_user_has_to_choose_from(real_data):
    text = str(nf.io.inspect(real_data / "human_mtl_boundaries.nwb"))
    assert "214,278 spikes" in text
    assert "25  hippocampus_right" in text
    assert "recognition_table: 180 rows" in text
    assert "134 values, 102 of them once, up to 4 times" in text


def test_issues_are_those_that_opening_reports(write):
    def add(nwb):
        nwb.add_trial(start_time=5.0, stop_time=4.0, image="cat.png")

    path = write(add)
    found = nf.io.inspect(path).issues
    assert [(entry.issue, entry.rows) for entry in found] == [("reversed", [3])]
    assert "made.nwb" in str(nf.io.inspect(path))


def test_continuous_series_tell_shape_and_rate(write):
    def add(nwb):
        nwb.add_acquisition(TimeSeries(name="lfp", data=np.zeros((50, 4)), unit="V", rate=1000.0))
        nwb.add_acquisition(TimeSeries(name="pupil", data=np.zeros(3), unit="mm", timestamps=[0.0, 0.1, 0.5]))

    lfp, pupil = nf.io.inspect(write(add)).continuous
    assert (lfp.name, lfp.shape, lfp.rate, lfp.unit) == ("lfp", (50, 4), 1000.0, "V")
    assert (pupil.name, pupil.shape, pupil.rate) == ("pupil", (3,), None)


def test_neither_spikes_nor_series_are_read(write, monkeypatch):
    def add(nwb):
        nwb.add_acquisition(TimeSeries(name="lfp", data=np.zeros((50, 4)), unit="V", rate=1000.0))

    path = write(add)
    read = []
    get = h5py.Dataset.__getitem__
    monkeypatch.setattr(
        h5py.Dataset, "__getitem__", lambda self, *args: read.append(self.name) or get(self, *args)
    )
    nf.io.inspect(path)
    assert "/units/id" in read
    assert not {"/units/spike_times", "/acquisition/lfp/data"} & set(read)


def test_an_inspection_cannot_be_changed(write):
    found = nf.io.inspect(write())
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.units = None


def test_a_column_says_how_its_values_come_back(write):
    columns = {column.name: str(column) for column in nf.io.inspect(write()).tables[0].columns}
    assert columns["start_time"] == "all different"
    assert columns["image"] == "2 values, 1 of them once, up to 2 times"

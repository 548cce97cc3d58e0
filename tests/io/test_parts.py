"""Everything that a recording may hold comes in, whichever way its file is read."""

import json

import pytest
import xarray as xr

import neurofit as nf
from neurofit.io.door import _door


@pytest.fixture
def everything(tmp_path):
    return nf.simulate.nwb(tmp_path / "everything.nwb", units=6, trials=10, rng=0)


def test_everything_comes_in(everything):
    session = nf.io.open_nwb(everything, rename={"roi_kind": "compartment"}, on_issue="raise")
    nf.schema.check(session, "session")
    assert set(session["events"].children) == {"licks", "notes", "rewards", "shown_images"}
    assert set(session["stimuli"].children) == {"images", "film"}
    assert set(session["continuous/df_over_f"]["compartment"].values) == {"soma", "apical"}
    assert session["spikes"]["observations"].values.tolist() == [1] * 6
    assert session["spikes"]["waveform_mean"].sizes["waveform_sample"] == 40
    shown, trials = session["events/shown_images"], session["trials"]
    assert shown["stimulus_id"].values.tolist() == trials["stimulus_id"].values.tolist()
    assert shown["time"].values.tolist() == trials["start_time"].values.tolist()
    devices = json.loads(session.attrs["devices"])
    assert {"microscope", "laser"} <= {device["name"] for device in devices}


def test_everything_is_the_same_through_pynwb_and_as_stored(everything, monkeypatch):
    through_pynwb = nf.io.open_nwb(everything)
    monkeypatch.setattr(_door, "_through_pynwb", None)
    as_stored = nf.io.open_nwb(everything)
    assert "read as it is stored" in as_stored.attrs["ingest_report"]
    as_stored.attrs["ingest_report"] = through_pynwb.attrs["ingest_report"]
    xr.testing.assert_identical(as_stored, through_pynwb)


@pytest.mark.parametrize("ending", [".nc", ".zarr"])
def test_everything_survives_saving(everything, tmp_path, ending):
    session = nf.io.open_nwb(everything)
    assert nf.io.load(nf.io.save(session, tmp_path / f"session{ending}")).identical(session)


def test_what_nothing_reads_is_told(write):
    def add(nwb):
        from hdmf.common import DynamicTable
        from pynwb.behavior import Position, SpatialSeries
        from pynwb.ecephys import ElectricalSeries, EventDetection

        module = nwb.create_processing_module("other", "")
        table = DynamicTable(name="fits", description="")
        table.add_column("slope", "")
        table.add_row(slope=1.0)
        probes = nwb.create_electrode_table_region([0], "first")
        volts = ElectricalSeries(name="volts", data=[[0.0]], electrodes=probes, rate=1.0)
        nwb.add_acquisition(volts)
        where = SpatialSeries(name="where", data=[0.0], rate=1.0, reference_frame="")
        found = EventDetection(detection_method="by eye", source_electricalseries=volts, source_idx=[0])
        for part in (table, Position(spatial_series=[where]), found):
            module.add(part)

    path = write(add)
    entries = json.loads(nf.io.open_nwb(path).attrs["ingest_report"])
    told = {entry["where"]: entry["issue"] for entry in entries}
    assert told == {
        "processing/other/fits": "DynamicTable is not read",
        "processing/other/EventDetection": "EventDetection is not read",
    }
    assert "processing/other/fits: DynamicTable is not read" in str(nf.io.inspect(path))

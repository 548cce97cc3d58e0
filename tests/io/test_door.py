"""What is no readable NWB file is refused, with the reason."""

import h5py
import numpy as np
import pytest
import xarray as xr

import neurofit as nf
from neurofit.errors import RecordingError
from neurofit.io.door import _door

DOORS = pytest.mark.parametrize("enter", [nf.io.open_nwb, nf.io.inspect])


@DOORS
def test_what_is_not_there_or_no_file(enter, tmp_path):
    with pytest.raises(RecordingError, match=r"no file .*lost\.nwb"):
        enter(tmp_path / "lost.nwb")
    with pytest.raises(RecordingError, match="is a folder"):
        enter(tmp_path)


@DOORS
@pytest.mark.parametrize(("content", "reason"), [(b"", "is empty"), (b"a,b\n1,2\n", "not an HDF5 file")])
def test_what_is_not_hdf5(enter, tmp_path, content, reason):
    path = tmp_path / "other.nwb"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=reason):
        enter(path)


@DOORS
def test_hdf5_that_is_not_nwb(enter, tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["weights"] = [1.0]
    with pytest.raises(RecordingError, match=r"not NWB.*weights"):
        enter(tmp_path / "x.h5")


@DOORS
def test_nwb_version_1(enter, tmp_path):
    with h5py.File(tmp_path / "old.nwb", "w") as file:
        file["nwb_version"] = b"NWB-1.0.6"
    with pytest.raises(RecordingError, match=r"version NWB-1\.0\.6"):
        enter(tmp_path / "old.nwb")


@DOORS
@pytest.mark.parametrize("version", ["1.0.5", "3.0.0", "soon"])
def test_other_versions(enter, write, version):
    path = write(damage=lambda file: file.attrs.modify("nwb_version", version))
    with pytest.raises(RecordingError, match="reads version 2"):
        enter(path)


@DOORS
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_file_that_was_cut_short(enter, write, share):
    path = write()
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(RecordingError, match="cut short"):
        enter(path)


def test_no_units(write):
    path = write(units=False)
    with pytest.raises(RecordingError, match="no table of units"):
        nf.io.open_nwb(path)
    assert nf.io.inspect(path).units is None


def test_units_without_spikes(write):
    def add(nwb):
        nwb.add_unit_column("quality", "by eye")
        nwb.add_unit(quality="good")

    path = write(add, units=False)
    with pytest.raises(RecordingError, match="no spike times"):
        nf.io.open_nwb(path)
    assert nf.io.inspect(path).units.count == 1


def link_out(file):
    file["analysis/elsewhere"] = h5py.ExternalLink("secret.h5", "/x")


def store_out(file):
    file["analysis"].create_dataset("raw", (4,), "f8", external=[("secret.bin", 0, 32)])


def map_out(file):
    layout = h5py.VirtualLayout(shape=(1,), dtype="f8")
    layout[0:1] = h5py.VirtualSource("secret.h5", "x", shape=(1,))
    file["analysis"].create_virtual_dataset("mapped", layout)


@DOORS
@pytest.mark.parametrize("reach", [link_out, store_out, map_out])
def test_a_file_does_not_make_us_read_another(enter, write, reach):
    path = write(damage=reach)
    with pytest.raises(RecordingError, match=r"analysis/.* -> secret.*allow_external=True"):
        enter(path)


def test_external_parts_are_read_where_they_are_trusted(write):
    write(name="elsewhere.nwb")

    def move_out(file):
        del file["intervals/trials/image"]
        file["intervals/trials/image"] = h5py.ExternalLink("elsewhere.nwb", "/intervals/trials/image")

    path = write(damage=move_out)
    with pytest.raises(RecordingError, match="lie in other files"):
        nf.io.open_nwb(path)
    session = nf.io.open_nwb(path, allow_external=True)
    assert session["trials"]["image"].values.tolist() == ["cat.png", "dog.png", "cat.png"]


def test_a_file_that_pynwb_refuses_is_read_as_it_is_stored(write):
    def damage(file):
        del file["units"].attrs["colnames"]
        del file["session_start_time"]

    whole, session = nf.io.open_nwb(write()), nf.io.open_nwb(write(damage=damage, name="odd.nwb"))
    for group in ("spikes", "trials"):
        xr.testing.assert_identical(session[group].to_dataset(), whole[group].to_dataset())
    assert "pynwb cannot read it" in session.attrs["ingest_report"]
    with pytest.raises(RecordingError, match="pynwb cannot read it"):
        nf.io.open_nwb(write(damage=damage, name="odd.nwb"), on_issue="raise")


def agree(path, monkeypatch):
    through_pynwb = nf.io.open_nwb(path)
    with monkeypatch.context() as without:
        without.setattr(_door, "_through_pynwb", None)
        as_stored = nf.io.open_nwb(path)
    assert "pynwb cannot read it" in as_stored.attrs["ingest_report"]
    assert "pynwb cannot read it" not in through_pynwb.attrs["ingest_report"]
    for session in (as_stored, through_pynwb):
        del session.attrs["ingest_report"]
    xr.testing.assert_identical(as_stored, through_pynwb)


@pytest.mark.parametrize("name", ["human_mtl_boundaries", "mouse_three_units"])
def test_the_file_as_stored_and_pynwb_agree(real_data, name, monkeypatch):
    agree(real_data / f"{name}.nwb", monkeypatch)


def test_what_is_no_recording_by_either_way(write):
    def damage(file):
        del file["units/spike_times"]
        file.create_group("units/spike_times")

    with pytest.raises(RecordingError, match="breaks the NWB format"):
        nf.io.open_nwb(write(damage=damage))


def test_damaged_data(write):
    def damage(file):
        values = file["units/spike_times"][()]
        attrs = dict(file["units/spike_times"].attrs)
        del file["units/spike_times"]
        new = file["units"].create_dataset("spike_times", data=values, chunks=(5,), fletcher32=True)
        new.attrs.update(attrs)

    path = write(damage=damage)
    content = path.read_bytes()
    stored = np.array([0.1, 0.2, 1.5, 0.05, 2.5]).tobytes()
    assert content.count(stored) >= 1
    path.write_bytes(content.replace(stored, stored[:-1] + b"\x00"))
    with pytest.raises(RecordingError, match="cannot be read"):
        nf.io.open_nwb(path)

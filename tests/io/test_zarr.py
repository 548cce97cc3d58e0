"""Zarr folders give the session that the HDF5 file gives, and nothing in them runs or leads out."""

import json
import pickle
import subprocess
import sys
import venv
from pathlib import Path

import h5py
import numcodecs
import numpy as np
import pytest
import xarray as xr
import zarr

import neurofit as nf
from neurofit.errors import RecordingError

CODEC = numcodecs.Blosc(cname="lz4", clevel=5)


class Bomb:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def referring(file, value):
    if isinstance(value, h5py.Reference):
        return {"zarr_dtype": "object", "value": {"source": ".", "path": file[value].name}}
    value = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    return value.decode() if isinstance(value, bytes) else value


def store_array(item, folder, said):
    values = np.atleast_1d(np.asarray(item[()], dtype=object if item.dtype.kind == "O" else None))
    if item.shape == ():
        said["zarr_dtype"] = "scalar"
    if item.dtype.kind not in "OV":
        zarr.create_array(folder, data=values, zarr_format=2)
        return
    is_text = h5py.check_string_dtype(item.dtype) is not None
    described = {"zarr_format": 2, "shape": values.shape, "chunks": values.shape, "dtype": "|O", "order": "C"}
    described |= {"fill_value": 0, "compressor": CODEC.get_config()}
    described["filters"] = [{"id": "vlen-utf8"} if is_text else {"id": "pickle", "protocol": 5}]
    folder.mkdir()
    (folder / ".zarray").write_text(json.dumps(described))
    text = np.array([value.decode() for value in values], dtype=object) if is_text else None
    content = numcodecs.VLenUTF8().encode(text) if is_text else pickle.dumps(Bomb(folder.parent / "ran"))
    (folder / "0").write_bytes(CODEC.encode(content))


def store(file, group, folder):
    """``group`` as hdmf-zarr keeps it in ``folder``."""
    folder.mkdir()
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    said = {name: referring(file, value) for name, value in group.attrs.items()}
    for name in group:
        link = group.get(name, getlink=True)
        item = group[name]
        if isinstance(link, h5py.SoftLink):
            said.setdefault("zarr_link", []).append({"name": name, "path": link.path, "source": "."})
        elif isinstance(item, h5py.Group):
            store(file, item, folder / name)
        else:
            attrs = {key: referring(file, value) for key, value in item.attrs.items()}
            store_array(item, folder / name, attrs)
            (folder / name / ".zattrs").write_text(json.dumps(attrs))
    (folder / ".zattrs").write_text(json.dumps(said))


@pytest.fixture
def as_zarr(tmp_path):
    def convert(path):
        with h5py.File(path) as file:
            store(file, file, tmp_path / "made.nwb.zarr")
        return tmp_path / "made.nwb.zarr"

    return convert


def issues(session):
    return {entry["where"]: entry["issue"] for entry in json.loads(session.attrs["ingest_report"])}


def test_a_folder_gives_what_the_file_gives(write, as_zarr):
    path = write()
    from_file, from_folder = nf.io.open_nwb(path), nf.io.open_nwb(as_zarr(path))
    for name in ("session_id", "subject", "session_start_time", "nwb_version"):
        assert from_folder.attrs[name] == from_file.attrs[name]
    from_folder.attrs = from_file.attrs
    xr.testing.assert_identical(from_folder, from_file)
    assert "V1" in from_folder["spikes"].area


def test_a_full_folder_lacks_only_what_is_kept_as_pickles_and_says_so(as_zarr, tmp_path):
    path = nf.simulate.nwb(tmp_path / "full.nwb", units=6, trials=12, rng=0)
    from_file, from_folder = nf.io.open_nwb(path), nf.io.open_nwb(as_zarr(path))
    missing = {"spikes": "electrode_group", "continuous/lfp": "group", "events/shown_images": "stimulus_id"}
    for node in from_file.subtree:
        expected, found = node.to_dataset(), from_folder[node.path].to_dataset()
        lacking = missing.get(node.path.strip("/"), [])
        if node.path != "/":
            xr.testing.assert_equal(found, expected.drop_vars(lacking))
    told = issues(from_folder)
    for where in ("units/electrode_group", "electrodes/group", "events/shown_images", "epochs/timeseries"):
        assert where in told, told


def test_responses_are_read_lazily_from_a_folder(write, as_zarr):
    path = write()
    options = {"window": (0, 0.5), "bin": 0.1, "stimulus": "image"}
    lazy = xr.open_dataset(as_zarr(path), engine="nwb", **options)["responses"]
    expected = nf.prep.responses(nf.io.open_nwb(path), **options)
    np.testing.assert_array_equal(lazy.isel(unit=[0, 2]), expected.isel(unit=[0, 2]))


def test_pickles_are_not_run(write, as_zarr, tmp_path):
    def add(nwb):
        nwb.units.add_column("shank", "group", data=[nwb.electrode_groups["shank"]] * 3)

    folder = as_zarr(write(add))
    session = nf.io.open_nwb(folder)
    assert not list(tmp_path.rglob("ran"))
    assert "kept as pickle" in issues(session)["units/shank"]
    assert session["spikes"].sizes["unit"] == 3


def test_links_inside_are_followed_and_links_out_refused(write, as_zarr, tmp_path):
    folder = as_zarr(write())
    said = json.loads((folder / "intervals/.zattrs").read_text())
    said["zarr_link"] = [{"name": "again", "path": "/intervals/trials", "source": "."}]
    (folder / "intervals/.zattrs").write_text(json.dumps(said))
    assert list(nf.io.open_nwb(folder)["intervals"].children) == ["trials"]  # Once, whatever leads to it.
    said["zarr_link"][0]["source"] = "../secret.zarr"
    (folder / "intervals/.zattrs").write_text(json.dumps(said))
    with pytest.raises(RecordingError, match=r"intervals/.zattrs -> \.\./secret"):
        nf.io.open_nwb(folder)
    trusted = nf.io.open_nwb(folder, allow_external=True)
    assert issues(trusted)["intervals/.zattrs"] == "leads to ../secret.zarr"
    del said["zarr_link"]
    (folder / "intervals/.zattrs").write_text(json.dumps(said))
    (tmp_path / "secret").mkdir()
    (folder / "units/secret").symlink_to(tmp_path / "secret")
    with pytest.raises(RecordingError, match=r"units/secret -> .*allow_external"):
        nf.io.open_nwb(folder)


def test_a_link_cannot_climb_out_of_the_folder(write, as_zarr, tmp_path):
    folder = as_zarr(write())
    as_zarr_attrs = json.loads((folder / "intervals/.zattrs").read_text())
    as_zarr_attrs["zarr_link"] = [{"name": "up", "path": "/../other", "source": "."}]
    (folder / "intervals/.zattrs").write_text(json.dumps(as_zarr_attrs))
    (tmp_path / "other").mkdir()
    (tmp_path / "other/.zgroup").write_text('{"zarr_format": 2}')
    assert list(nf.io.open_nwb(folder)["intervals"].children) == ["trials"]


def test_arrays_that_claim_more_than_they_store(write, as_zarr):
    folder = as_zarr(write())
    path = folder / "units/spike_times/.zarray"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"shape": [10**13]}))
    with pytest.raises(RecordingError, match="claims 10000000000000 values"):
        nf.io.open_nwb(folder)


def test_what_is_no_recording(tmp_path):
    zarr.create_group(tmp_path / "three.zarr", zarr_format=3)
    with pytest.raises(RecordingError, match="format 3"):
        nf.io.open_nwb(tmp_path / "three.zarr")
    zarr.create_group(tmp_path / "two.zarr", zarr_format=2)
    with pytest.raises(RecordingError, match="no nwb_version"):
        nf.io.open_nwb(tmp_path / "two.zarr")


EXPORT = """
import sys
from hdmf_zarr.nwb import NWBZarrIO
from pynwb import NWBHDF5IO
with NWBHDF5IO(sys.argv[1], "r") as source, NWBZarrIO(sys.argv[2], mode="w") as out:
    out.export(src_io=source, write_args={"link_data": False})
"""


@pytest.mark.slow
def test_what_hdmf_zarr_writes_gives_what_the_file_gives(write, tmp_path):
    venv.create(tmp_path / "apart", with_pip=True)
    python = tmp_path / "apart" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "hdmf-zarr>=0.13"]
    if subprocess.run(install, check=False).returncode:
        pytest.skip("hdmf-zarr cannot be installed here")
    path, folder = write(), tmp_path / "exported.nwb.zarr"
    subprocess.run([python, "-c", EXPORT, path, folder], check=True, stderr=sys.stderr)
    from_file, from_folder = nf.io.open_nwb(path), nf.io.open_nwb(folder)
    assert not issues(from_folder)
    from_folder.attrs = from_file.attrs
    xr.testing.assert_identical(from_folder, from_file)

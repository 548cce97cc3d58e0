"""Quirks of the file: its version, its links to outside, its attributes, its bytes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ._quirks import in_bytes, in_hdf5, replace

if TYPE_CHECKING:
    from pathlib import Path

ELSEWHERE = "elsewhere.nwb"
SPEED = "acquisition/running_speed/data"


@in_hdf5("nwb_1")
def nwb_1(file: Any) -> None:
    """The file calls itself NWB-1.0.6, in a dataset as those files did."""
    del file.attrs["nwb_version"]
    file["nwb_version"] = "NWB-1.0.6"


@in_hdf5("no_version")
def no_version(file: Any) -> None:
    """The file does not say which version of NWB it is."""
    del file.attrs["nwb_version"]


@in_hdf5("unknown_version")
def unknown_version(file: Any) -> None:
    """The file calls itself NWB 3.0.0."""
    file.attrs["nwb_version"] = "3.0.0"


@in_hdf5("unknown_extension")
def unknown_extension(file: Any) -> None:
    """The units are of a type from an extension that is neither installed nor described in the file."""
    file["units"].attrs.update(namespace="ndx-nowhere", neurodata_type="NowhereUnits")


@in_hdf5("broken_reference")
def broken_reference(file: Any) -> None:
    """The electrodes of the units are rows of a table that does not exist."""
    lost = file["general"].create_group("lost")
    file["units/electrodes"].attrs["table"] = lost.ref
    del file["general/lost"]


@in_hdf5("no_time_zone")
def no_time_zone(file: Any) -> None:
    """The session started at a time of day without a time zone."""
    replace(file, "session_start_time", "2026-01-01T12:00:00")


@in_hdf5("external_link")
def external_link(file: Any) -> None:
    """The running speed is a link to another file."""
    import h5py

    del file[SPEED]
    file[SPEED] = h5py.ExternalLink(ELSEWHERE, f"/{SPEED}")


@in_hdf5("external_storage")
def external_storage(file: Any) -> None:
    """The numbers of the running speed lie in another file, raw."""
    data = file[SPEED]
    outside = [("elsewhere.bin", 0, data.size * data.dtype.itemsize)]
    replace(file, SPEED, shape=data.shape, dtype=data.dtype, external=outside)


@in_hdf5("virtual_dataset", libver="latest")
def virtual_dataset(file: Any) -> None:
    """The running speed is mapped from another file."""
    import h5py

    shape, dtype, attrs = file[SPEED].shape, file[SPEED].dtype, dict(file[SPEED].attrs)
    layout = h5py.VirtualLayout(shape, dtype)
    layout[...] = h5py.VirtualSource(ELSEWHERE, SPEED, shape, dtype)
    del file[SPEED]
    file.create_virtual_dataset(SPEED, layout).attrs.update(attrs)


@in_hdf5("huge_attributes", libver="latest")
def huge_attributes(file: Any) -> None:
    """A group carries 40 attributes of 1 MiB each."""
    notes = file["analysis"].create_group("notes")
    for number in range(40):
        notes.attrs[f"note_{number}"] = np.zeros(2**20, np.uint8)


@in_bytes("truncated")
def truncated(path: Path) -> None:
    """The last third of the bytes is missing."""
    os.truncate(path, 2 * path.stat().st_size // 3)


@in_bytes("not_hdf5")
def not_hdf5(path: Path) -> None:
    """The first bytes, by which HDF5 files are known, are others."""
    with path.open("r+b") as file:
        file.write(b"no HDF5!")


@in_bytes("empty_file")
def empty_file(path: Path) -> None:
    """There is not one byte in the file."""
    os.truncate(path, 0)

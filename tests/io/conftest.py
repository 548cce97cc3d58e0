"""Small NWB files, whole or broken, for the tests of reading them."""

import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import h5py
import pytest
from pynwb import NWBHDF5IO, NWBFile
from pynwb.file import Subject

SPIKES = {7: [0.1, 0.2, 1.5], 3: [], 9: [0.05, 2.5]}
LOCATIONS = ["CA1", "V1"]

Write = Callable[..., Path]


def recording(*, units: bool = True, trials: bool = True, located: bool = True) -> NWBFile:
    """Three units (ids 7, 3, 9) on two electrodes, and three trials."""
    nwb = NWBFile(
        session_description="made by a test",
        identifier="test",
        session_id="S1",
        session_start_time=datetime(2024, 5, 1, 12, tzinfo=UTC),
        subject=Subject(subject_id="M7", species="Mus musculus", age="P90D", sex="F"),
    )
    if located:
        device = nwb.create_device("probe")
        group = nwb.create_electrode_group("shank", description="", location="", device=device)
        for location in LOCATIONS:
            nwb.add_electrode(location=location, group=group)
    if units:
        nwb.add_unit_column("quality", "by eye")
        for (unit, times), electrode in zip(SPIKES.items(), (0, 1, 1), strict=True):
            where = {"electrodes": [electrode]} if located else {}
            nwb.add_unit(id=unit, spike_times=times, quality=f"q{unit}", **where)
    if trials:
        nwb.add_trial_column("image", "what was shown")
        for start, image in zip((0.0, 1.0, 2.0), ("cat.png", "dog.png", "cat.png"), strict=True):
            nwb.add_trial(start_time=start, stop_time=start + 0.5, image=image)
    return nwb


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a recording to a file: ``edit`` changes it before, ``damage`` the HDF5 file afterwards."""

    def write_file(
        edit: Callable[[NWBFile], object] = lambda nwb: None,
        damage: Callable[[h5py.File], object] = lambda file: None,
        name: str = "made.nwb",
        **parts: bool,
    ) -> Path:
        nwb = recording(**parts)
        edit(nwb)
        path = tmp_path / name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # What pynwb thinks of odd files is the point of them.
            with NWBHDF5IO(path, "w") as io:
                io.write(nwb)
        with h5py.File(path, "r+") as file:
            damage(file)
        return path

    return write_file

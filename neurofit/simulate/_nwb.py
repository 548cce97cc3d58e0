"""Simulated sessions as NWB files: what all of them share."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import UUID

from .. import io
from ..errors import ResultsExistError
from ..names import BLOCK, START_TIME, STIMULUS_ID, STOP_TIME
from ._population import SAMPLING_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import pandas as pd
    import xarray as xr

TRUTH = "neurofit_truth"
COLUMNS = {STIMULUS_ID: "name of the stimulus", BLOCK: "number of the showing of each stimulus"}


def must_be_new(path: str | Path | None) -> None:
    """Refuse to write over a file, before anything long begins."""
    if path is not None and Path(path).exists():
        raise ResultsExistError(f"{path} exists already. Choose another path, or remove it first.")


def written(path: str | Path | None, write: Callable[[Path], None]) -> Path | xr.DataTree:
    """The ``path`` once it is written, or without one the session that was written to a temporary file."""
    if path is not None:
        with io.beside(path) as unfinished:
            write(Path(unfinished))
        return Path(path)
    with TemporaryDirectory() as folder:
        write(Path(folder) / "simulated.nwb")
        return io.open_nwb(Path(folder) / "simulated.nwb")


def write(
    description: str,
    path: Path,
    *,
    spikes: Mapping[str, Sequence[np.ndarray[Any, Any]]],
    trials: pd.DataFrame,
    truth: Mapping[str, Any],
    rng: np.random.Generator,
) -> None:
    """Write ``spikes`` (area to spike times of its units, s) and ``trials`` to ``path``.

    The ``truth`` goes to the file's scratch space, which no analysis reads.
    """
    from pynwb import NWBHDF5IO

    file = blank(description, purpose="A session with a known answer, to test analyses on.", rng=rng)
    add_units(file, spikes)
    for name in trials.columns.difference([START_TIME, STOP_TIME], sort=False):
        file.add_trial_column(name, COLUMNS.get(name, f"{name} of the stimulus"))
    for row in trials.to_dict("records"):
        file.add_trial(**{str(name): value for name, value in row.items()})
    file.add_scratch(
        json.dumps(truth), name=TRUTH, description="What the simulation knows; no analysis reads it."
    )
    with NWBHDF5IO(path, "w") as opened:
        opened.write(file)


def blank(description: str, *, purpose: str, rng: np.random.Generator) -> Any:
    """An NWBFile that holds nothing yet but who and when."""
    from pynwb import NWBFile
    from pynwb.file import Subject

    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    return NWBFile(
        session_description=description,
        identifier=str(UUID(bytes=rng.bytes(16), version=4)),
        session_start_time=start,
        file_create_date=start,
        session_id="simulated",
        experimenter="Simulated, Neurofit",
        institution="neurofit",
        keywords=["simulation"],
        experiment_description=purpose,
        subject=Subject(
            subject_id="simulated", species="Mus musculus", sex="U", age="P90D", description="simulated"
        ),
    )


def add_units(file: Any, spikes: Mapping[str, Sequence[np.ndarray[Any, Any]]], **each: Any) -> None:
    """Add units with ``spikes`` (area to spike times of its units, s), each on an electrode of its own.

    What comes as ``each`` is the same for every unit.
    """
    from pynwb.misc import Units

    device = file.create_device("simulated probe", description="no probe: the units were simulated")
    file.units = Units(name="units", description="simulated neurons", resolution=1 / SAMPLING_RATE)
    electrode = 0
    for area, units in spikes.items():
        group = file.create_electrode_group(
            f"{area} shank", description=f"units simulated in {area}", location=area, device=device
        )
        for times in units:
            file.add_electrode(location=area, group=group)
            file.add_unit(spike_times=times, electrodes=[electrode], electrode_group=group, **each)
            electrode += 1

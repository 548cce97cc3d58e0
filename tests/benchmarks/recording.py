"""The recording that speed is measured on: 600 units, 30 million spikes, 3,000 trials of 118 stimuli."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from pynwb import NWBHDF5IO, NWBFile

UNITS, SPIKES, TRIALS, STIMULI = 600, 30_000_000, 3_000, 118
WINDOW, BIN, PERIOD = (0.0, 1.0), 0.01, 1.2
SAMPLES = 30_000  # a second
STORED = {"contiguous": {}, "gzip": {"compression": "gzip", "compression_opts": 4, "chunks": (131_072,)}}


def make(
    folder: Path, *, stored: str, units: int = UNITS, spikes: int = SPIKES, trials: int = TRIALS
) -> Path:
    """An NWB file in ``folder``, made once: units of unlike rates, spike times at whole samples."""
    path = folder / f"{stored}_{units}_{spikes}_{trials}.nwb"
    if path.exists():
        return path
    unfinished = path.with_stem(f"{path.stem}_unfinished")
    rng = np.random.default_rng(0)
    _skeleton(unfinished, units, trials, rng)
    share = rng.lognormal(sigma=0.7, size=units)
    sizes = rng.multinomial(spikes, share / share.sum())
    with h5py.File(unfinished, "r+") as file:
        columns = file["units"]
        stops = np.cumsum(sizes)
        times = _replaced(columns, "spike_times", (spikes,), np.float64, **STORED[stored])
        index = _replaced(columns, "spike_times_index", (units,), np.int64)
        index[:], index.attrs["target"] = stops, times.ref
        for start, stop in zip(stops - sizes, stops, strict=True):
            at = np.sort(rng.integers(0, int(trials * PERIOD * SAMPLES), size=stop - start))
            times[start:stop] = at / SAMPLES
    return unfinished.rename(path)


def _replaced(group: h5py.Group, name: str, *what: Any, **how: Any) -> h5py.Dataset:
    """A dataset of another size and type in place of the one that has this name, with its attributes."""
    attrs = dict(group[name].attrs)
    del group[name]
    dataset = group.create_dataset(name, *what, **how)
    dataset.attrs.update(attrs)
    return dataset


def _skeleton(path: Path, units: int, trials: int, rng: np.random.Generator) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    nwb = NWBFile("a recording to measure speed on", "benchmark", start, session_id="benchmark")
    nwb.add_unit_column("area", "where the unit sits")
    for unit in range(units):
        nwb.add_unit(spike_times=[0.0], area=f"area {unit % 6}")
    nwb.add_trial_column("stimulus_id", "what was shown")
    for trial, shown in enumerate(rng.permutation(np.arange(trials) % STIMULI)):
        begin = trial * PERIOD
        nwb.add_trial(start_time=begin, stop_time=begin + 1.0, stimulus_id=f"image {shown:03d}")
    with NWBHDF5IO(path, "w") as io:
        io.write(nwb)

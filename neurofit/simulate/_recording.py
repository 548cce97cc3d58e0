"""A recording that holds one of everything that a lab's file may hold: valid, odd or broken."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import io
from ..errors import ResultsExistError, SchemaError
from ..names import START_TIME, STIMULUS_ID, STOP_TIME
from . import _nwb, _quirks, _quirks_file, _quirks_intervals, _quirks_series, _quirks_units  # noqa: F401
from ._population import BASELINE, SAMPLING_RATE, rates, spike_times
from ._recording_series import add_behaviour, add_cells, add_field_potential, add_light, add_stimuli

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, Any]

AREAS = ("V1", "LM", "AL")
STIMULI = tuple(f"image_{number}" for number in range(8))
ORIENTATIONS = np.arange(0.0, 180.0, 22.5)
GRATINGS = 2 * len(ORIENTATIONS)  # presentations
SHOWN, GAP = 0.5, 0.25  # s
FEWEST_UNITS, FEWEST_TRIALS = 3, 4


def nwb(
    path: str | Path,
    *,
    units: int = 60,
    trials: int = 300,
    quirks: str | Sequence[str] = (),
    rng: int | np.random.Generator | None = None,
) -> Path:
    """An NWB file to try a reader on: valid, or odd or broken in the ways that are asked for.

    The valid file holds one of everything: units in three areas (Poisson spikes at ticks of 30 kHz, tuned to
    the stimuli), trials, presentations of gratings and epochs, field potentials, cells with soma and apical
    dendrite, position, speed, pupil, licks, notes, laser, and the images that were shown.

    Parameters
    ----------
    path
        The file to write. There may be none yet.
    units, trials
        How many; at least 3 and 4.
    quirks
        What is to be odd or broken, by name: print ``neurofit.simulate.quirks``. They are applied in this
        order, those of the bytes last. Links to outside lead to ``elsewhere.nwb`` and ``elsewhere.bin``,
        which are not written.
    rng
        Seed or generator. The same seed gives the same values.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    UnknownNameError
        If there is no such quirk.
    SchemaError
        If there are too few units or trials, or a quirk needs what another one took away.
    ResultsExistError
        If there is a file at ``path``.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> path = nwb(Path(mkdtemp()) / "odd.nwb", units=5, trials=10, quirks=["nan_spikes"], rng=0)
    >>> int(np.isnan(io.open_nwb(path)["spikes"]["spike_time"]).sum())
    1
    """
    path, rng = Path(path), np.random.default_rng(rng)
    chosen = _quirks.ordered([quirks] if isinstance(quirks, str) else quirks)
    if units < FEWEST_UNITS or trials < FEWEST_TRIALS:
        raise SchemaError(
            f"a recording of {units} units and {trials} trials is too small to hold one of everything; "
            f"ask for at least {FEWEST_UNITS} units and {FEWEST_TRIALS} trials"
        )
    if path.exists():
        raise ResultsExistError(f"{path} exists already. Choose another path, or remove it first.")
    with io.beside(path) as unfinished:
        _write(unfinished, _Session.drawn(trials, rng), units, rng)
        _quirks.apply(unfinished, chosen)
    return path


@dataclass(frozen=True)
class _Session:
    """What is shown when: rows of ``STIMULI`` in the trials, then of ``ORIENTATIONS`` as gratings."""

    images: Array
    gratings: Array
    trial_start: Array
    grating_start: Array
    end: float

    @classmethod
    def drawn(cls, trials: int, rng: np.random.Generator) -> _Session:
        start = 1.0 + (SHOWN + GAP) * np.arange(trials + GRATINGS)
        images = rng.permutation(np.arange(trials) % len(STIMULI))
        gratings = rng.permutation(np.arange(GRATINGS) % len(ORIENTATIONS))
        return cls(images, gratings, start[:trials], start[trials:], start[-1] + 2.0)


def _write(path: Path, session: _Session, units: int, rng: np.random.Generator) -> None:
    from pynwb import NWBHDF5IO

    file = _nwb.blank(
        "Simulated: one of everything that a recording may hold.",
        purpose="A file to try readers on; it answers no question.",
        rng=rng,
    )
    with warnings.catch_warnings():
        # Series name rows of tables that are not in the file yet: pynwb says so, and puts it right.
        warnings.filterwarnings("ignore", message="The linked table for DynamicTableRegion")
        # Labs' files are full of types that new files shall no longer have.
        warnings.filterwarnings("ignore", message="(AnnotationSeries|BehavioralEvents) is deprecated")
        _add_units(file, session, units, rng)
        _add_intervals(file, session, rng)
        add_field_potential(file, session.end, rng)
        add_behaviour(file, session.end, rng)
        add_cells(file, session.end, session.trial_start, rng)
        add_light(file, session.trial_start)
        add_stimuli(file, STIMULI, session.images, session.trial_start, rng)
        _add_epochs(file, session)
        with NWBHDF5IO(path, "w") as out:
            out.write(file)


def _add_units(file: Any, session: _Session, units: int, rng: np.random.Generator) -> None:
    drives = rng.normal(size=(len(STIMULI) + len(ORIENTATIONS), units))
    driven = rates(drives, rng)[np.concatenate([session.images, len(STIMULI) + session.gratings])]
    start = np.concatenate([session.trial_start, session.grating_start])
    quiet = np.full((len(start) + 1, units), BASELINE)
    spikes = spike_times(
        np.concatenate([start, [0.0], start + SHOWN]),
        np.concatenate([np.full(len(start), SHOWN), [1.0], np.full(len(start), GAP)]),
        np.concatenate([driven, quiet]),
        rng,
    )
    of_area = np.array_split(np.arange(units), len(AREAS))
    placed = {area: [spikes[unit] for unit in own] for area, own in zip(AREAS, of_area, strict=True)}
    _nwb.add_units(file, placed, obs_intervals=[[0.0, session.end]])
    table = file.units
    table.waveform_rate = SAMPLING_RATE
    shape = 1e-5 * np.sin(np.linspace(0, 2 * np.pi, 40)).astype("f4")
    columns = {
        "snr": ("amplitude of the waveform over the noise", rng.uniform(1, 6, units)),
        "isi_violation": ("share of intervals under 1.5 ms", rng.uniform(0, 0.5, units)),
        "quality": ("what the sorter called it", rng.choice(["good", "mua"], units).astype(object)),
        "waveform_mean": ("mean waveform", -shape * rng.uniform(1, 6, (units, 1)).astype("f4")),
        "waveform_sd": ("standard deviation of the waveforms", np.full((units, 40), 1e-6, "f4")),
    }
    for name, (description, values) in columns.items():
        table.add_column(name, description, data=values)


def _add_intervals(file: Any, session: _Session, rng: np.random.Generator) -> None:
    trials = len(session.trial_start)
    taps = rng.poisson(1.5, trials)
    file.trials = _intervals(
        "trials",
        session.trial_start,
        {
            STIMULUS_ID: ("name of the image", np.array(STIMULI, object)[session.images]),
            "choice": ("side that was licked", rng.choice(["left", "right"], trials).astype(object)),
            "rewarded": ("whether there was water", rng.random(trials) < 0.5),
        },
    )
    times = np.repeat(session.trial_start, taps) + rng.uniform(0, SHOWN, taps.sum())
    ends = np.cumsum(taps).tolist()
    file.trials.add_column("tap_times", "when the paw tapped (s)", data=times, index=ends)
    shown = {
        "orientation": ("degrees", ORIENTATIONS[session.gratings]),
        "contrast": ("Michelson contrast", rng.choice([0.5, 1.0], GRATINGS)),
    }
    file.add_time_intervals(_intervals("grating_presentations", session.grating_start, shown))


def _intervals(name: str, start: Array, columns: dict[str, tuple[str, Array]]) -> Any:
    from hdmf.common import VectorData
    from pynwb.epoch import TimeIntervals

    times = {START_TIME: ("start (s)", start), STOP_TIME: ("end (s)", start + SHOWN)}
    return TimeIntervals(
        name=name,
        description=f"{name.replace('_', ' ')}, in the order of time",
        columns=[
            VectorData(name=column, description=description, data=values)
            for column, (description, values) in (times | columns).items()
        ],
    )


def _add_epochs(file: Any, session: _Session) -> None:
    bounds = [0.0, session.trial_start[0], session.grating_start[0], session.end]
    speed = file.acquisition["running_speed"]
    for tag, start, stop in zip(("rest", "images", "gratings"), bounds[:-1], bounds[1:], strict=True):
        file.add_epoch(start, stop, [tag, "simulated"], [speed])

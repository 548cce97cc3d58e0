"""Damages a file, reads it, and says what came of it, seed after seed: a script, for libhdf5 may die of it.

    python read_damaged.py READER SOURCE FOLDER FIRST STOP

Each seed gives a line when it starts and one with its outcome: ``right``, ``refused``, or what went wrong.
"""

import json
import resource
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np

from neurofit import io
from neurofit.errors import NeurofitError

PATIENCE = 2  # s of computing for one file; the signal, left to its default, ends even a hanging library
MEMORY = 4 * 2**30


def damaged(content, rng):
    """``content`` (bytes) with up to 8 flipped bits or overwritten spans."""
    values = np.frombuffer(content, np.uint8).copy()
    for place in rng.integers(len(values), size=rng.integers(1, 9)):
        span = values[place : place + rng.integers(1, 65)]
        kind = rng.integers(4)
        if kind == 0:
            span[:1] ^= np.uint8(1 << rng.integers(8))
        elif kind == 1:
            span[:] = rng.integers(256, size=len(span))
        else:
            span[:] = 0 if kind == 2 else 255
    return values.tobytes()


def differences(session, path):
    """What ``session`` holds otherwise than plain h5py reads it from ``path``, or leaves out untold."""
    told = " ".join(f"{entry['where']}: " for entry in json.loads(session.attrs["ingest_report"]))
    with h5py.File(path) as file:
        found = list(_spikes(session, file.get("units"), told))
        tables = file.get("intervals") or {}
        for name in tables:
            if "start_time" in tables[name]:
                found += _table(session, name, tables[name], told)
    return found


def _spikes(session, units, told):
    if "spikes" not in session.children:
        if units is not None and "spike_times" in units and "units: " not in told:
            yield "no spikes, and no word of it"
        return
    spikes = session["spikes"]
    yield from _unequal("unit_id", spikes["unit_id"], units["id"])
    yield from _unequal("spike_time", spikes["spike_time"], units["spike_times"])
    ends = units["spike_times_index"][()].astype(np.int64)
    yield from _unequal("row_size", spikes["row_size"], np.diff(ends, prepend=0))


def _table(session, name, stored, told):
    if name not in session["intervals"].children:
        if f"{name}: " not in told:
            yield f"no table {name}, and no word of it"
        return
    table = session["intervals"][name]
    yield from _unequal(f"{name} id", table["trial_id"], stored["id"])
    for column, values in stored.items():
        if column == "id" or column.endswith("_index"):
            continue
        if column not in table:
            if f"{name}/{column}: " not in told:
                yield f"no column {column} of {name}, and no word of it"
            continue
        yield from _unequal(f"{name} {column}", table[column], values)
        if f"{column}_index" in stored:
            sizes = np.diff(stored[f"{column}_index"][()].astype(np.int64), prepend=0)
            yield from _unequal(f"sizes of {name} {column}", table[f"{column}_row_size"], sizes)


def _unequal(what, got, stored):
    got, wanted = np.asarray(got), np.asarray(stored[()])
    if wanted.dtype.kind in "OS":
        wanted = np.array([_text(value) for value in wanted.tolist()], str)
    floating = got.dtype.kind == wanted.dtype.kind == "f"
    if wanted.dtype.kind == "V" or not np.array_equal(got, wanted, equal_nan=floating):
        yield f"{what}: {got!r:.200} is not {wanted!r:.200}"


def _text(value):
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def read_all(path):
    """Everything in the file that can be reached, through h5py alone."""
    with h5py.File(path) as file:
        _read(file, depth=0)


def _read(item, depth):
    for step in (lambda: dict(item.attrs), lambda: None if isinstance(item, h5py.Group) else item[()]):
        with suppress(Exception):
            step()
    names = []
    with suppress(Exception):
        names = list(item) if isinstance(item, h5py.Group) and depth < 8 else []
    for name in names:
        with suppress(Exception):
            _read(item[name], depth + 1)


def through_open_nwb(path):
    return differences(io.open_nwb(path), path)


def through_inspect(path):
    str(io.inspect(path))


READERS = {"open_nwb": through_open_nwb, "inspect": through_inspect, "h5py": read_all}


def outcome(reader, path):
    try:
        wrong = reader(path)
    except NeurofitError:
        return "refused"
    except Exception as error:
        return f"{type(error).__name__}: {error}\n" + "".join(traceback.format_tb(error.__traceback__)[-4:])
    return "wrong: " + "; ".join(wrong) if wrong else "right"


def main(reader, source, folder, first, stop):
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    content, path = Path(source).read_bytes(), Path(folder) / "damaged.nwb"
    READERS[reader](source)  # What is imported on first use is not counted.
    for seed in range(int(first), int(stop)):
        path.write_bytes(damaged(content, np.random.default_rng(seed)))
        sys.stdout.write(f"{seed}\n")
        sys.stdout.flush()
        signal.setitimer(signal.ITIMER_PROF, PATIENCE)
        said = outcome(READERS[reader], path)
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

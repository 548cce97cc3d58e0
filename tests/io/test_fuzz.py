"""Whatever a file holds, and however it is damaged: a session that equals the file, or a neurofit error."""

import json
import re
import runpy
import shutil
import subprocess
import sys
from functools import partialmethod
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from pynwb import NWBHDF5IO

import neurofit as nf
from neurofit.errors import NeurofitError, SchemaError

SCRIPT = Path(__file__).with_name("read_damaged.py")
KILLED = "killed: it crashed or hung"

differences = runpy.run_path(str(SCRIPT))["differences"]
few = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],  # Examples are small as they are, and shrinking takes minutes.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

TIMES = st.floats(-1, 10) | st.sampled_from([0.0, 1.0, 2.0, 3.0, np.nan, np.inf, -np.inf])
# HDF5 ends text at a zero byte; text that shows bytes as Python prints them is decoded, and told.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6).filter(
    lambda text: not re.match("b['\"]", text)
)
IDS = st.integers(-(2**31), 2**31) | st.integers(0, 2)
UNITS = st.lists(st.tuples(IDS, st.lists(TIMES, max_size=6), TEXTS), min_size=1, max_size=5)
TRIALS = st.lists(st.tuples(IDS, TIMES, TIMES, TEXTS, st.floats(), st.booleans()), min_size=1, max_size=6)


def holding(units, trials):
    """An edit that adds ``units`` (id, spike times, label) and ``trials`` (id, start, stop and columns)."""

    def add(nwb):
        nwb.add_unit_column("label", "text")
        for number, times, label in units:
            nwb.add_unit(id=number, spike_times=np.array(times, float), label=label)
        for name in ("word", "score", "hit"):
            nwb.add_trial_column(name, "of the trial")
        for number, start, stop, word, score, hit in trials:
            nwb.add_trial(id=number, start_time=start, stop_time=stop, word=word, score=score, hit=hit)
        nwb.add_epoch(0.0, 100.0, ["all"])  # Lest spikes in a long time after a short trial be odd.

    return add


def told(session, where):
    report = json.loads(session.attrs["ingest_report"])
    return {entry["issue"]: entry["rows"] for entry in report if entry["where"] == where}


def rows(odd):
    return [row for row, is_odd in enumerate(odd) if is_odd]


def repeated(ids):
    return rows(ids.count(number) > 1 for number in ids)


def overlapping(trials):
    """Rows that start before one ends that had started earlier, or at the same time in an earlier row."""
    spans = {row: trial[1:3] for row, trial in enumerate(trials)}
    usable = {row: (a, b) for row, (a, b) in spans.items() if np.isfinite([a, b]).all() and b > a}
    return [
        row
        for row, (start, _) in usable.items()
        if any((a, other) < (start, row) and start < b for other, (a, b) in usable.items())
    ]


@few
@given(UNITS, TRIALS)
def test_any_table_comes_in_as_h5py_reads_it_and_what_is_odd_is_told(write, units, trials):
    path = write(holding(units, trials), units=False, trials=False, located=False)
    session = nf.io.open_nwb(path)
    assert differences(session, path) == []
    assert set(session["trials"]) == {"start_time", "stop_time", "word", "score", "hit"}
    assert session["spikes"]["label"].values.tolist() == [label for *_, label in units]
    finite = [[time for time in times if np.isfinite(time)] for _, times, _ in units]
    of_units = {
        "NaN or infinite spike times": rows(len(a) < len(b[1]) for a, b in zip(finite, units, strict=True)),
        "unsorted spike times": rows(times != sorted(times) for times in finite),
        "spikes before time zero": rows(min(times, default=0) < 0 for times in finite),
        "ids that occur more than once": repeated([number for number, *_ in units]),
    }
    assert told(session, "units") == {issue: odd for issue, odd in of_units.items() if odd}
    spans = [trial[1:3] for trial in trials]
    ids = [number for number, *_ in trials]
    of_trials = {
        "NaN or infinite time": rows(not np.isfinite(span).all() for span in spans),
        "reversed": rows(np.isfinite(span).all() and span[1] < span[0] for span in spans),
        "zero length": rows(np.isfinite(span).all() and span[1] == span[0] for span in spans),
        "overlaps an earlier row": overlapping(trials),
        "ids that occur more than once": repeated(ids),
    }
    found = told(session, "trials")
    assert ("ids are not 0, 1, 2, ..." in found) == (ids != [*range(len(ids))])
    found.pop("ids are not 0, 1, 2, ...", None)
    assert found == {issue: odd for issue, odd in of_trials.items() if odd}
    bad = {*of_trials["NaN or infinite time"], *of_trials["reversed"]}
    assert rows(~session["trials"]["valid"].values) == sorted(bad)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """One of everything, without the specifications, which would be nearly all that there is to damage."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NWBHDF5IO, "write", partialmethod(NWBHDF5IO.write, cache_spec=False))
        return nf.simulate.nwb(tmp_path_factory.mktemp("fuzz") / "valid.nwb", units=3, trials=4, rng=0)


@few
@given(st.lists(st.sampled_from(sorted(nf.simulate.quirks)), min_size=2, max_size=4, unique=True))
def test_whatever_is_odd_at_once_is_read_as_it_is_or_refused(source, tmp_path, names):
    path = Path(shutil.copy(source, tmp_path / "odd.nwb"))
    try:
        nf.simulate._quirks.apply(path, nf.simulate._quirks.ordered(names))
    except SchemaError:
        assume(False)
    try:
        session = nf.io.open_nwb(path)
    except NeurofitError:
        return
    assert differences(session, path) == []


def outcomes(reader, source, folder, seeds):
    """What came of reading the damaged copies of ``source``; the reading of the dead is taken up again."""
    said = {}
    first, stop = seeds.start, seeds.stop
    while first < stop:
        order = [sys.executable, str(SCRIPT), reader, str(source), str(folder), str(first), str(stop)]
        child = subprocess.run(order, capture_output=True, text=True, check=False)
        assert child.returncode <= 0, child.stderr
        lines = child.stdout.splitlines()
        said |= {int(seed): json.loads(text) for seed, text in zip(lines[::2], lines[1::2], strict=False)}
        first = stop
        if child.returncode:
            said[int(lines[-1])] = KILLED
            first = int(lines[-1]) + 1
    return said


def unexpected(reader, source, folder, seeds):
    """Outcomes other than a neurofit error or a right answer, but for what libhdf5 by itself dies of."""
    said = outcomes(reader, source, folder, seeds)
    for seed in [seed for seed, outcome in said.items() if outcome == KILLED]:
        if outcomes("h5py", source, folder, range(seed, seed + 1))[seed] == KILLED:
            del said[seed]
    assert len(said) > 0.8 * len(seeds)
    assert {"right", "refused"} <= set(said.values())
    return {seed: outcome for seed, outcome in said.items() if outcome not in {"right", "refused"}}


@pytest.mark.parametrize("reader", ["open_nwb", "inspect"])
def test_damaged_files_are_read_as_they_are_or_refused(source, tmp_path, reader):
    assert unexpected(reader, source, tmp_path, range(11, 27)) == {}


@pytest.mark.slow
@pytest.mark.parametrize("reader", ["open_nwb", "inspect"])
def test_many_damaged_files_are_read_as_they_are_or_refused(source, tmp_path, reader):
    assert unexpected(reader, source, tmp_path, range(1000, 1100)) == {}


@pytest.mark.slow
def test_damage_in_a_file_with_its_specifications(tmp_path):
    source = nf.simulate.nwb(tmp_path / "whole.nwb", units=3, trials=4, rng=0)
    assert unexpected("open_nwb", source, tmp_path, range(2000, 2040)) == {}


def test_the_comparison_sees_what_is_changed_or_missing(source):
    session = nf.io.open_nwb(source)
    assert differences(session, source) == []
    changed = session.copy(deep=True)
    changed["spikes"]["spike_time"].values[3] += 1e-9
    assert re.match("spike_time: ", *differences(changed, source))
    changed = session.copy(deep=True)
    changed["intervals/trials"] = changed["intervals/trials"].to_dataset().drop_vars("choice")
    assert differences(changed, source) == ["no column choice of trials, and no word of it"]
    changed = session.copy(deep=True)
    del changed["intervals"]["epochs"]
    assert "no table epochs, and no word of it" in differences(changed, source)
    changed = session.copy(deep=True)
    del changed["spikes"]
    assert differences(changed, source) == ["no spikes, and no word of it"]

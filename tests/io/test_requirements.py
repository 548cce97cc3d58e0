import numpy as np
import pytest
import xarray as xr

from neurofit import cli, io, schema
from neurofit.errors import RecordingError, SchemaError, UnknownNameError

RNG = np.random.default_rng(0)


def session(*, stimuli=4, repeats=2, areas=("V1", "V1", "LM", "LM"), units=4, **columns):
    shown = [f"s{i}" for i in range(stimuli)] * repeats
    rows = len(shown)
    trials = {"start_time": np.arange(rows), "stop_time": np.arange(rows) + 0.5, "stimulus_id": shown}
    spikes = [[0.1, 0.2]] * units
    return io.from_arrays(spikes=spikes, trials={**trials, **columns}, units={"area": list(areas)[:units]})


def what(found):
    return [need.what for need in found.missing]


def test_a_recording_that_has_everything_is_told_so():
    found = io.check_requirements(session(), analysis="compare")
    assert found.met
    assert str(found) == "compare: all that it needs is there"


def test_everything_that_is_missing_is_told_at_once():
    bare = io.from_arrays(spikes=[[0.1], []])
    found = io.check_requirements(bare, analysis="rsa")
    assert what(found) == [
        "a table of trials",
        "a column stimulus_id of the trials, which names what was shown",
        "2 units that respond",
    ]
    assert not found.met
    assert "nwb.add_trial(" in str(found)
    assert "rename={'<your column>': 'stimulus_id'}" in str(found)
    assert "(there is 1)" in str(found)


@pytest.mark.parametrize(
    ("analysis", "changes", "missing"),
    [
        ("rsa", {"stimuli": 2}, "3 different stimuli"),
        ("rsa", {"repeats": 1}, "2 repeats of each stimulus"),
        ("rsa", {"units": 1}, "2 units that respond"),
        ("compare", {"areas": ("V1", "V1", "V1", "LM")}, "2 areas with 2 units each"),
        ("compare", {"areas": ("V1", "V1", "", "")}, "2 areas with 2 units each"),
        ("compare", {"repeats": 1}, "2 repeats of each stimulus"),
    ],
)
def test_too_little_of_something_is_told_with_how_much_there_is(analysis, changes, missing):
    found = io.check_requirements(session(**changes), analysis=analysis)
    assert what(found) == [missing]
    assert found.missing[0].found == int(missing[0]) - 1


def test_a_stimulus_that_is_repeated_only_on_bad_trials_is_not_repeated():
    bad = session()
    bad["trials"]["valid"][-1] = False
    assert what(io.check_requirements(bad, analysis="rsa")) == ["2 repeats of each stimulus"]


def test_learning_rules_need_familiar_and_novel_stimuli():
    familiar = np.tile(np.arange(40) < 20, 2)
    assert io.check_requirements(session(stimuli=40, familiar=familiar), analysis="plasticity").met
    fewer = np.tile(np.arange(39) < 19, 2)
    found = io.check_requirements(session(stimuli=39, familiar=fewer), analysis="plasticity")
    assert [(need.what, need.found) for need in found.missing] == [("20 familiar stimuli", 19)]
    assert what(io.check_requirements(session(stimuli=40), analysis="plasticity")) == [
        "a column familiar of the trials: was this stimulus known (true) or novel (false)?"
    ]
    as_text = np.where(familiar, "yes", "no")
    assert not io.check_requirements(session(stimuli=40, familiar=as_text), analysis="plasticity").met


def test_fields_need_twenty_steps_of_weights_or_of_trials():
    days = np.arange(22)
    assert io.check_requirements(session(stimuli=22, repeats=1, session_index=days), analysis="fields").met
    found = io.check_requirements(session(session_index=[0, 1] * 4), analysis="fields")
    assert [(need.what, need.found) for need in found.missing] == [("22 sessions", 2)]
    with_weights = session()
    assert not io.check_requirements(with_weights, analysis="fields").met
    weight = (("session_index", "synapse"), np.ones((22, 5)))
    with_weights["weights"] = xr.Dataset({"weight": weight}, {"session_index": days})
    assert io.check_requirements(with_weights, analysis="fields").met


def test_objectives_need_states_and_actions():
    states, actions = RNG.integers(0, 5, 24), np.arange(24) % 2
    assert io.check_requirements(session(repeats=6, state=states, action=actions), analysis="irl").met
    found = io.check_requirements(session(state=states[:8], action=np.zeros(8, int)), analysis="irl")
    assert what(found) == ["2 different actions", "20 decisions"]
    assert len(io.check_requirements(session(), analysis="irl").missing) == 2


def test_cells_in_a_continuous_series_are_units_too(write):
    made = session()
    traces = xr.Dataset(
        {"data": (("sample", "unit"), np.ones((5, 4)))},
        {"time": ("sample", np.arange(5.0)), "area": ("unit", ["V1", "V1", "LM", "LM"])},
    )
    parts = {"/trials": made["trials"].to_dataset(), "/continuous/dff": traces}
    assert io.check_requirements(xr.DataTree.from_dict(parts), analysis="compare").met
    eye = traces.rename(unit="component").drop_vars("area")
    lacking = xr.DataTree.from_dict({**parts, "/continuous/dff": eye})
    assert what(io.check_requirements(lacking, analysis="rsa")) == [
        "what units did: spikes, counts, or the traces of cells"
    ]


def test_a_file_is_checked_as_it_would_be_opened(write):
    path = write()
    assert "columns of the trials: start_time, stop_time, image" in str(
        io.check_requirements(path, analysis="rsa")
    )
    found = io.check_requirements(path, analysis="rsa", rename={"image": "stimulus_id"})
    assert what(found) == ["3 different stimuli", "2 repeats of each stimulus"]


def test_a_file_of_behaviour_alone_can_be_checked(write):
    def add(nwb):
        nwb.add_trial_column("state", "where")
        nwb.add_trial_column("action", "what")
        for row in range(24):
            nwb.add_trial(start_time=float(row), stop_time=row + 0.5, state=row % 3, action=row % 2)

    path = write(add, units=False, trials=False)
    with pytest.raises(RecordingError, match="no table of units"):
        io.open_nwb(path)
    assert io.check_requirements(path, analysis="irl").met
    assert what(io.check_requirements(path, analysis="compare"))[0].startswith("what units did")


def test_a_damaged_file_is_refused_and_not_called_incomplete(write):
    def shorten(file):
        file["units/spike_times_index"][:] = [3, 2, 5]

    with pytest.raises(RecordingError, match="spike_times_index decreases"):
        io.check_requirements(write(damage=shorten), analysis="rsa")


def test_wrong_questions_are_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'compare'"):
        io.check_requirements(session(), analysis="compares")
    with pytest.raises(SchemaError, match="rename cannot be heeded"):
        io.check_requirements(session(), analysis="rsa", rename={"a": "b"})


@pytest.mark.parametrize("analysis", schema.analyses())
def test_every_need_says_how_to_meet_it(analysis):
    part = schema.requirements(analysis)
    for need in [*part["allOf"], *part["x-neurofit"]["needs"]]:
        assert need["title"]
        assert len(need["description"]) > 15


def test_the_command_line_tells_it_too(write, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["neurofit", "inspect", str(write()), "--analysis", "rsa"])
    with pytest.raises(SystemExit, match="0"):
        cli.main()
    assert "rsa needs more:" in capsys.readouterr().out

import json

import pytest

from neurofit import io
from neurofit.errors import RecordingError

SHOWN = {"image": "stimulus_id"}


def named(session_id, *, subject="M7"):
    def damage(file):
        file["general/session_id"][()] = session_id
        file["general/subject/subject_id"][()] = subject

    return damage


def only_cats(nwb):
    nwb.trials["image"].data[:] = ["cat.png"] * 3


def test_each_node_is_the_session_that_the_file_gives(write):
    paths = [write(name="a.nwb"), write(damage=named("S2", subject="M8"), name="b.nwb")]
    tree = io.open_many(paths, rename=SHOWN)
    assert list(tree.children) == ["S1", "S2"]
    for path, node in zip(paths, tree.children.values(), strict=True):
        alone = io.open_nwb(path, rename=SHOWN)
        assert xr_tree(node).identical(alone)
    assert tree.attrs["on"] == "stimulus_id"
    assert json.loads(tree.attrs["stimuli"]) == ["cat.png", "dog.png"]
    assert json.loads(tree.attrs["ingest_report"]) == []


def xr_tree(node):
    copied = node.copy()
    copied.orphan()
    copied.name = None
    return copied


def test_stimuli_of_some_sessions_only_are_told(write):
    paths = [write(name="a.nwb"), write(only_cats, named("S2"), name="b.nwb")]
    tree = io.open_many(paths, rename=SHOWN)
    assert json.loads(tree.attrs["stimuli"]) == ["cat.png"]
    assert json.loads(tree.attrs["not_shared"]) == {"S1": ["dog.png"], "S2": []}


def test_sessions_of_one_name_stay_apart_and_that_is_told(write):
    ids = {"a": "S1", "b": "S1", "c": "", "d": "x/y", "e": "S1_2"}
    paths = [write(damage=named(own), name=f"{file}.nwb") for file, own in ids.items()]
    tree = io.open_many(paths, rename=SHOWN)
    assert list(tree.children) == ["S1", "S1_2", "c", "x_y", "S1_2_2"]
    told = {entry["where"]: entry["action"] for entry in json.loads(tree.attrs["ingest_report"])}
    assert told == {"b.nwb": "called S1_2", "d.nwb": "called x_y", "e.nwb": "called S1_2_2"}


def test_all_that_cannot_be_opened_is_told_together(write, tmp_path):
    broken = tmp_path / "broken.nwb"
    broken.write_bytes(b"no HDF5")
    paths = [write(name="good.nwb"), broken, write(name="bare.nwb", trials=False), tmp_path / "lost.nwb"]
    with pytest.raises(RecordingError) as caught:
        io.open_many(paths)
    message = str(caught.value)
    assert message.startswith("4 of 4")
    for said in (
        "good.nwb: no column of the trials called 'stimulus_id'",
        "broken.nwb is not an HDF5 file",
        "bare.nwb: no table of trials",
        "there is no file",
    ):
        assert said in message
    with pytest.raises(RecordingError, match="there are none"):
        io.open_many([])


def test_sessions_without_stimuli_can_be_opened_together(write):
    tree = io.open_many([write(trials=False)], on=None)
    assert tree.attrs["on"] == ""
    assert "spikes" in tree["S1"].children


def test_a_tree_of_sessions_is_saved_and_loaded(write, tmp_path):
    tree = io.open_many([write(name="a.nwb"), write(name="b.nwb")], rename=SHOWN)
    assert io.load(io.save(tree, tmp_path / "many.nc")).identical(tree)

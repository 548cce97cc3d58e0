import json

import numpy as np
import pytest
import xarray as xr

from neurofit import io, prep, rsa, schema
from neurofit.errors import AlignmentError, SchemaError

RNG = np.random.default_rng(0)


def session(shown, *, units=3, subject="M1", values=None, kind="counts", **about):
    values = RNG.poisson(5, (len(shown), units)) if values is None else values
    table = {"area": ["V1"] * units, "depth": np.arange(units) / 2}
    about = {"subject": subject, **about}
    return io.from_arrays(**{kind: values}, trials={"stimulus_id": shown}, units=table, about=about)


def sessions():
    return {
        "monday": session(list("abcab"), units=2, subject="M1", session_id="S1"),
        "tuesday": session(list("cabba"), units=4, subject="M2", session_id="S2"),
    }


def by_hand(one, stimulus):
    """The mean over the trials of a stimulus, straight from the arrays."""
    counts = one["responses"]["responses"].values
    return counts[one["trials"]["stimulus_id"].values == stimulus].mean(axis=0)


def test_each_session_has_its_means_in_one_order():
    both = sessions()
    tree = prep.join(both)
    for name, one in both.items():
        joined = tree[name]["responses"]
        assert joined["stimulus_id"].values.tolist() == ["a", "b", "c"]
        for row, stimulus in enumerate("abc"):
            np.testing.assert_array_equal(joined.values[row], by_hand(one, stimulus))
        assert joined["session_id"].item() == one.attrs["session_id"]
        assert joined["subject"].item() == one.attrs["subject"]
        schema.check(joined, "responses")
    schema.check(tree, "results")


def test_a_pseudo_population_sets_units_side_by_side_and_says_whose_they_are():
    both = sessions()
    joined = prep.join(both, pseudo_population=True)
    assert joined.dims == ("stimulus", "unit")
    expected = [np.concatenate([by_hand(one, stimulus) for one in both.values()]) for stimulus in "abc"]
    np.testing.assert_array_equal(joined.values, expected)
    assert joined["session_id"].values.tolist() == ["S1"] * 2 + ["S2"] * 4
    assert joined["subject"].values.tolist() == ["M1"] * 2 + ["M2"] * 4
    assert joined["unit_id"].values.tolist() == [0, 1, 0, 1, 2, 3]
    assert joined["depth"].values.tolist() == [0, 0.5, 0, 0.5, 1, 1.5]
    assert joined["repeats"].values.tolist() == [[2] * 6, [2] * 6, [1] * 6]
    schema.check(joined, "responses")
    schema.check(joined, "results")
    assert rsa.rdm(joined, measure="euclidean").sizes["pair"] == 3


def test_the_order_of_trials_does_not_matter():
    both = sessions()
    turned = {
        name: session(
            one["trials"]["stimulus_id"].values[::-1],
            values=one["responses"]["responses"].values[::-1],
            units=one["responses"].sizes["unit"],
            **{key: one.attrs[key] for key in ("subject", "session_id")},
        )
        for name, one in both.items()
    }
    xr.testing.assert_identical(
        prep.join(both, pseudo_population=True), prep.join(turned, pseudo_population=True)
    )


@pytest.mark.parametrize("pseudo_population", [False, True])
def test_stimuli_that_are_not_shared_are_left_out_and_told(pseudo_population):
    both = {"monday": session(list("0ab")), "tuesday": session(list("yab"))}
    joined = prep.join(both, pseudo_population=pseudo_population)
    array = joined if pseudo_population else joined["monday"]["responses"]
    assert array["stimulus_id"].values.tolist() == ["a", "b"]
    for row, stimulus in enumerate("ab"):
        np.testing.assert_array_equal(array.values[row, :3], by_hand(both["monday"], stimulus))
    told = json.loads(joined.attrs["left_out"])
    assert [(entry["where"], entry["issue"]) for entry in told] == [
        ("monday", "not shown in every session: 0"),
        ("tuesday", "not shown in every session: y"),
    ]


def test_trials_left_out_of_one_session_are_told_with_its_name():
    both = {"monday": session(["a", "b", ""]), "tuesday": session(["a", "b"])}
    (entry,) = json.loads(prep.join(both).attrs["left_out"])
    assert entry["where"] == "monday/trials"
    assert entry["rows"] == [2]


def test_sessions_that_share_no_stimulus_cannot_be_joined():
    with pytest.raises(AlignmentError, match="no stimulus_id is shared by all 2 sessions:\n  monday: a, b"):
        prep.join({"monday": session(list("ab")), "tuesday": session(list("cd"))})
    with pytest.raises(SchemaError, match="no sessions to join"):
        prep.join({})


def test_what_was_measured_differently_makes_no_one_population():
    shown = list("ab")
    both = {"counts": session(shown), "rates": session(shown, kind="rates", values=np.ones((2, 3)))}
    assert set(prep.join(both).children) == {"counts", "rates"}
    with pytest.raises(AlignmentError, match="unit of measurement differs"):
        prep.join(both, pseudo_population=True)
    spikes = io.from_arrays(
        spikes=[[0.1, 1.2]], trials={"start_time": [0, 1], "stop_time": [1, 2], "stimulus_id": shown}
    )
    with pytest.raises(AlignmentError, match=r"dims differs: stimulus, unit and stimulus, unit, time; time"):
        prep.join({"counts": session(shown), "spikes": spikes}, pseudo_population=True)


def test_stimuli_are_matched_as_text():
    both = {"numbers": session([45.0, 90.0]), "names": session(["90", "45"])}
    joined = prep.join(both, pseudo_population=True)
    assert joined["stimulus_id"].values.tolist() == ["45", "90"]


def test_what_tells_repeats_is_kept_even_if_its_type_differs():
    def one(codes):
        trials = {"stimulus_id": ["x", "y"], "code": codes}
        return io.from_arrays(counts=np.arange(4).reshape(2, 2), trials=trials)

    both = {"numbers": one([2, 1]), "text": one(["1", "2"])}
    joined = prep.join(both, by="code", pseudo_population=True)
    assert joined["code"].values.tolist() == ["1", "2"]
    assert joined.values.tolist() == [[2, 3, 0, 1], [0, 1, 2, 3]]


def test_a_session_without_an_id_is_known_by_its_name():
    joined = prep.join({"monday": session(list("ab"))}, pseudo_population=True)
    assert set(joined["session_id"].values) == {"monday"}


def test_time_is_kept_and_the_options_are_those_of_responses():
    trials = {"start_time": [0, 1], "stop_time": [1, 2], "stimulus_id": ["a", "b"]}
    both = {name: io.from_arrays(spikes=[[0.1, 1.2], [1.4]], trials=trials) for name in ("x", "y")}
    joined = prep.join(both, pseudo_population=True, bin=0.25, window=(0.0, 0.5))
    assert joined["time"].values.tolist() == [0.0, 0.25]
    assert joined.sel(time=0.0).values.tolist() == [[1, 0, 1, 0], [1, 0, 1, 0]]


def test_sessions_opened_together_are_joined(tmp_path):
    both = sessions()
    tree = xr.DataTree.from_dict({})
    tree.children = both
    joined = prep.join(tree)
    assert joined.identical(prep.join(both))
    assert io.load(io.save(joined, tmp_path / "joined.zarr")).identical(joined)


def test_what_is_joined_is_not_changed():
    both = sessions()
    before = {name: one.copy(deep=True) for name, one in both.items()}
    prep.join(both, pseudo_population=True)
    assert all(both[name].identical(before[name]) for name in both)


def test_ids_that_are_numbers_here_and_text_there_can_stand_side_by_side():
    def one(ids):
        trials = {"stimulus_id": ["a", "b"]}
        return io.from_arrays(counts=np.ones((2, 2)), trials=trials, units={"unit_id": ids})

    joined = prep.join({"x": one([1, 2]), "y": one(["p", "q"])}, pseudo_population=True)
    assert joined["unit_id"].values.tolist() == ["1", "2", "p", "q"]

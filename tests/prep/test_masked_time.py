"""Time not observed is masked, not zero."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurofit as nf
from neurofit.prep._kernels import hidden
from neurofit.prep._masks import _joined

SPIKES = [[0.05, 0.45, 1.05], [0.15], [1.15]]


def session(intervals, spikes=SPIKES):
    trials = {"start_time": [0.0, 1.0], "stop_time": [0.5, 1.5], "stimulus_id": ["a", "a"]}
    made = nf.io.from_arrays(spikes=spikes, trials=trials, units={"unit_id": [7, 3, 9][: len(spikes)]})
    bounds = np.array([bound for own in intervals for bound in own]).reshape(-1, 2)
    units = (
        made["spikes"]
        .to_dataset()
        .assign(
            observed_start=("observation", bounds[:, 0]),
            observed_stop=("observation", bounds[:, 1]),
            observations=("unit", [len(own) for own in intervals]),
        )
    )
    made["spikes"] = type(made)(units)
    return made


def counts(intervals, **options):
    return nf.prep.responses(session(intervals), window=(0.0, 0.5), bin=0.1, **options)


def masked(responses):
    return [entry for entry in json.loads(responses.attrs["left_out"]) if entry["action"] == "masked"]


def test_bins_that_were_not_observed_as_a_whole_are_nan():
    made = counts([[(0.1, 0.35), (0.4, 2.0)], [(-1.0, 9.0)], []])
    np.testing.assert_array_equal(made[0, 0], [np.nan, 0, 0, np.nan, 1])
    np.testing.assert_array_equal(made[1, 0], [1, 0, 0, 0, 0])
    np.testing.assert_array_equal(made[:, 1], [[0, 1, 0, 0, 0], [0] * 5])
    assert made[:, 2].isnull().all()
    assert made.dtype == np.float32
    (told,) = masked(made)
    assert told["issue"] == "12 bins not observed"
    assert told["units"] == ["7", "9"]
    assert (told["rows"], told["bins"]) == ([0, 2], [2, 10])


def test_a_window_counts_only_where_all_of_it_was_observed():
    made = nf.prep.responses(
        session([[(0.0, 0.45)], [(0.0, 9.0)], [(0.9, 2.0)]]), window=(0.0, 0.5), bin=None
    )
    np.testing.assert_array_equal(made, [[np.nan, 1, np.nan], [np.nan, 0, 1]])


def test_counts_stay_small_integers_where_all_was_observed():
    made = counts([[(0.0, 1.0), (1.0, 2.0)], [(0.0, 1.5)], [(-5.0, 5.0)]])
    assert made.dtype == np.uint8
    assert masked(made) == []
    np.testing.assert_array_equal(made, nf.prep.responses(_unsaid(), window=(0.0, 0.5), bin=0.1))


def _unsaid():
    made = session([[], [], []])
    made["spikes"] = type(made)(
        made["spikes"].to_dataset().drop_dims("observation").drop_vars("observations")
    )
    return made


def test_an_interval_that_ends_with_the_last_bin_is_not_lost_to_rounding():
    trials = {"start_time": [0.1], "stop_time": [0.3], "stimulus_id": ["a"]}
    made = nf.io.from_arrays(spikes=[[0.25]], trials=trials)
    units = (
        made["spikes"]
        .to_dataset()
        .assign(
            observed_start=("observation", [0.1]),
            observed_stop=("observation", [0.3]),  # 0.1 + 0.2 is 0.30000000000000004
            observations=("unit", [1]),
        )
    )
    made["spikes"] = type(made)(units)
    assert not nf.prep.responses(made, window=(0.0, 0.2), bin=0.1).isnull().any()


def test_edges_that_were_rounded_lose_nothing():
    # The eleventh of 30 bins begins at 0.333333333333, which is before a third of a second.
    made = nf.prep.responses(session([[(1 / 3, 1.0)], [], []]), window=(0.0, 1.0), bin=1 / 30)
    assert made[0, 0].isnull().values.tolist() == [True] * 10 + [False] * 20


def test_many_spikes_in_a_bin_are_exact_beside_nan():
    crowd = [0.2] * 70_000
    made = nf.prep.responses(session([[(0.0, 0.5)]], [crowd]), window=(0.0, 0.5), bin=0.1)
    assert made.dtype == np.float64
    assert made[0, 0, 2] == 70_000
    assert made[1].isnull().all()


def test_the_average_is_that_of_observed_repeats():
    mean = nf.prep.average(counts([[(0.0, 0.5)], [(0.0, 2.0)], []]))
    np.testing.assert_array_equal(mean[0, 0], [1, 0, 0, 0, 1])
    np.testing.assert_array_equal(mean[0, 1], [0, 0.5, 0, 0, 0])
    assert mean[0, 2].isnull().all()
    assert mean["repeats"].values.tolist() == [2]


bound = st.integers(-5, 25).map(lambda number: number / 10)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(bound | st.just(np.nan), bound), max_size=5), st.lists(bound, min_size=1, max_size=4)
)
def test_agrees_with_looking_at_each_bin(intervals, onsets):
    onset, bounds = np.array(onsets), np.array([-0.05, 0.1, 0.25, 0.4])
    start, stop = np.array(intervals).reshape(-1, 2).T
    found = hidden(onset, bounds, *_joined(start, stop))
    # A bin is observed where each of many moments in it is.
    for trial, bin in np.ndindex(found.shape):
        moments = np.linspace(onset[trial] + bounds[bin], onset[trial] + bounds[bin + 1], 31)
        inside = [
            (low - 1e-9 <= moments) & (moments <= high + 1e-9) for low, high in intervals if low <= high
        ]
        assert found[trial, bin] == (not np.any(inside or [np.zeros(31, bool)], axis=0).all())


@pytest.mark.parametrize("function", [nf.prep.zscore, nf.prep.rates])
def test_what_follows_keeps_the_mask(function):
    made = counts([[(0.0, 0.5)], [(0.0, 2.0)], [(0.0, 2.0)]])
    np.testing.assert_array_equal(function(made).isnull(), made.isnull())

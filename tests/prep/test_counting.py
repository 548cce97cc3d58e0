"""The counting kernel agrees with counting one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from neurofit.prep import _counting
from neurofit.prep._kernels import count_spikes, group_means

RATE = 30_000


def one_by_one(trains, edges):
    counts = np.zeros((len(trains), len(edges), edges.shape[1] - 1), dtype=int)
    for unit, trial, bin in np.ndindex(counts.shape):
        low, high = edges[trial, bin : bin + 2]
        counts[unit, trial, bin] = sum(low <= time < high for time in trains[unit])
    return counts


def counted(trains, onset, bounds, row=None):
    sizes = np.array([len(train) for train in trains], dtype=np.int64)
    row = np.arange(len(onset)) if row is None else np.array(row)
    times = np.concatenate([np.empty(0), *map(sorted, trains)])
    return count_spikes(
        times, sizes, np.asarray(onset, float), np.asarray(bounds, float), row, int(row.max(initial=-1)) + 1
    )


@st.composite
def recordings(draw):
    """Trials anywhere, many overlapping, and spikes at sample times, on edges and just beside them."""
    sampled = st.integers(0, 10 * RATE).map(lambda sample: sample / RATE)
    starts = draw(st.lists(sampled, min_size=1, max_size=6))
    width = draw(st.sampled_from([0.001, 0.01, 1 / 3, 0.1, 1 / RATE * 7]))
    bins = draw(st.integers(1, 12))
    onset = np.array(starts) + draw(st.sampled_from([0.0, 1e4, 1.7e9]))
    bounds = draw(st.floats(-1, 1)) + width * np.arange(bins + 1)
    edges = onset[:, np.newaxis] + bounds
    on_edge = st.sampled_from(edges.ravel().tolist())
    time = st.one_of(
        on_edge,
        on_edge.map(lambda edge: float(np.nextafter(edge, -np.inf))),
        on_edge.map(lambda edge: float(np.nextafter(edge, np.inf))),
        on_edge.map(lambda edge: round(edge * RATE) / RATE),
        st.floats(-2, 15).map(lambda time: time + onset[0]),
    )
    return draw(st.lists(st.lists(time, max_size=30), max_size=3)), onset, bounds


@settings(max_examples=300, deadline=None)
@given(recordings())
def test_agrees_with_counting_one_by_one(recording):
    trains, onset, bounds = recording
    counts = one_by_one(trains, onset[:, np.newaxis] + bounds)
    np.testing.assert_array_equal(counted(trains, onset, bounds), counts)
    row = np.arange(len(onset)) // 2
    added = np.add.reduceat(counts, np.flatnonzero(np.diff(row, prepend=-1)), axis=1)
    np.testing.assert_array_equal(counted(trains, onset, bounds, row), added)


def test_a_spike_on_an_edge_belongs_to_the_bin_that_begins_there():
    assert counted([[0.0, 0.1, 0.2, 0.3]], [0.0], [0.0, 0.1, 0.2, 0.3]).tolist() == [[[1, 1, 1]]]


def test_a_spike_counts_in_each_trial_that_it_falls_into():
    assert counted([[0.95]], [0.0, 0.5, 0.9], [0.0, 1.0]).tolist() == [[[1], [1], [1]]]


@pytest.mark.parametrize(("spikes", "dtype"), [(255, np.uint8), (256, np.uint16), (65_536, np.uint32)])
def test_counts_are_never_clipped(spikes, dtype):
    found = counted([[0.5], [0.5] * spikes, [0.5]], [0.0], [0.0, 1.0])
    assert found.dtype == dtype
    assert found.ravel().tolist() == [1, spikes, 1]


def test_blocks_of_units_share_the_largest_type(monkeypatch):
    monkeypatch.setattr(_counting, "MOST_SPIKES", 100)
    trains = [[0.5] * size for size in (120, 150, 300, 90, 130, 7)]
    row_size = np.array([len(train) for train in trains])
    counting = _counting.Counting(
        np.concatenate(trains), row_size, np.array([0.0, 2.0]), np.array([0.0, 1.0]), None
    )
    found = counting.counts(np.arange(6), np.dtype(np.uint8))
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found[:, :, 0], np.stack([row_size, 0 * row_size], axis=1))


def test_nothing_to_count_is_no_error():
    assert counted([], [0.0], [0.0, 1.0]).shape == (0, 1, 1)
    assert counted([[]], [], [0.0, 1.0, 2.0]).shape == (1, 0, 2)


def test_shapes_are_checked_in_tests():
    with pytest.raises(TypeCheckError):
        count_spikes(np.zeros((2, 2)), np.array([4]), np.zeros(1), np.array([0.0, 1.0]), np.zeros(1, int), 1)


def test_means_do_not_overflow():
    values = np.full((3, 2), 200, dtype=np.uint8)
    np.testing.assert_array_equal(group_means(values, np.array([0, 0, 1]), 2), np.full((2, 2), 200.0))

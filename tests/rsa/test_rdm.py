import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist

from neurofit import rsa
from neurofit.errors import RecordingError, SchemaError, UnknownNameError

finite = st.floats(-100, 100, allow_subnormal=False)


def patterns(values, ids=None):
    ids = [f"s{index:02d}" for index in range(len(values))] if ids is None else ids
    coords = {"stimulus_id": ("stimulus", ids)}
    return xr.DataArray(np.asarray(values), dims=("stimulus", "unit"), coords=coords)


@pytest.mark.parametrize(
    ("measure", "metric", "scale"),
    [("euclidean", "sqeuclidean", 1 / 30), ("correlation", "correlation", 1), ("cosine", "cosine", 1)],
)
def test_agrees_with_scipy(measure, metric, scale):
    values = np.random.default_rng(0).normal(size=(12, 30))
    result = rsa.rdm(patterns(values), measure=measure)
    np.testing.assert_allclose(result, pdist(values, metric) * scale, rtol=0, atol=1e-12)


def test_pairs_are_named_in_squareform_order_of_sorted_stimuli():
    result = rsa.rdm(patterns([[5.0, 0], [1.0, 0], [2.0, 0]], ids=["c", "a", "b"]), measure="euclidean")
    assert list(result.stimulus_a.values) == ["a", "a", "b"]
    assert list(result.stimulus_b.values) == ["b", "c", "c"]
    np.testing.assert_allclose(result, [0.5, 8, 4.5])


def test_trials_count_through_their_stimulus_mean(recording):
    responses = recording([1, 3, 2, 5], 6, rng=0)
    means = responses.groupby("stimulus_id").mean()
    np.testing.assert_allclose(rsa.rdm(responses), pdist(means.values, "correlation"), atol=1e-12)


def test_a_coarser_coord_groups_stimuli():
    values = patterns([[0.0, 0], [2.0, 2], [4.0, 4]]).assign_coords(kind=("stimulus", ["x", "x", "y"]))
    np.testing.assert_allclose(rsa.rdm(values, measure="euclidean", by="kind"), [9.0])


@settings(deadline=None, max_examples=30)
@given(arrays(float, (4, 6), elements=finite), st.floats(0.1, 10), st.floats(-50, 50))
def test_correlation_distance_ignores_gain_and_offset_of_a_pattern(values, gain, offset):
    values = values + np.arange(6)  # no flat pattern, but by coincidence
    if np.any(np.ptp(values, axis=1) < 1e-3):
        return
    changed = values.copy()
    changed[0] = gain * changed[0] + offset
    np.testing.assert_allclose(rsa.rdm(patterns(values)), rsa.rdm(patterns(changed)), atol=1e-7)


@settings(deadline=None, max_examples=30)
@given(arrays(float, (5, 3), elements=finite), st.permutations(range(5)))
def test_the_order_of_stimuli_changes_nothing(values, order):
    responses = patterns(values)
    shuffled = rsa.rdm(responses.isel(stimulus=list(order)), measure="euclidean")
    np.testing.assert_allclose(rsa.rdm(responses, measure="euclidean"), shuffled, atol=1e-9)


@pytest.mark.parametrize("measure", list(rsa.dissimilarities))
def test_counts_as_uint8_are_counted_like_floats(measure):
    rng = np.random.default_rng(1)
    counts = rng.poisson(200, size=(24, 5)).clip(max=255).astype(np.uint8)
    stimuli = {"stimulus_id": ("trial", np.arange(24) % 6)}
    responses = xr.DataArray(counts, dims=("trial", "unit"), coords=stimuli)
    exact = rsa.rdm(responses.astype(float), measure=measure)
    np.testing.assert_array_equal(rsa.rdm(responses, measure=measure), exact)


@pytest.mark.parametrize("measure", ["euclidean", "correlation", "crossnobis"])
def test_float32_with_a_large_offset_loses_no_digits_in_the_arithmetic(recording, measure):
    single = (recording([4] * 6, 5, rng=2) + 1e5).astype(np.float32)
    assert rsa.rdm(single, measure=measure).dtype == np.float64
    exact = rsa.rdm(single.astype(float) - 1e5, measure=measure)
    np.testing.assert_allclose(rsa.rdm(single, measure=measure), exact, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("measure", ["euclidean", "correlation", "crossnobis"])
def test_further_dims_are_kept_as_if_looped_over(recording, true_noise, measure):
    gain = xr.DataArray([1.0, 2.0, -1.5], dims="time", coords={"time": [0.0, 0.1, 0.2]})
    responses = (recording([2, 3, 4], 5, rng=3) * gain + gain**2).transpose("trial", "time", "unit")
    options = {"noise": true_noise(5)} if measure == "crossnobis" else {}
    result = rsa.rdm(responses, measure=measure, **options)
    assert result.dims == ("time", "pair")
    assert list(result.time.values) == [0.0, 0.1, 0.2]
    for index in range(3):
        alone = rsa.rdm(responses.isel(time=index, drop=True), measure=measure, **options)
        np.testing.assert_allclose(result.isel(time=index), alone, rtol=1e-12)


def test_a_flat_pattern_is_named_and_its_pairs_are_nan():
    responses = patterns([[1.0, 2.0, 4.0], [0.1, 0.1, 0.1], [3.0, 1.0, 1.0]])
    with pytest.warns(UserWarning, match=r"are NaN .*: s01\.") as told:
        result = rsa.rdm(responses)
    assert told[0].filename == __file__
    assert list(np.isnan(result.values)) == [True, False, True]


def test_flat_up_to_rounding_is_flat():
    values = np.array([[0.1, 0.3], [0.2, 0.2], [0.3, 0.1], [1.0, 2.0], [2.0, 3.0]])
    responses = xr.DataArray(values, dims=("trial", "unit"), coords={"stimulus_id": ("trial", list("aaabb"))})
    with pytest.warns(UserWarning, match="a"):
        assert np.isnan(rsa.rdm(responses)).all()


def test_one_unit_has_no_correlation_distance():
    with pytest.raises(RecordingError, match="patterns over 1 units are flat"):
        rsa.rdm(patterns([[1.0], [2.0]]))
    assert rsa.rdm(patterns([[1.0], [2.0]]), measure="euclidean").item() == 1.0


def test_nan_responses_are_located():
    with pytest.raises(RecordingError, match="in 1 of 3 entries along trials or stimuli, at stimuli s01"):
        rsa.rdm(patterns([[1.0, 2.0], [np.nan, 1.0], [0.0, 3.0]]))


def test_what_cannot_be_measured_is_refused(recording):
    responses = recording([2, 2], 3, rng=0)
    with pytest.raises(RecordingError, match="2 stimuli or more; coord 'stimulus_id' holds s00 alone"):
        rsa.rdm(patterns([[1.0, 2.0]]))
    with pytest.raises(SchemaError, match="1 of 2 entries of 'stimulus_id' are empty or NaN"):
        rsa.rdm(patterns([[1.0, 2.0], [2.0, 1.0]], ids=["a", ""]))
    with pytest.raises(SchemaError, match="1 of 2 entries"):
        rsa.rdm(patterns([[1.0, 2.0], [2.0, 1.0]], ids=[1.0, np.nan]))
    with pytest.raises(RecordingError, match="empty"):
        rsa.rdm(responses.isel(unit=[]))
    with pytest.raises(UnknownNameError, match="Did you mean 'correlation'"):
        rsa.rdm(responses, measure="corelation")
    with pytest.raises(UnknownNameError, match="no coord called 'stimulus'"):
        rsa.rdm(responses, by="stimulus")
    with pytest.raises(SchemaError, match="missing dim 'unit'"):
        rsa.rdm(responses.rename(unit="neuron"))
    with pytest.raises(SchemaError, match="to group responses it needs 'trial' or 'stimulus'"):
        rsa.rdm(responses, by="unit_id")
    with pytest.raises(ValueError, match="no use of fold"):
        rsa.rdm(responses, fold="block")


def test_the_result_says_what_it_is_and_survives_a_file(recording, tmp_path):
    responses = recording([2, 2, 2], 4, rng=0).assign_attrs(units="Hz").assign_coords(session_id="m1")
    before = responses.copy(deep=True)
    result = rsa.rdm(responses, measure="euclidean")
    xr.testing.assert_identical(responses, before)
    assert result.attrs["units"] == "(Hz)^2"
    assert "Kriegeskorte" in result.attrs["references"]
    assert result.session_id.item() == "m1"
    result.to_netcdf(tmp_path / "rdm.nc", engine="h5netcdf")
    with xr.open_dataarray(tmp_path / "rdm.nc", engine="h5netcdf") as loaded:
        xr.testing.assert_identical(loaded.load().astype(float), result)


@pytest.mark.parametrize("measure", ["euclidean", "correlation", "mahalanobis", "crossnobis"])
def test_a_small_signal_on_a_large_offset_survives_single_precision(recording, measure):
    # What float32 holds of it is exact in steps of 1/16; squared, 1e6 + signal would keep none of it.
    signal = np.round(16 * recording([4] * 6, 5, rng=2)) / 16
    single = (signal + 1e6).astype(np.float32)
    np.testing.assert_array_equal(single.astype(float) - 1e6, signal)
    exact = rsa.rdm(signal, measure=measure)
    np.testing.assert_allclose(rsa.rdm(single, measure=measure), exact, rtol=1e-6, atol=1e-8)


def test_products_of_patterns_that_share_an_offset_lose_nothing():
    values = np.random.default_rng(0).normal(size=(8, 10))
    result = rsa.rdm(patterns(values + 1e8), measure="euclidean")
    np.testing.assert_allclose(result, pdist(values + 1e8, "sqeuclidean") / 10, rtol=1e-9)


def test_cosine_distance_ignores_gain_alone():
    values = np.random.default_rng(0).normal(size=(5, 6))
    expected = rsa.rdm(patterns(values), measure="cosine")
    gains = np.array([[1.0], [2.0], [0.1], [7.0], [3.0]])
    np.testing.assert_allclose(rsa.rdm(patterns(gains * values), measure="cosine"), expected, atol=1e-12)
    assert np.abs(rsa.rdm(patterns(values + 1), measure="cosine") - expected).max() > 0.1
    flat = patterns([[1.0, 1.0], [2.0, 2.0], [1.0, -1.0]])
    np.testing.assert_allclose(rsa.rdm(flat, measure="cosine"), [0, 1, 1], atol=1e-12)


def test_a_pattern_of_zeros_has_no_cosine_and_is_named():
    with pytest.warns(UserWarning, match=r"cosine .* zero in all units; .* are NaN .*: s01\."):
        result = rsa.rdm(patterns([[1.0, 2.0], [0.0, 0.0], [3.0, 1.0]]), measure="cosine")
    assert list(np.isnan(result.values)) == [True, False, True]
    with pytest.raises(RecordingError, match="all 2 patterns over 2 units are zero in all units"):
        rsa.rdm(patterns([[0.0, 0.0], [0.0, 0.0]]), measure="cosine")


def test_several_measures_are_those_one_by_one(recording, true_noise, tmp_path):
    responses = np.abs(recording([4, 6, 3, 5], 5, rng=4)).assign_attrs(units="Hz")
    responses = responses.expand_dims(time=[0.0, 0.1])
    for noise in (true_noise(5), "diagonal"):
        result = rsa.rdm(responses, measure=list(rsa.dissimilarities), noise=noise)
        assert list(result.data_vars) == list(rsa.dissimilarities)
        for name, array in result.data_vars.items():
            takes = {"noise": noise} if rsa.dissimilarities[name].takes_noise else {}
            alone = rsa.rdm(responses, measure=name, **takes)
            np.testing.assert_allclose(array, alone, rtol=1e-9, atol=1e-12)
            assert array.attrs["units"] == alone.attrs["units"]
            xr.testing.assert_equal(array.stimulus_b, alone.stimulus_b)
    result.to_netcdf(tmp_path / "rdms.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "rdms.nc", engine="h5netcdf") as loaded:
        xr.testing.assert_identical(loaded.load().astype(float), result)
    with pytest.raises(ValueError, match="measure is empty"):
        rsa.rdm(responses, measure=[])
    with pytest.raises(UnknownNameError, match="Did you mean 'cosine'"):
        rsa.rdm(responses, measure=["euclidean", "cosin"])


def test_cells_of_given_folds_that_are_missing_are_named(recording):
    responses = recording([3, 3, 3], 4, rng=0).sortby("stimulus_id")
    folds = np.array(["x", "y", "z", "x", "y", "z", "x", "y", "y"])
    result = rsa.rdm(responses.assign_coords(fold=("trial", folds)), measure="crossnobis")
    assert result.attrs["missing_cells"] == "image002 in z"
    assert "missing_cells" not in rsa.rdm(responses, measure="crossnobis").attrs

"""Units stay for what was asked of them, and what is left out is told."""

import json

import numpy as np
import pytest
import xarray as xr

import neurofit as nf
from neurofit.errors import RecordingError, SchemaError, UnknownNameError

STIMULI = [f"s{index}" for index in range(20)]


def counts(dtype=np.uint8):
    """Four units: silent, noise, tuned, strongly tuned; 10 repeats of 20 stimuli, bins of half a second."""
    rng = np.random.default_rng(0)
    ids = np.tile(STIMULI, 10)
    signal = np.tile(rng.uniform(0, 40, 20), 10)
    means = np.stack([0 * signal, 0 * signal + 20, 10 + signal / 4, 10 + 3 * signal], axis=1)
    coords = {
        "stimulus_id": ("trial", ids),
        "unit_id": ("unit", [10, 11, 12, 13]),
        "area": ("unit", ["V1", "LM", "V1", "AL"]),
        "quality": ("unit", ["good", "good", "mua", "good"]),
        "snr": ("unit", [1.0, 2.0, 3.0, 3.0]),
        "time": ("time", [0.0, 0.5]),
    }
    values = rng.poisson(np.stack([means, means], axis=-1)).astype(dtype)
    attrs = {"units": "spikes", "long_name": "spike count", "bin": 0.5}
    return xr.DataArray(values, coords, ("trial", "unit", "time"), attrs=attrs)


def kept(**options):
    return nf.prep.select_units(counts(), **options)["unit_id"].values.tolist()


def test_units_are_chosen_by_their_coords():
    assert kept(area="V1") == [10, 12]
    assert kept(area="V1", quality="good") == [10]
    assert kept(area=["V1", "AL"]) == [10, 12, 13]
    assert kept(snr=3) == [12, 13]
    assert kept() == [10, 11, 12, 13]


def test_units_are_chosen_by_rate():
    # Two bins of half a second with 20 spikes each are 40 Hz.
    mean = nf.prep.rates(counts()).mean(["trial", "time"]).values
    assert 39 < mean[1] < 41
    assert kept(least_rate=1.0) == [11, 12, 13]
    assert kept(least_rate=mean[1]) == [11, *np.array([12, 13])[mean[2:] >= mean[1]]]
    assert kept(least_rate=0.0) == [10, 11, 12, 13]


def test_rates_give_what_their_counts_give():
    chosen = nf.prep.select_units(nf.prep.rates(counts()), least_rate=35.0)
    assert chosen["unit_id"].values.tolist() == kept(least_rate=35.0)


def test_units_are_chosen_by_reliability():
    # Without tuning the correlation over 20 stimuli has an sd of 1 / sqrt(19) = 0.23 at most.
    assert kept(least_reliability=0.8, rng=0) == [12, 13]


def test_reliability_is_that_of_the_whole():
    """Signal and noise of equal variance in the mean of all repeats have reliability 1/2."""
    rng = np.random.default_rng(3)
    units, repeats, stimuli = 400, 4, 30
    signal = np.tile(rng.normal(size=(stimuli, units)), (repeats, 1))
    values = signal + np.sqrt(repeats) * rng.normal(size=signal.shape)
    coords = {"stimulus_id": ("trial", np.tile(np.arange(stimuli), repeats))}
    given = xr.DataArray(values, coords, ("trial", "unit"), attrs={"units": "a.u."})
    share = nf.prep.select_units(given, least_reliability=0.5, rng=0).sizes["unit"] / units
    # The median over units is near the truth, 1/2; that of r, not corrected, is near 1/3.
    assert 0.38 < share < 0.62


def test_what_was_left_out_is_told_and_told_again():
    before = json.dumps([{"issue": "reversed", "where": "trials", "rows": [9], "action": "left out"}])
    given = counts().assign_attrs(left_out=before)
    once = nf.prep.select_units(given, area=["V1", "AL"], least_rate=1.0)
    twice = nf.prep.select_units(once, quality="good")
    first, area, rate, quality = json.loads(twice.attrs["left_out"])
    assert first["where"] == "trials"
    assert area == {
        "issue": "area is not ['V1', 'AL']",
        "where": "units",
        "rows": [1],
        "action": "left out",
        "units": ["11"],
    }
    assert (rate["issue"], rate["units"]) == ("rate below 1 Hz", ["10"])
    assert (quality["rows"], quality["units"]) == ([0], ["12"])
    assert given.attrs["left_out"] == before


def test_the_same_seed_keeps_the_same_units():
    first, again = (nf.prep.select_units(counts(), least_reliability=0.2, rng=4) for _ in range(2))
    assert first.identical(again)
    assert nf.provenance.history(first)[-1]["rng"] == 4
    assert "Spearman" in nf.cite(first)


def test_small_integers_do_not_wrap_around():
    options = {"least_rate": 40.0, "least_reliability": 0.5, "rng": 0}
    small, exact = (nf.prep.select_units(counts(dtype), **options) for dtype in (np.uint8, float))
    xr.testing.assert_equal(small, exact)
    assert small.dtype == np.uint8


def test_values_that_no_unit_has_are_named():
    with pytest.raises(UnknownNameError, match="no area called 'V2'. Did you mean 'V1'"):
        kept(area=["V1", "V2"])
    with pytest.raises(UnknownNameError, match="no coord of units called 'areas'. Did you mean 'area'"):
        kept(areas="V1")


def test_nothing_left_is_an_error_that_says_why():
    with pytest.raises(RecordingError, match="none of the 4 units is left: quality is not 'mua' in 3; rate"):
        kept(quality="mua", least_rate=1e6)


def test_rates_and_reliability_need_what_they_need():
    with pytest.raises(SchemaError, match="least_rate needs counts or rates"):
        nf.prep.select_units(
            nf.prep.subtract_baseline(counts(), window=(0, 0.5)).assign_attrs(units="sd"), least_rate=1.0
        )
    with pytest.raises(SchemaError, match="missing dim 'trial'"):
        nf.prep.select_units(nf.prep.average(counts()), least_reliability=0.5)
    with pytest.raises(RecordingError, match="3 stimuli that were shown twice"):
        nf.prep.select_units(counts()[:22], least_reliability=0.5)
    with pytest.raises(SchemaError, match="splits=0"):
        kept(least_reliability=0.5, splits=0)


@pytest.mark.parametrize("ending", [".nc", ".zarr"])
def test_survives_saving(ending, tmp_path):
    chosen = nf.prep.select_units(counts(), area="V1")
    assert nf.io.load(nf.io.save(chosen, tmp_path / f"chosen{ending}")).identical(chosen)


def test_units_that_were_not_observed_all_the_time_can_be_left_out(tmp_path):
    nf.simulate.nwb(tmp_path / "gap.nwb", units=6, trials=12, quirks=["unobserved"], rng=0)
    counts = nf.prep.responses(nf.io.open_nwb(tmp_path / "gap.nwb"), bin=None)
    with pytest.raises(RecordingError, match="least_observed=1"):
        nf.rsa.rdm(counts, measure="euclidean")
    kept = nf.prep.select_units(counts, least_observed=1)
    assert kept.unit_id.values.tolist() == counts.unit_id.values[1::2].tolist()
    assert json.loads(kept.attrs["left_out"])[-1]["rows"] == [0, 2, 4]
    assert np.isfinite(nf.rsa.rdm(kept, measure="euclidean")).all()
    shares = counts.notnull().mean("trial").values
    assert nf.prep.select_units(counts, least_observed=shares[0]).sizes["unit"] == 6

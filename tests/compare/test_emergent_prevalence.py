"""Shares are those put in; intervals are the published ones; a new kind is one class."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import scipy.stats
import xarray as xr

import neurofit as nf
from neurofit import compare
from neurofit.compare.emergent import _tunings
from neurofit.errors import UnknownNameError

ANGLES = np.tile(np.arange(8) * 22.5, 6)


def population(tuned, units, *, area="V1", noise=0.0, seed=0):
    """``tuned`` units with a cosine curve, the others without any response but noise."""
    rng = np.random.default_rng(seed)
    preferred = rng.uniform(0, 180, units)
    curve = 5 + 3 * np.cos(2 * np.deg2rad(ANGLES[:, None] - preferred))
    values = np.where(np.arange(units) < tuned, curve, 5.0) + noise * rng.normal(size=curve.shape)
    coords = {"orientation": ("trial", ANGLES), "area": ("unit", [area] * units)}
    return xr.DataArray(values, coords, ("trial", "unit"), attrs={"units": "Hz"})


def prevalence(responses, **options):
    return compare.emergent_tuning(responses, **{"draws": 99, "rng": 0, "progress": False, **options})


def test_interval_of_a_difference_is_that_of_newcombes_example():
    found = prevalence(population(56, 70), control=population(48, 80))
    assert found["difference"].item() == pytest.approx(0.2)
    # Newcombe 1998, table II, (a), method 10.
    np.testing.assert_allclose(found["difference_interval"][0], [0.0524, 0.3339], atol=5e-5)
    assert found["p_difference"].item() == scipy.stats.fisher_exact([[56, 14], [48, 32]]).pvalue
    swapped = prevalence(population(48, 80), control=population(56, 70))
    np.testing.assert_allclose(swapped["difference_interval"][0], [-0.3339, -0.0524], atol=5e-5)


def test_prevalence_is_recovered_area_by_area():
    responses = xr.concat(
        [population(60, 200, noise=2, seed=1), population(0, 200, area="LM", noise=2, seed=2)],
        "unit",
        coords="different",
        compat="equals",
    )
    found = prevalence(responses, control=population(0, 200, noise=2, seed=3).pipe(both_areas))
    assert found["area"].values.tolist() == ["V1", "LM"]
    # A curve of amplitude 3 in noise of SD 2 on 48 trials is never missed; alpha of the others join in.
    low, high = scipy.stats.binom.ppf([1e-3, 1 - 1e-3], 140, 0.05)
    assert 60 + low <= 200 * found["prevalence"][0].item() <= 60 + high
    assert found["p_chance"][0] < 1e-6
    assert found["p_chance"][1] > 1e-3
    assert found["difference_interval"].sel(area="V1", bound="lower") > 0.1
    lower, upper = found["difference_interval"].sel(area="LM").values
    assert lower < 0 < upper


def both_areas(responses):
    names = np.tile(["V1", "LM"], responses.sizes["unit"] // 2)
    return responses.assign_coords(area=("unit", names))


def test_a_network_is_set_against_itself_before_training():
    network = nf.nets.train("digits", steps=30, rng=0, progress=False)
    probes = compare.probe_gratings(network.input_shape, cycles=(1.0, 2.0))
    kind = compare.tunings["orientation"](within=("spatial_frequency",), phase="phase")
    trained, before = (nf.nets.activations(net, probes) for net in (network, nf.nets.untrained(network)))
    found = prevalence(trained, control=before, kind=kind)
    assert found["area"].values.tolist() == ["hidden1", "hidden2"]
    assert (found["control_prevalence"] > 0.05).all()
    same = prevalence(before, control=before, kind=kind)
    # Shuffles differ, the networks do not.
    np.testing.assert_allclose(same["difference"], 0, atol=0.05)


def test_without_a_control_its_columns_are_nan_and_results_survive_saving(tmp_path):
    responses = population(3, 5, noise=1)
    found = prevalence(responses)
    assert np.isnan(found["difference_interval"]).all()
    units = compare.unit_tuning(responses, draws=20, rng=0, progress=False)
    for name, result in {"areas": found, "units": units}.items():
        nf.schema.check(result, "results")
        assert nf.io.load(nf.io.save(result, tmp_path / f"{name}.nc")).identical(result)
        for array in result.data_vars.values():
            assert array.attrs["units"]
            assert array.attrs["long_name"]
    assert "Ringach" in nf.cite(found)
    assert "Newcombe" in nf.cite(found)


def test_the_same_seed_gives_the_same_result():
    responses = population(3, 20, noise=5)
    assert prevalence(responses, rng=4).identical(prevalence(responses, rng=4))
    one, other = (compare.unit_tuning(responses, rng=seed, draws=50, progress=False) for seed in (1, 2))
    assert not one["p"].equals(other["p"])


def test_an_area_without_control_is_named():
    with pytest.raises(UnknownNameError, match="no area of the control called 'V1'"):
        prevalence(population(1, 2), control=population(1, 2, area="LM"))


def test_a_new_kind_is_one_class(monkeypatch):
    monkeypatch.setattr(compare.tunings, "_entries", dict(compare.tunings))

    @compare.tunings.register("loud")
    @dataclass(frozen=True)
    class Loud(compare.Tuning):
        references: ClassVar = ("nobody",)

        def measure(self, responses, null):
            p = np.where(responses.values.max(axis=0) > 7, 0.0, 1.0)
            return _tunings.found(responses, p=(p, "1", "p"))

    assert prevalence(population(1, 4), kind="loud")["prevalence"].item() == 0.25

"""Energy units and linear units are found tuned, noise as often as alpha says; invariances; closed forms."""

import numpy as np
import pytest
import scipy.stats
import xarray as xr

import neurofit as nf
from neurofit import compare
from neurofit.compare.emergent._kernels import shuffles
from neurofit.errors import RecordingError, SchemaError, UnknownNameError

SIZE = 24
CYCLES = 2.0 ** np.arange(0, 3.5, 0.5)
crossed = compare.tunings["orientation"](within=("spatial_frequency",), phase="phase")


def measured(responses, **options):
    return compare.unit_tuning(responses, **{"draws": 99, "rng": 0, "progress": False, **options})


def distance(a, b):
    return np.abs((a - b + 90) % 180 - 90)


@pytest.fixture(scope="module")
def probes():
    return compare.probe_gratings((1, SIZE, SIZE), cycles=CYCLES)


def gabors(angles, phase, cycles=4.0):
    """Receptive fields (unit, pixel)."""
    images = nf.nets.gratings(np.asarray(angles, float), phase, 1.0, size=SIZE, cycles=cycles)
    return images.reshape(len(images), -1)


def of_units(values, probes):
    coords = {name: coord for name, coord in probes.coords.items() if coord.dims == ("stimulus",)}
    return xr.DataArray(np.asarray(values, float), coords, ("stimulus", "unit"))


def energy(angles, probes, cycles=4.0):
    shown = probes.values.reshape(len(probes), -1)
    return of_units(sum((shown @ gabors(angles, phase, cycles).T) ** 2 for phase in (0.0, 90.0)), probes)


def noise(units, *, repeats=5, seed=0):
    angles = np.tile(np.arange(8) * 22.5, repeats)
    coords = {"orientation": ("trial", angles), "spatial_frequency": ("trial", 2.0 ** (angles // 45))}
    return xr.DataArray(
        np.random.default_rng(seed).normal(size=(len(angles), units)), coords, ("trial", "unit")
    )


def test_energy_units_prefer_the_orientation_of_their_gabors(probes):
    angles = np.random.default_rng(0).uniform(0, 180, 12)
    found = measured(energy(angles, probes), kind=crossed)
    assert found["tuned"].all()
    # Eight orientations of a curve this narrow alias by a degree or so.
    assert distance(found["preference"].values, angles).max() < 2
    # They answer few of the frequencies, and this too is variance: the cosine has a tenth of it or so.
    assert (found["statistic"] > 2 * found["null"]).all()


def test_a_linear_unit_is_tuned_in_its_modulation_not_in_its_mean(probes):
    angles = np.array([10.0, 60.0, 135.0])
    linear = of_units(probes.values.reshape(len(probes), -1) @ gabors(angles, 30.0).T, probes)
    mean_alone = compare.tunings["orientation"](within=("spatial_frequency",))
    assert not measured(linear, kind=mean_alone)["tuned"].any()
    found = measured(linear, kind=crossed)
    assert found["tuned"].all()
    assert distance(found["preference"].values, angles).max() < 2


@pytest.mark.parametrize("cycles", [2.0, 4.0])
def test_energy_units_prefer_the_frequency_of_their_gabors(probes, cycles):
    kind = compare.tunings["spatial_frequency"](within=("orientation",), phase="phase")
    found = measured(energy([0.0, 45.0], probes, cycles), kind=kind)
    assert found["tuned"].all()
    np.testing.assert_allclose(found["preference"], cycles)


def test_bandwidth_of_a_log_gaussian_is_its_width_at_half_height():
    octave = np.arange(-3, 3.01, 0.1)
    curves = np.stack([np.exp(-(octave**2) / (2 * sd**2)) for sd in (0.5, 0.8)], axis=1)
    responses = xr.DataArray(curves, {"spatial_frequency": ("stimulus", 2**octave)}, ("stimulus", "unit"))
    found = measured(responses, kind="spatial_frequency")
    # Linear interpolation over a tenth of an octave errs by a hundredth.
    np.testing.assert_allclose(
        found["bandwidth"], 2 * np.sqrt(2 * np.log(2)) * np.array([0.5, 0.8]), atol=0.01
    )
    np.testing.assert_allclose(found["preference"], 1)
    assert np.isnan(measured(responses[30:], kind="spatial_frequency")["bandwidth"]).all()


@pytest.mark.parametrize("kind", ["orientation", "spatial_frequency"])
def test_units_without_tuning_are_called_tuned_as_often_as_alpha_says(kind):
    share = measured(noise(2000), kind=kind, draws=199)["tuned"].mean().item()
    assert scipy.stats.binomtest(round(2000 * share), 2000, 0.05).pvalue > 1e-3


def test_what_varies_beside_changes_neither_statistic_nor_p_within_its_strata():
    rng = np.random.default_rng(1)
    angles, frequency = (axis.ravel() for axis in np.meshgrid(np.arange(8) * 22.5, [1.0, 2.0, 4.0]))
    coords = {"orientation": ("stimulus", angles), "spatial_frequency": ("stimulus", frequency)}
    responses = xr.DataArray(rng.normal(size=(24, 5)), coords, ("stimulus", "unit"))
    kind = compare.tunings["orientation"](within=("spatial_frequency",))
    raised = responses + 50 * responses["spatial_frequency"]
    for name in ("statistic", "p", "null"):
        np.testing.assert_allclose(measured(raised, kind=kind)[name], measured(responses, kind=kind)[name])
    # Without strata, the variance between frequencies hides any tuning.
    assert (measured(raised)["statistic"] < 0.01).all()


def test_shuffles_keep_every_row_within_its_stratum():
    strata = np.array([0, 1, 0, 2, 1, 0, 2, 0])
    orders = list(shuffles.permutations(strata, 50, np.random.default_rng(4)))
    assert all((strata[order] == strata).all() for order in orders)
    assert all(sorted(order) == list(range(8)) for order in orders)
    # Four rows, two and two can stand in 96 orders: 50 draws give 39 of them, on average.
    assert len({tuple(order) for order in orders}) > 25


@pytest.mark.parametrize("kind", ["orientation", "spatial_frequency"])
def test_gain_and_offset_change_nothing(kind):
    responses = noise(20)
    for name in ("statistic", "p"):
        np.testing.assert_allclose(
            measured(3 * responses + 7, kind=kind)[name], measured(responses, kind=kind)[name]
        )


def test_turning_the_labels_turns_the_preference_alone():
    responses = np.abs(noise(20))
    turned = responses.assign_coords(orientation=("trial", (responses["orientation"].values + 45) % 180))
    before, after = measured(responses), measured(turned)
    np.testing.assert_allclose(after["statistic"], before["statistic"])
    np.testing.assert_allclose(distance(after["preference"].values, before["preference"].values), 45)


def test_share_between_frequencies_agrees_with_the_f_of_scipy():
    responses = noise(6)
    frequency = responses["spatial_frequency"].values
    groups = [responses.values[frequency == each] for each in np.unique(frequency)]
    f = scipy.stats.f_oneway(*groups).statistic
    share = measured(responses, kind="spatial_frequency")["statistic"].values
    between, within = len(groups) - 1, len(frequency) - len(groups)
    np.testing.assert_allclose(share / (1 - share) * within / between, f)


def test_a_unit_that_never_responds_is_untuned_and_counted(probes):
    responses = energy([30.0, 60.0], probes)
    responses[:, 1] = 0
    found = measured(responses, kind=crossed)
    assert found["p"].values.tolist() == [0.01, 1.0]
    table = compare.emergent_tuning(responses, kind=crossed, draws=99, rng=0, progress=False)
    assert (table["prevalence"].item(), table["n_units"].item()) == (0.5, 2)


def test_small_integers_do_not_wrap_around():
    values = np.random.default_rng(3).integers(0, 256, (40, 4))
    large = noise(4).copy(data=values)
    before = large.astype("uint8")
    for kind in ("orientation", "spatial_frequency"):
        xr.testing.assert_equal(measured(before, kind=kind), measured(large, kind=kind))


def test_what_cannot_be_measured_is_told():
    responses = noise(2)
    with pytest.raises(UnknownNameError, match="Did you mean 'orientation'"):
        measured(responses, kind="orientations")
    with pytest.raises(UnknownNameError, match="no coord of dim 'trial' called 'angle'"):
        measured(responses, kind=compare.tunings["orientation"](by="angle"))
    with pytest.raises(RecordingError, match="evenly spaced over 180"):
        measured(responses[:3])
    with pytest.raises(RecordingError, match="3 values or more"):
        measured(responses[:4], kind="spatial_frequency")
    with pytest.raises(RecordingError, match="times a phase is missing"):
        measured(
            responses.assign_coords(phase=("trial", np.arange(40) % 7 * 90.0)),
            kind=compare.tunings["orientation"](phase="phase"),
        )
    with pytest.raises(SchemaError, match="not finite in 1 units: 1"):
        measured(with_nan(responses))
    with pytest.raises(SchemaError, match="one of 'trial' and 'stimulus'"):
        measured(responses.rename(trial="row"))
    with pytest.raises(SchemaError, match="draws=0"):
        measured(responses, draws=0)
    with pytest.raises(SchemaError, match="square images"):
        compare.probe_gratings((1, 8, 8), cycles=(5.0,))


def with_nan(responses):
    broken = responses.copy()
    broken[3, 1] = np.nan
    return broken

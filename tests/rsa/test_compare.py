import numpy as np
import pytest
import scipy.stats
import xarray as xr
from scipy.spatial.distance import squareform

from neurofit import rsa
from neurofit.errors import AlignmentError, RecordingError, SchemaError, UnknownNameError


def rdm(values, ids="abcdef", **dims):
    """RDMs with squareform pairs of ``ids`` and further dims, each with its coord."""
    first, second = np.triu_indices(len(ids), 1)
    names = np.array(list(ids))
    pairs = {"stimulus_a": ("pair", names[first]), "stimulus_b": ("pair", names[second])}
    return xr.DataArray(values, dims=(*dims, "pair"), coords={**dims, **pairs})


def random_rdm(rng, ids="abcdef", **dims):
    """Squared distances of random patterns, of more units than stimuli."""
    sizes = [len(entries) for entries in dims.values()]
    patterns = np.random.default_rng(rng).normal(size=(*sizes, len(ids), 9))
    first, second = np.triu_indices(len(ids), 1)
    return rdm(((patterns[..., first, :] - patterns[..., second, :]) ** 2).sum(axis=-1), ids, **dims)


@pytest.mark.parametrize("measure", sorted(rsa.comparators))
def test_pairs_are_matched_by_name_whatever_their_order(measure):
    a, b = random_rdm(0), random_rdm(1)
    shuffled = b.isel(pair=np.random.default_rng(2).permutation(15))
    turned = shuffled.rename(stimulus_a="stimulus_b", stimulus_b="stimulus_a")
    expected = rsa.compare(a, b, measure=measure)
    np.testing.assert_allclose(rsa.compare(a, turned, measure=measure), expected, atol=1e-12)
    expected = rsa.compare(b, a, measure=measure)  # riemannian is not symmetric
    np.testing.assert_allclose(rsa.compare(turned, a, measure=measure), expected, atol=1e-12)


def test_stimuli_of_one_rdm_only_are_listed():
    with pytest.raises(AlignmentError, match="different stimuli. Only in the first: a; only in the other: z"):
        rsa.compare(random_rdm(0), random_rdm(1, ids="zbcdef"))
    with pytest.raises(
        AlignmentError, match=r"different pairs. Only in the first: \(a, b\); only in the other: none"
    ):
        rsa.compare(random_rdm(0), random_rdm(1).isel(pair=slice(1, None)))
    twice = random_rdm(0).isel(pair=[0, 1, 0])
    with pytest.raises(AlignmentError, match=r"more than once: \(a, b\)\."):
        rsa.compare(twice, twice)


def test_wrong_input_is_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'rho_a'"):
        rsa.compare(random_rdm(0), random_rdm(1), measure="rhoa")
    with pytest.raises(SchemaError, match="missing coord 'stimulus_a'"):
        rsa.compare(random_rdm(0).drop_vars("stimulus_a"), random_rdm(1))


@pytest.mark.parametrize("measure", sorted(rsa.comparators))
def test_missing_pairs_are_left_out_of_both(measure):
    a, b = random_rdm(0), random_rdm(1)
    a[3], b[7] = np.nan, np.nan
    there = [pair for pair in range(15) if pair not in (3, 7)]
    expected = rsa.compare(a.isel(pair=there), b.isel(pair=there), measure=measure)
    assert rsa.compare(a, b, measure=measure).item() == pytest.approx(expected.item(), abs=1e-12)


def test_shared_dims_go_together_and_others_all_by_all():
    a = random_rdm(0, area=["V1", "LM"], time=[0.0, 0.1, 0.2])
    b = random_rdm(1, layer=["1", "2", "3", "4"], time=[0.0, 0.1, 0.2]).transpose("pair", "layer", "time")
    result = rsa.compare(a, b)
    assert result.dims == ("time", "area", "layer")
    assert list(result.layer.values) == ["1", "2", "3", "4"]
    for time, area, layer in np.ndindex(result.shape):
        alone = rsa.compare(a.isel(area=area, time=time), b.isel(layer=layer, time=time))
        assert result[time, area, layer].item() == pytest.approx(alone.item(), abs=1e-12)


@pytest.mark.parametrize("index", [True, False])
def test_shared_dims_with_other_entries_are_refused(index):
    a, b = (random_rdm(0, subject=list(names)) for names in ("xy", "yx"))
    if not index:
        a, b = (array.drop_indexes("subject") for array in (a, b))
    with pytest.raises(AlignmentError, match="both have dim 'subject'.* differ: subject"):
        rsa.compare(a, b)
    with pytest.raises(AlignmentError, match="not the same entries"):
        rsa.compare(a, b.isel(subject=[0]).drop_vars("subject"))


def test_a_constant_rdm_is_named():
    a = random_rdm(0, area=["V1", "LM"])
    a[1] = 0.3
    with pytest.warns(UserWarning, match=r"does not vary.*: \(area=LM\)\.") as told:
        result = rsa.compare(a, random_rdm(1))
    assert told[0].filename == __file__
    assert np.isnan(result.values).tolist() == [False, True]
    with pytest.raises(RecordingError, match="pearson similarity is not defined: an RDM does not vary"):
        rsa.compare(a.isel(area=1), random_rdm(1))


@pytest.mark.parametrize("measure", sorted(rsa.comparators))
def test_draws_of_stimuli_are_the_bootstrap_without_pairs_of_copies(measure):
    a, b = random_rdm(0, area=["V1", "LM"]), random_rdm(1, layer=["1", "2"])
    drawn = np.random.default_rng(2).integers(6, size=(5, 6))
    times = np.array([np.bincount(draw, minlength=6) for draw in drawn], dtype=float)
    result = rsa.comparators[measure](a.values, b.values, times)
    for index, draw in enumerate(drawn):
        i, j = np.triu_indices(6, 1)
        copies = draw[i] == draw[j]  # a stimulus with its own copy is no pair
        expanded = [
            np.where(copies, np.nan, squareform(array.values)[draw[i], draw[j]])[None]
            for array in (a[1], b[0])
        ]
        plain = rsa.comparators[measure](*expanded, np.ones((1, 6)))
        assert result[index, 1, 0] == pytest.approx(plain.item(), abs=1e-10)


@pytest.mark.parametrize("measure", sorted(rsa.comparators))
def test_pairs_that_both_lack_are_missing_pairs(measure):
    a, b = random_rdm(0), random_rdm(1)
    there = np.arange(15) != 4
    result = rsa.compare(a.isel(pair=there), b.isel(pair=there), measure=measure)
    assert result.item() == pytest.approx(rsa.compare(a.where(there), b, measure=measure).item(), abs=1e-12)


def covariance(ids="abcdef", rng=0):
    root = np.random.default_rng(rng).normal(size=(len(ids), 2 * len(ids)))
    coords = {"stimulus_id": ("stimulus", list(ids)), "stimulus_id_b": ("stimulus_b", list(ids))}
    return xr.DataArray(root @ root.T, coords, ("stimulus", "stimulus_b"))


TAKES_NOISE = sorted(name for name, comparator in rsa.comparators.items() if comparator.takes_noise)


@pytest.mark.parametrize("measure", TAKES_NOISE)
def test_noise_is_matched_by_the_names_of_its_stimuli(measure):
    a, b, noise = random_rdm(0), random_rdm(1), covariance()
    expected = rsa.compare(a, b, measure=measure, noise=noise)
    assert expected.item() != pytest.approx(rsa.compare(a, b, measure=measure).item(), abs=1e-3)
    mixed = noise.isel(stimulus=[3, 0, 5, 1, 2, 4], stimulus_b=[2, 1, 0, 5, 4, 3])
    for same in (mixed, mixed.transpose(), 3 * mixed):
        found = rsa.compare(a, b, measure=measure, noise=same).item()
        assert found == pytest.approx(expected.item(), abs=1e-6 if measure == "riemannian" else 1e-12)


def test_noise_that_does_not_fit_is_refused():
    a, b, noise = random_rdm(0), random_rdm(1), covariance()

    def given(noise, measure="whitened_pearson"):
        return rsa.compare(a, b, measure=measure, noise=noise)

    with pytest.raises(ValueError, match="rho_a takes no noise. Those that do: .*whitened_pearson"):
        given(noise, measure="rho_a")
    with pytest.raises(SchemaError, match="stimulus_id_b"):
        given(noise.drop_vars("stimulus_id_b"))
    with pytest.raises(AlignmentError, match="Only in the RDMs: a; only in noise: z"):
        given(covariance("zbcdef"))
    with pytest.raises(AlignmentError, match="Only in the RDMs: f; only in noise: none"):
        given(covariance("abcde"))
    with pytest.raises(RecordingError, match="noise is singular"):
        given(noise.copy(data=np.ones((6, 6))))
    with pytest.raises(RecordingError, match="NaN or infinite"):
        given(noise.where(noise.stimulus_id != "a"))


def test_noise_is_told_of_in_the_result():
    result = rsa.compare(random_rdm(0), random_rdm(1), measure="whitened_cosine", noise=covariance())
    assert '"noise": "given"' in result.attrs["history"]
    assert "doi:10.51628/001c.27664" in result.attrs["references"]


def test_aligned_pairs_stand_in_squareform_order():
    mixed = random_rdm(0).isel(pair=np.random.default_rng(0).permutation(15))
    turned = mixed.rename(stimulus_a="stimulus_b", stimulus_b="stimulus_a")
    aligned, same = rsa.align_pairs(turned, random_rdm(0))
    xr.testing.assert_identical(aligned, same)
    xr.testing.assert_identical(aligned, random_rdm(0))


def test_sources_are_cited():
    result = rsa.compare(random_rdm(0), random_rdm(1), measure="rho_a")
    assert "doi:10.7554/eLife.82566" in result.attrs["references"]
    assert result.attrs["units"] == "1"


@pytest.mark.parametrize(
    ("measure", "oracle"),
    [
        ("spearman", scipy.stats.spearmanr),
        ("tau_b", scipy.stats.kendalltau),
        ("pearson", scipy.stats.pearsonr),
    ],
)
def test_agrees_with_scipy_on_tied_ranks(measure, oracle):
    rng = np.random.default_rng(0)
    a, b = (rdm(rng.integers(4, size=66).astype(float), "abcdefghijkl") for _ in range(2))
    assert rsa.compare(a, b, measure=measure).item() == pytest.approx(oracle(a, b).statistic, abs=1e-12)


def test_tau_a_counts_orders_one_by_one():
    rng = np.random.default_rng(1)
    a, b = (rng.integers(3, size=15).astype(float) for _ in range(2))
    i, j = np.triu_indices(15, 1)
    expected = np.mean(np.sign(a[i] - a[j]) * np.sign(b[i] - b[j]))
    assert rsa.compare(rdm(a), rdm(b), measure="tau_a").item() == pytest.approx(expected, abs=1e-12)


def test_taus_count_whole_pairs():
    with pytest.raises(SchemaError, match="whole numbers"):
        rsa.comparators["tau_a"](random_rdm(0).values[None], random_rdm(1).values[None], np.full((1, 6), 0.5))


def test_tau_b_favours_a_model_that_predicts_ties_and_tau_a_does_not():
    truth = np.arange(66.0)
    noisy = rdm(truth + np.random.default_rng(0).normal(scale=25, size=66), "abcdefghijkl")
    fine, coarse = (rdm(model, "abcdefghijkl") for model in (truth, truth // 33))
    taus = {
        name: [rsa.compare(model, noisy, measure=name).item() for model in (fine, coarse)]
        for name in ("tau_a", "tau_b")
    }
    assert taus["tau_a"][0] > taus["tau_a"][1]
    assert taus["tau_b"][0] < taus["tau_b"][1]


def test_models_of_human_it_in_their_known_order(real_data):
    """Mean tau a with the four subjects of Kriegeskorte et al. 2008, whose figures are known."""
    stored = np.load(real_data / "human_it_92_images.npz", allow_pickle=False)
    known = {
        "animacy": 0.223,
        "EVA": 0.166,
        "FaceBodyManmadeNatobj": 0.137,
        "HMAX": 0.107,
        "Silhouette": 0.065,
        "RADON": 0.026,
        "V1": 0.018,
    }
    images = [f"image {number}" for number in range(92)]
    subjects = rdm(stored["rdm"].mean(axis=1), images, subject=range(4))
    names = [name for name in stored["model_names"].tolist() if name in known]
    rows = [stored["model_names"].tolist().index(name) for name in names]
    models = rdm(stored["models"][rows], images, model=names)
    found = rsa.compare(models, subjects, measure="tau_a").mean("subject")
    assert len(names) == len(known)
    for name in names:
        assert found.sel(model=name).item() == pytest.approx(known[name], abs=5e-4)

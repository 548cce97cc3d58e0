"""Noise ceilings: the figures of a published data set, and what must hold of any."""

from itertools import permutations, product

import numpy as np
import pytest
import xarray as xr
from scipy.spatial.distance import pdist

from neurofit import rsa
from neurofit.errors import RecordingError, SchemaError


def rdms(values, ids):
    first, second = np.triu_indices(len(ids), 1)
    names = np.array(ids)
    pairs = {"stimulus_a": ("pair", names[first]), "stimulus_b": ("pair", names[second])}
    return xr.DataArray(values, {**pairs, "subject": range(len(values))}, ("subject", "pair"))


def noisy(subjects=5, stimuli=12, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    truth = pdist(rng.normal(size=(stimuli, 2 * stimuli)), "sqeuclidean")
    truth *= 1.7 / truth.std()
    values = truth + noise * rng.normal(size=(subjects, truth.size))
    return rdms(values, [f"s{number:02d}" for number in range(stimuli)]), truth


@pytest.mark.parametrize(
    ("measure", "lower", "upper"),
    [
        ("pearson", 0.394, 0.680),
        ("whitened_pearson", 0.430, 0.696),
        ("rho_a", 0.372, 0.666),
        ("tau_a", 0.254, 0.477),
    ],
)
def test_human_it_has_its_known_ceilings(real_data, measure, lower, upper):
    """Kriegeskorte et al. 2008: 4 subjects, 92 images, the mean of two sessions."""
    stored = np.load(real_data / "human_it_92_images.npz", allow_pickle=False)
    subjects = rdms(stored["rdm"].mean(axis=1), [f"image {number:02d}" for number in range(92)])
    ceiling = rsa.noise_ceiling(subjects, measure=measure)
    assert ceiling.lower.item() == pytest.approx(lower, abs=6e-4)
    assert ceiling.upper.item() == pytest.approx(upper, abs=6e-4)


EXACT = [
    ("pearson", None),
    ("cosine", None),
    ("rho_a", None),
    ("whitened_cosine", None),
    ("whitened_pearson", "whitened_z_scores"),
]


@pytest.mark.parametrize(("measure", "pooling"), EXACT)
def test_no_rdm_is_closer_to_the_subjects_than_the_upper_bound(measure, pooling):
    subjects, truth = noisy()
    ceiling = rsa.noise_ceiling(subjects, measure=measure, pooling=pooling)
    assert ceiling.attrs["upper_bound"] == "exact"
    rng = np.random.default_rng(1)
    mean = subjects.mean("subject").values
    near = [mean + scale * rng.normal(size=(30, truth.size)) for scale in (0.01, 0.1, 1.0)]
    tried = [truth, mean, *np.concatenate(near)]
    best = subjects.isel(subject=[0] * len(tried)).copy(data=tried).rename(subject="model").drop_vars("model")
    similarity = rsa.compare(best, subjects, measure=measure).mean("subject")
    assert similarity.max() <= ceiling.upper + 1e-9
    assert ceiling.lower < ceiling.upper


@pytest.mark.parametrize("measure", ["pearson", "rho_a"])
def test_the_true_rdm_lies_between_the_bounds_on_average(measure):
    lies = []
    for seed in range(40):
        subjects, truth = noisy(seed=seed)
        ceiling = rsa.noise_ceiling(subjects, measure=measure)
        true = rsa.compare(subjects.isel(subject=0, drop=True).copy(data=truth), subjects, measure=measure)
        lies.append([ceiling.lower.item(), true.mean().item(), ceiling.upper.item()])
    lower, true, upper = np.mean(lies, axis=0)
    assert lower < true < upper


@pytest.mark.parametrize("measure", sorted(rsa.comparators))
def test_subjects_that_agree_have_a_ceiling_of_one_whatever_their_scale(measure):
    subjects, truth = noisy(noise=0.0)
    scale = 1 + np.arange(5.0)[:, np.newaxis]
    ceiling = rsa.noise_ceiling(subjects * scale, measure=measure)
    best = 0 if measure == "riemannian" else 1  # minus a distance
    assert ceiling.lower.item() == pytest.approx(best, abs=1e-5)
    assert ceiling.upper.item() == pytest.approx(best, abs=1e-5)


def test_further_dims_are_kept_and_missing_pairs_left_out():
    first, second = (noisy(seed=seed)[0] for seed in (0, 1))
    both = xr.concat([first, second], "area").transpose("subject", "area", "pair")
    both[2, 0, 5] = np.nan
    ceiling = rsa.noise_ceiling(both)
    assert ceiling.sizes == {"area": 2}
    assert ceiling.upper[1].item() == pytest.approx(rsa.noise_ceiling(second).upper.item())
    assert np.isfinite(ceiling.lower).all()


def test_one_subject_has_no_ceiling():
    subjects, _ = noisy()
    with pytest.raises(RecordingError, match="takes two"):
        rsa.noise_ceiling(subjects.isel(subject=[0]))
    with pytest.raises(SchemaError, match="dim 'subject'"):
        rsa.noise_ceiling(subjects.isel(subject=0))


def test_the_upper_bound_of_rho_a_is_exact_among_all_orders():
    """Of 6 pairs in every order, with subjects whose RDMs have ties."""
    values = np.random.default_rng(0).integers(4, size=(3, 6)).astype(float)
    subjects = rdms(values, list("abcd"))
    orders = np.array(list(permutations(range(6))), dtype=float)
    every = rsa.comparators["rho_a"](orders, values, np.ones((1, 4)))[0].mean(axis=1)
    assert rsa.noise_ceiling(subjects, measure="rho_a").upper.item() == pytest.approx(every.max())


@pytest.mark.parametrize("measure", ["tau_a", "tau_b", "spearman"])
def test_rank_ceilings_are_called_approximate_for_a_better_rdm_exists(measure):
    """Found among RDMs of 6 pairs on 3 levels and on 6, for some of a few sets of subjects."""
    levels = np.array(list(product(range(3), repeat=6)), dtype=float)[1:-1]
    levels = levels[np.ptp(levels, axis=1) > 0]
    tried = np.concatenate([levels[::5], np.array(list(permutations(range(6))), dtype=float)[::3]])
    found = []
    for seed in range(4):
        values = np.random.default_rng(seed).integers(5, size=(3, 6)).astype(float)
        ceiling = rsa.noise_ceiling(rdms(values, list("abcd")), measure=measure)
        every = rsa.comparators[measure](tried, values, np.ones((1, 4)))[0].mean(axis=1)
        assert ceiling.attrs["upper_bound"] == "approximate"
        found.append(every.max() - ceiling.upper.item())
    assert max(found) > 0.002


def test_z_scores_leave_room_above_the_whitened_ceiling(real_data):
    """Of the same 4 subjects: the mean of whitened z-scores is closer to them than that of z-scores."""
    stored = np.load(real_data / "human_it_92_images.npz", allow_pickle=False)
    subjects = rdms(stored["rdm"].mean(axis=1), [f"image {number:02d}" for number in range(92)])
    usual = rsa.noise_ceiling(subjects, measure="whitened_pearson")
    best = rsa.noise_ceiling(subjects, measure="whitened_pearson", pooling="whitened_z_scores")
    assert (usual.attrs["upper_bound"], best.attrs["upper_bound"]) == ("approximate", "exact")
    assert best.upper > usual.upper


def test_missing_pairs_make_the_upper_bound_approximate():
    subjects, _ = noisy()
    subjects[2, 5] = np.nan
    for measure, pooling in EXACT:
        ceiling = rsa.noise_ceiling(subjects, measure=measure, pooling=pooling)
        assert ceiling.attrs["upper_bound"] == "approximate"
        assert ceiling.lower < ceiling.upper


@pytest.mark.parametrize("measure", ["whitened_cosine", "whitened_pearson"])
def test_a_whitened_ceiling_takes_noise_and_pairs_in_any_order(measure):
    subjects, _ = noisy()
    ids = np.unique(subjects.stimulus_a.values.tolist() + subjects.stimulus_b.values.tolist())
    root = np.random.default_rng(2).normal(size=(12, 24))
    coords = {"stimulus_id": ("stimulus", ids), "stimulus_id_b": ("stimulus_b", ids)}
    noise = xr.DataArray(root @ root.T, coords, ("stimulus", "stimulus_b"))
    ceiling = rsa.noise_ceiling(subjects, measure=measure, noise=noise, pooling="whitened_length")
    assert ceiling.upper.item() != pytest.approx(rsa.noise_ceiling(subjects, measure=measure).upper.item())
    shuffled = subjects.isel(pair=np.random.default_rng(3).permutation(66))
    same = rsa.noise_ceiling(shuffled, measure=measure, noise=noise, pooling="whitened_length")
    assert same.lower.item() == pytest.approx(ceiling.lower.item())
    with pytest.raises(SchemaError, match="takes no noise"):
        rsa.noise_ceiling(subjects, noise=noise)


def test_subjects_without_a_positive_second_moment_have_no_riemannian_ceiling():
    subjects, _ = noisy(noise=0.5)
    with pytest.raises(RecordingError, match="eigenvalues that are not positive"):
        rsa.noise_ceiling(subjects * [[1.0], [1.0], [-1.0], [1.0], [1.0]], measure="riemannian")

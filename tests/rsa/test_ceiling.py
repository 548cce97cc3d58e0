"""Noise ceilings: the figures of a published data set, and what must hold of any."""

import numpy as np
import pytest
import xarray as xr

from neurofit import rsa
from neurofit.errors import RecordingError, SchemaError


def rdms(values, ids):
    first, second = np.triu_indices(len(ids), 1)
    names = np.array(ids)
    pairs = {"stimulus_a": ("pair", names[first]), "stimulus_b": ("pair", names[second])}
    return xr.DataArray(values, {**pairs, "subject": range(len(values))}, ("subject", "pair"))


def noisy(subjects=5, stimuli=12, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.gamma(3.0, size=stimuli * (stimuli - 1) // 2)
    values = truth + noise * rng.normal(size=(subjects, truth.size))
    return rdms(values, [f"s{number:02d}" for number in range(stimuli)]), truth


@pytest.mark.parametrize(
    ("measure", "lower", "upper"),
    [("pearson", 0.394, 0.680), ("rho_a", 0.372, 0.666), ("tau_a", 0.254, 0.477)],
)
def test_human_it_has_its_known_ceilings(real_data, measure, lower, upper):
    """Kriegeskorte et al. 2008: 4 subjects, 92 images, the mean of two sessions."""
    stored = np.load(real_data / "human_it_92_images.npz", allow_pickle=False)
    subjects = rdms(stored["rdm"].mean(axis=1), [f"image {number:02d}" for number in range(92)])
    ceiling = rsa.noise_ceiling(subjects, measure=measure)
    assert ceiling.lower.item() == pytest.approx(lower, abs=6e-4)
    assert ceiling.upper.item() == pytest.approx(upper, abs=6e-4)


@pytest.mark.parametrize("measure", ["pearson", "cosine", "spearman"])
def test_no_rdm_is_closer_to_the_subjects_than_the_upper_bound(measure):
    subjects, truth = noisy()
    ceiling = rsa.noise_ceiling(subjects, measure=measure)
    rng = np.random.default_rng(1)
    tried = [truth, subjects.mean("subject").values, *(truth + rng.normal(size=(50, truth.size)))]
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
    assert ceiling.lower.item() == pytest.approx(1)
    assert ceiling.upper.item() == pytest.approx(1)


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

"""The same representational analyses by neurofit and by rsatoolbox, on the same simulated numbers.

Each case gives two functions of nothing, ours and the peer's, that return numbers which ought to be equal,
or, for a bootstrap, alike. The data are made before the clock starts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import xarray as xr
from rsatoolbox.data import Dataset
from rsatoolbox.inference import eval_bootstrap_pattern, eval_dual_bootstrap
from rsatoolbox.model import ModelFixed
from rsatoolbox.rdm import RDMs, calc_rdm, calc_rdm_unbalanced, compare

from neurofit import rsa

Pair = tuple[Callable[[], Any], Callable[[], Any]]


@dataclass(frozen=True)
class Case:
    """What is timed, on data of which size; the small one comes first, before the clock starts."""

    make: Callable[..., Pair]
    size: dict[str, int]
    small: dict[str, int]
    wanted: int
    options: dict[str, str]


def patterns(measure: str, *, stimuli: int, units: int) -> Pair:
    """RDM of one pattern for each stimulus."""
    values = np.random.default_rng(0).normal(size=(stimuli, units))
    labelled = xr.DataArray(values, {"stimulus_id": ("stimulus", names(stimuli))}, ("stimulus", "unit"))
    theirs = Dataset(values, obs_descriptors={"stimulus": np.arange(stimuli)})
    return (
        lambda: rsa.rdm(labelled, measure=measure).values,
        lambda: calc_rdm(theirs, method=measure, descriptor="stimulus").dissimilarities[0],
    )


def crossnobis(kind: str, *, stimuli: int, repeats: int, units: int) -> Pair:
    """Crossnobis with a known precision; where unbalanced, each tenth trial is missing."""
    rng = np.random.default_rng(0)
    stimulus, fold = np.repeat(np.arange(stimuli), repeats), np.tile(np.arange(repeats), stimuli)
    values = rng.normal(size=(stimuli, units))[stimulus] + rng.normal(size=(len(stimulus), units))
    if kind == "unbalanced":
        kept = np.arange(len(stimulus)) % 10 != 3
        values, stimulus, fold = values[kept], stimulus[kept], fold[kept]
    factor = rng.normal(size=(units, 2 * units))
    precision = factor @ factor.T / (2 * units)
    coords = {"stimulus_id": ("trial", names(stimuli)[stimulus]), "fold": ("trial", fold)}
    labelled = xr.DataArray(values, coords, ("trial", "unit"))
    noise = xr.DataArray(precision, dims=("unit", "unit_b"))
    theirs = Dataset(values, obs_descriptors={"stimulus": stimulus, "fold": fold})
    calculate = calc_rdm_unbalanced if kind == "unbalanced" else calc_rdm
    options = {"method": "crossnobis", "descriptor": "stimulus", "cv_descriptor": "fold", "noise": precision}
    return (
        lambda: rsa.rdm(labelled, measure="crossnobis", noise=noise).values,
        lambda: calculate(theirs, **options).dissimilarities[0],
    )


def whitened(kind: str, *, stimuli: int) -> Pair:
    """Whitened Pearson of two RDMs, with a full noise covariance of the stimuli."""
    rng = np.random.default_rng(0)
    rdms = rng.random(size=(2, stimuli * (stimuli - 1) // 2))
    factor = rng.normal(size=(stimuli, 2 * stimuli))
    covariance = factor @ factor.T / (2 * stimuli)
    ours = labelled_rdms(rdms, stimuli, "model")
    coords = {"stimulus_id": ("stimulus", names(stimuli)), "stimulus_id_b": ("stimulus_b", names(stimuli))}
    noise = xr.DataArray(covariance, coords, ("stimulus", "stimulus_b"))
    one, other = (RDMs(row[None]) for row in rdms)
    return (
        lambda: rsa.compare(
            ours.isel(model=0), ours.isel(model=1), measure="whitened_pearson", noise=noise
        ).item(),
        lambda: compare(one, other, method="corr_cov", sigma_k=covariance).item(),
    )


def bootstrap(kind: str, *, stimuli: int, subjects: int, models: int, draws: int) -> Pair:
    """Scores of models with subjects, standard errors and ceilings, by resampling stimuli or both."""
    resample, measure = kind.split(", ")
    rng = np.random.default_rng(0)
    truth = rng.random(size=(models, stimuli * (stimuli - 1) // 2))
    data = truth[0] + rng.normal(size=(subjects, truth.shape[1]))
    theirs = RDMs(data)
    fixed = [ModelFixed(f"model {number}", row) for number, row in enumerate(truth)]
    method = {"rho_a": "rho-a"}.get(measure, measure)
    evaluated = eval_dual_bootstrap if resample == "both" else eval_bootstrap_pattern
    factors = ("stimulus", "subject") if resample == "both" else ("stimulus",)
    ours = labelled_rdms(data, stimuli, "subject")
    candidates = labelled_rdms(truth, stimuli, "model")
    return (
        lambda: (
            rsa.evaluate(
                candidates, ours, measure=measure, resample=factors, draws=draws, rng=0
            ).estimate.values
        ),
        lambda: evaluated(fixed, theirs, method=method, N=draws).get_means(),
    )


def names(stimuli: int) -> np.ndarray[Any, Any]:
    """Ids whose order is that of their numbers."""
    return np.array([f"image {number:04d}" for number in range(stimuli)])


def labelled_rdms(rows: np.ndarray[Any, Any], stimuli: int, dim: str) -> xr.DataArray:
    """RDMs along ``dim``, with the pairs named."""
    first, second = np.triu_indices(stimuli, 1)
    ids = names(stimuli)
    coords = {"stimulus_a": ("pair", ids[first]), "stimulus_b": ("pair", ids[second])}
    numbered = {dim: [f"{dim} {number}" for number, _ in zip(count(), rows, strict=False)]}
    return xr.DataArray(rows, {**coords, **numbered}, (dim, "pair"))


LARGE = {"stimuli": 100, "subjects": 8, "models": 3, "draws": 1000}
FEW = {"stimuli": 10, "subjects": 4, "models": 2, "draws": 5}
TRIALS = {"stimuli": 200, "repeats": 8, "units": 300}

CASES = {
    "Euclidean RDM, 500 x 500": Case(
        patterns, {"stimuli": 500, "units": 500}, {"stimuli": 5, "units": 5}, 4, {"measure": "euclidean"}
    ),
    "correlation RDM, 500 x 500": Case(
        patterns, {"stimuli": 500, "units": 500}, {"stimuli": 5, "units": 5}, 4, {"measure": "correlation"}
    ),
    "crossnobis, 200 x 8 x 300": Case(
        crossnobis, TRIALS, {"stimuli": 5, "repeats": 4, "units": 3}, 6, {"kind": "balanced"}
    ),
    "crossnobis, a tenth of the trials missing": Case(
        crossnobis, TRIALS, {"stimuli": 5, "repeats": 4, "units": 3}, 1000, {"kind": "unbalanced"}
    ),
    "whitened Pearson, full covariance, 100 stimuli": Case(
        whitened, {"stimuli": 100}, {"stimuli": 6}, 1000, {"kind": "full"}
    ),
    "bootstrap over stimuli, cosine": Case(bootstrap, LARGE, FEW, 80, {"kind": "stimulus, cosine"}),
    "bootstrap over stimuli, rho-a": Case(bootstrap, LARGE, FEW, 20, {"kind": "stimulus, rho_a"}),
    "two-factor bootstrap, cosine": Case(bootstrap, LARGE, FEW, 150, {"kind": "both, cosine"}),
}

"""Do intervals cover, and are false positives rare enough? Experiments with few stimuli and few subjects.

    python tests/calibration/rsa_inference.py

writes docs/tables/rsa_calibration.csv (minutes). A subject sees the features of stimuli through units that
weigh them at random, so that no two subjects have the same geometry, with noise in each repeat; its RDM is
cross-validated. One model knows the first half of the features, one the other half: in new stimuli and
subjects they are equally right. The third knows nothing of the stimuli. There are two worlds, ``WORLDS``.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from tables import write

import neurofit
from neurofit import parallel
from neurofit.rsa.inference._assess import Assessor
from neurofit.rsa.inference._models import Fixed
from neurofit.rsa.inference._spread import Draws
from neurofit.rsa.inference._tests import fisher_z, interval, p_above, p_either

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = Path(__file__).parents[2] / "docs" / "tables" / "rsa_calibration.csv"
RESAMPLE = ("stimulus", "subject", "stimulus subject")
MEASURES = ("pearson", "cosine", "rho_a")
SIZES = ((10, 5), (20, 5), (20, 10), (40, 10))
SLOW = "rho_a"
EXPERIMENTS, LABS, FOR_THE_TARGET, DRAWS = 300, 20, 100, 200


class World(NamedTuple):
    """What stimuli are, and how subjects respond."""

    inputs: int
    draw: Callable  # numbers of a given size, of which stimuli are made
    features: Callable  # of stimuli
    units: int
    repeats: int
    gain: float  # standard deviation over subjects of log signal to noise


def layers(stimuli):
    """Rectified units of a random network that sees either half of the stimulus by the same weights."""
    half = stimuli.shape[1] // 2
    weights = np.random.default_rng(1).normal(size=(half, 30)) / np.sqrt(half)
    parts = stimuli[:, :half], stimuli[:, half:]
    return np.concatenate([np.maximum(part @ weights, 0.0) for part in parts], axis=1)


WORLDS = {
    "features": World(8, lambda rng, size: rng.normal(size=size), lambda stimuli: stimuli, 16, 2, 0.0),
    "networks": World(12, lambda rng, size: rng.laplace(size=size), layers, 25, 3, 0.5),
}
CASES = [
    *(
        ("features", *case)
        for case in product(MEASURES, RESAMPLE, SIZES)
        if case[0] != SLOW or case[2] in SIZES[:2]
    ),
    *(("networks", *case) for case in product(MEASURES[:2], RESAMPLE, SIZES[:2])),
]


def experiment(rng, kind, signal, *, stimuli, subjects):
    """RDMs of the models (model, pair) and of the subjects (subject, pair)."""
    features = kind.features(stimuli)
    unrelated = kind.features(kind.draw(rng, stimuli.shape))
    half = features.shape[1] // 2
    patterns = (features[:, :half], features[:, half:], unrelated)
    models = np.stack([distances(part[None], once=True) for part in patterns])
    mean = signal * features @ subjects
    repeats = mean + rng.normal(size=(kind.repeats, *mean.shape))
    return models, distances(repeats)


def distances(repeats, *, once=False):
    """Squared distances (..., pair) of patterns (repeat, ..., stimulus, unit), cross-validated."""
    first, second = np.triu_indices(repeats.shape[-2], 1)
    difference = repeats[..., first, :] - repeats[..., second, :]
    own = (difference**2).sum(axis=0)
    if once:
        return own.mean(axis=-1)
    count = len(repeats)
    return ((difference.sum(axis=0) ** 2 - own) / (count * (count - 1))).mean(axis=-1)


def row(case):
    """One line of the table."""
    name, measure, resample, (stimuli, subjects) = case
    kind = WORLDS[name]
    over = frozenset(resample.split())
    # The same worlds for all measures.
    rng = np.random.default_rng(
        [RESAMPLE.index(resample), stimuli, subjects, *([1] if name == "networks" else [])]
    )
    found, nothing, target = [], [], []
    for _ in range(LABS):
        fixed = world(rng, kind, stimuli, subjects)
        runs = EXPERIMENTS // LABS
        found += [run(rng, kind, measure, over, fixed, signal=1.0) for _ in range(runs)]
        nothing += [run(rng, kind, measure, over, fixed, signal=0.0) for _ in range(runs)]
        target += [expected(rng, kind, measure, over, fixed)] * runs
    estimate, error, dof = (np.array(part) for part in zip(*found, strict=True))
    target = np.array(target)
    both = len(over) == 2
    if both:
        target = np.full_like(target, target.mean(axis=0))
    low, high = np.tanh(np.moveaxis(interval(*fisher_z(estimate[:, :2], error[:, :2]), dof[:, :2]), -1, 0))
    covered = (low <= target) & (target <= high)
    zero, pairwise = false_positives(*zip(*nothing, strict=True))
    # An unrelated model's expectation is 0 in new stimuli, for comparators that ignore a constant.
    unrelated = "stimulus" in over and measure != "cosine"
    signal_zero, signal_pairwise = false_positives(estimate, error, dof)
    return {
        "world": name,
        "resample": resample,
        "measure": measure,
        "stimuli": stimuli,
        "subjects": subjects,
        "coverage": f"{covered.mean():.3f}",
        "error / true": f"{np.sqrt((error[:, :2] ** 2).mean() / spread(estimate[:, :2], target)):.2f}",
        "p_zero, no signal": f"{zero[:2].mean():.3f}",
        "p_zero, unrelated model": f"{signal_zero[2]:.3f}" if unrelated else "",
        "p_pairwise, no signal": f"{pairwise:.3f}",
        "p_pairwise, equal models": f"{signal_pairwise:.3f}" if both else "",
        "version": neurofit.__version__,
    }


def world(rng, kind, stimuli, subjects):
    """Stimuli, and weights of features in subjects."""
    features = kind.features(np.zeros((1, kind.inputs))).shape[1]
    weights = rng.normal(size=(subjects, features, kind.units)) / np.sqrt(features)
    if kind.gain:
        weights *= np.exp(kind.gain * rng.normal(size=(subjects, 1, 1)))
    return {"stimuli": kind.draw(rng, (stimuli, kind.inputs)), "subjects": weights}


def again(rng, kind, over, fixed):
    """The same world, with what is generalised over drawn anew."""
    new = world(rng, kind, len(fixed["stimuli"]), len(fixed["subjects"]))
    kept = {"stimuli": "stimulus", "subjects": "subject"}
    return {name: new[name] if factor in over else fixed[name] for name, factor in kept.items()}


def run(rng, kind, measure, over, fixed, *, signal):
    """Estimates, errors (two models, the unrelated one, difference of the two), and degrees of freedom."""
    drawn = again(rng, kind, over, fixed)
    models, data = experiment(rng, kind, signal, **drawn)
    size = len(drawn["stimuli"]), len(drawn["subjects"])
    assessor = Assessor(tuple((Fixed(None), one[None]) for one in models), measure, None)
    result = assessor.assess(data, Draws.make(*size, DRAWS, rng), over, rng)
    contrasts = [0, 1, 2, 5]  # 3 and 4 are the ceilings
    value = assessor.contrasts.of(result.columns)
    variance, degrees = (part[contrasts] for part in result.spread)
    return value[contrasts], np.sqrt(variance), degrees


def expected(rng, kind, measure, over, fixed):
    """Mean score of the first two models over many experiments."""
    scores = []
    for _ in range(FOR_THE_TARGET):
        models, data = experiment(rng, kind, 1.0, **again(rng, kind, over, fixed))
        assessor = Assessor(tuple((Fixed(None), one[None]) for one in models[:2]), measure, None)
        scores.append(assessor.scores(data).mean(axis=1))
    return np.mean(scores, axis=0)


def false_positives(estimate, error, dof):
    """Rates of p < .05: each model against 0, and one model against the other."""
    estimate, error, dof = np.array(estimate), np.array(error), np.array(dof)
    zero = p_above(*fisher_z(estimate[:, :3], error[:, :3]), dof[:, :3]) < 0.05
    pairwise = p_either(estimate[:, 3], error[:, 3], dof[:, 3]) < 0.05
    return zero.mean(axis=0), pairwise.mean()


def spread(estimate, target):
    """Mean squared distance from what is expected."""
    return ((estimate - target) ** 2).mean()


def main():
    """Make the table."""
    rows = parallel.apply(row, CASES, description="calibration")
    write(TABLE, rows)


if __name__ == "__main__":
    main()

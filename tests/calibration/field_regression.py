"""How right are gradient shares from scattered samples of weights and of their changes?

    python tests/calibration/field_regression.py

writes docs/tables/field_regression.csv (minutes). "held out" is ``fields.gradient_share`` of a gradient
plus a rotation, whose share is known in closed form; "Jacobian" is the kernel estimator of the share of the
symmetric part of the Jacobian, at 100 of the samples, of random fields; "noise" is changes without any field.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import field_worlds as worlds
import numpy as np
from tables import write

import neurofit
from neurofit import parallel
from neurofit.fields.regression import decompose_samples, gradient_share

TABLE = Path(__file__).parents[2] / "docs" / "tables" / "field_regression.csv"
FIRST_SEED = 7000  # no choice within the analysis was made on samples from here on


class Case(NamedTuple):
    """What is estimated, of which field, from how many samples with which noise."""

    what: str
    field: str
    samples: int
    synapses: int
    noise: float
    seeds: int


CASES = [
    Case("held out", "linear", 300, 2, 0.1, 6),
    Case("held out", "curved", 300, 2, 0.1, 6),
    Case("held out", "curved", 1000, 5, 0.1, 2),
    Case("held out", "linear", 1000, 10, 0.1, 1),
    Case("held out", "curved", 1000, 10, 0.1, 1),
    Case("Jacobian", "waves", 100, 2, 0.5, 20),
    Case("Jacobian", "waves", 500, 2, 1.0, 20),
    Case("Jacobian", "waves", 200, 5, 0.3, 20),
    Case("Jacobian", "linear", 120, 2, 0.5, 20),
    Case("noise", "none", 200, 2, 1.0, 6),
]


def held_out(case, rng):
    """Share, its interval, and the truth."""
    world = {"linear": worlds.linear_share, "curved": worlds.curved_share}[case.field]
    speed = rng.uniform(0.4, 1.2)
    W, dW, truth = world(case.samples, case.synapses, speed, noise=case.noise, rng=rng)
    found = gradient_share(W, dW, rng=rng, workers=1, progress=False)
    return float(found.share), found.share_interval.values, truth


def jacobian(case, rng):
    """The same, of the symmetric part of the Jacobian."""
    w = rng.normal(size=(case.samples, case.synapses))
    at = w[:100]
    if case.field == "linear":
        matrix = -np.eye(case.synapses) + worlds.turned(case.synapses, rng.uniform(0.4, 1.2), rng)
        values, slopes = w @ matrix.T, matrix[None]
    else:
        length = rng.uniform(0.7, 1.0) * case.synapses**0.7
        field, jacobian = worlds.waves(case.synapses, length, share=rng.uniform(0.3, 0.9), rng=rng)
        values, slopes = field(w), jacobian(at)
    truth = np.square(slopes + np.swapaxes(slopes, 1, 2)).sum() / 4 / np.square(slopes).sum()
    changes = worlds.noisy(values, case.noise, rng)
    found = decompose_samples(worlds.labelled(w), worlds.labelled(changes), at=at, rng=rng)
    return found.share, found.share_interval, truth


def nothing(case, rng):
    """Whether noise is called a field: 1 or 0, beside 0."""
    w, dw = rng.normal(size=(2, case.samples, case.synapses))
    found = gradient_share(worlds.labelled(w), worlds.labelled(dw), rng=rng, workers=1, progress=False)
    return float(found.identified), (0.0, 0.0), 0.0


def one(job):
    """For one seed of a case."""
    case, seed = job
    rng = np.random.default_rng(FIRST_SEED + seed)
    return {"held out": held_out, "Jacobian": jacobian, "noise": nothing}[case.what](case, rng)


def row(case, found):
    """One line of the table, from what each seed gave."""
    errors = np.array([share - truth for share, _, truth in found])
    inside = [low <= truth <= high for _, (low, high), truth in found]
    return {
        "estimate": case.what,
        "field": case.field,
        "samples": case.samples,
        "synapses": case.synapses,
        "noise": case.noise,
        "seeds": case.seeds,
        "bias": f"{errors.mean():z.3f}",
        "RMSE": f"{np.sqrt(np.square(errors).mean()):.3f}",
        "largest error": f"{np.abs(errors).max():.3f}",
        "interval holds the truth": f"{np.mean(inside):.2f}",
        "first seed": FIRST_SEED,
        "version": neurofit.__version__,
    }


def rows(cases, **options):
    """Lines of the table."""
    jobs = [(case, seed) for case in cases for seed in range(case.seeds)]
    found = iter(parallel.apply(one, jobs, description="samples", **options))
    return [row(case, [next(found) for _ in range(case.seeds)]) for case in cases]


def main():
    """Make the table."""
    write(TABLE, rows(CASES))


if __name__ == "__main__":
    main()

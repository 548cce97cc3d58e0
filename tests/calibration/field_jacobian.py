"""How near are the parts of a Jacobian, how often is curl found where there is none, what do intervals hold?

    python tests/calibration/field_jacobian.py

writes docs/tables/field_jacobian.csv and docs/tables/field_steps.csv (minutes). Perturbed networks are those
of ``simulate.field``, linear about their weights; weights over sessions those of ``fields.walked``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tables import write

import neurofit
from neurofit import parallel
from neurofit.fields import WeightField, closed_field, walked
from neurofit.fields.jacobian import Indices, Sums
from neurofit.simulate import field, rule_field

TABLES = Path(__file__).parents[2] / "docs" / "tables"
SMALL, LARGE = (10, 14, 4), (30, 50, 10)  # 196 and 2,000 synapses
FIRST_SEED = 7000  # no choice within the analysis was made on networks from here on
NETWORKS = 20
DRAWS = 499
CASES = [
    *(("backprop", SMALL, trials, 1.0, "gaussian", 1000) for trials in (50, 200)),
    ("backprop", SMALL, 400, 1.0, "gaussian", 100),
    ("backprop", SMALL, 400, 0.2, "gaussian", 200),
    ("backprop", SMALL, 200, 1.0, "heavy_low_rank", 1000),
    *(("feedback_alignment", SMALL, trials, 1.0, "gaussian", 200) for trials in (50, 200)),
    ("feedback_alignment", SMALL, 400, 1.0, "gaussian", 100),
    ("feedback_alignment", SMALL, 800, 1.0, "gaussian", 40),
    ("feedback_alignment", SMALL, 200, 1.0, "heavy_low_rank", 200),
    ("feedback_alignment", LARGE, 200, 1.0, "gaussian", 40),
    ("curl_descent", SMALL, 200, 1.0, "gaussian", 200),
]
STEPS = [
    ("rotation", {"synapses": 2}, 0.05, 6000, 0.3, "none", "logarithm"),
    ("rotation", {"synapses": 2}, 0.05, 6000, 0.3, "lag1", "logarithm"),
    ("rotation", {"synapses": 2}, 1.0, 1000, 0.0, "lag1", "difference"),
    ("rotation", {"synapses": 2}, 1.0, 1000, 0.0, "lag1", "logarithm"),
    ("linear", {"synapses": 3, "gradient_share": 1.0}, 0.3, 400, 0.2, "lag1", "logarithm"),
    ("linear", {"synapses": 3, "gradient_share": 0.7}, 0.3, 400, 0.2, "lag1", "logarithm"),
    ("linear", {"synapses": 3, "gradient_share": 0.7}, 0.3, 1600, 0.2, "lag1", "logarithm"),
    ("linear", {"synapses": 8, "gradient_share": 1.0}, 0.3, 800, 0.1, "lag1", "logarithm"),
    ("linear", {"synapses": 8, "gradient_share": 0.7}, 0.3, 800, 0.1, "lag1", "logarithm"),
]
WALKS = 100
DECAY = 0.05  # of a rotation that noise keeps going


def row(case):
    """One line about perturbed networks."""
    rule, layers, trials, snr, noise, repeats = case
    found, truth, ridge = [], [], []
    for seed in range(min(NETWORKS, repeats)):
        made = rule_field(rule, layers=layers, rng=FIRST_SEED + seed)
        for repeat in range(-(-repeats // NETWORKS)):
            seen = field(
                made, trials=trials, snr=snr, noise_kind=noise, linear=True, rng=[FIRST_SEED + seed, repeat]
            )
            perturbed = WeightField.from_trials(seen.w0, seen.delta, seen.dw)
            found.append(perturbed.decompose(draws=DRAWS, rng=repeat))
            truth.append((float(seen.true_gradient_share), float(seen.true_divergence)))
            ridge.append(ridge_share(seen.dw.values, seen.delta.values))
    share, divergence = np.array(truth).T
    known = np.array([bool(one.identified) for one in found])
    error = np.array([float(one.gradient_share) for one in found]) - share
    off = np.array([float(one.divergence) for one in found]) / divergence - 1
    return {
        "rule": rule,
        "synapses": seen.sizes["synapse"],
        "trials": trials,
        "snr": snr,
        "noise": noise,
        "estimator": found[0].estimator.item(),
        "repeats": len(found),
        "share": f"{share.mean():.3f}",
        "bias": f"{np.nanmean(error):z.4f}",
        "error": f"{np.sqrt(np.nanmean(error**2)):.4f}",
        "ridge": f"{np.sqrt(np.mean((np.array(ridge) - share) ** 2)):.3f}",
        "divergence, error": f"{np.sqrt(np.mean(off**2)):.4f}",
        "p < .05": f"{np.mean([one.p_curl < 0.05 for one in found]):.3f}",
        "coverage": f"{covered(found, share, 'gradient_share')[known].mean():.3f}",
        "divergence, coverage": f"{covered(found, divergence, 'divergence').mean():.3f}",
        "identified": f"{known.mean():.3f}",
        "version": neurofit.__version__,
    }


def walk(case):
    """One line about weights over sessions."""
    kind, options, interval, sessions, noise, instrument, rate = case
    world = closed_field("potential_and_rotation", synapses=2, decay=DECAY) if kind == "rotation" else None
    found, share = [], []
    for seed in range(WALKS):
        made_of = world or closed_field(kind, rng=FIRST_SEED + seed, **options)
        level = np.sqrt(2 * DECAY) if kind == "rotation" else 1.0
        made = walked(made_of, sessions=sessions, interval=interval, noise=level, rng=FIRST_SEED + seed)
        spread = made.weights.std("session_index")
        drawn = made.weights.copy(data=np.random.default_rng(seed).normal(size=made.weights.shape))
        given = WeightField.from_trajectory(
            made.weights + noise * spread * drawn, made.times, instrument=instrument, rate=rate
        )
        found.append(given.decompose(draws=DRAWS, rng=seed))
        share.append(float(made.true_gradient_share))
    share = np.array(share)
    known = np.array([bool(one.identified) for one in found])
    told = np.array([float(one.gradient_share) for one in found])
    inside = covered(found, share, "gradient_share")
    return {
        "field": kind,
        "synapses": options["synapses"],
        "interval": interval,
        "sessions": sessions,
        "noise, sd": noise,
        "instrument": instrument,
        "rate": rate,
        "repeats": WALKS,
        "share": f"{share.mean():.3f}",
        "found": f"{np.nanmean(told):.3f}",
        "error": f"{np.sqrt(np.nanmean((told - share) ** 2)):.3f}",
        "p < .05": f"{np.mean([one.p_curl < 0.05 for one in found]):.2f}",
        "memory, p < .01": f"{np.mean([one.p_memory < 0.01 for one in found]):.2f}",
        "coverage": f"{inside[known].mean():.2f}" if known.any() else "",
        "identified": f"{known.mean():.2f}",
        "called gradient": f"{np.mean([one.verdict == 'gradient' for one in found]):.2f}",
        "called partly": f"{np.mean([one.verdict == 'partly' for one in found]):.2f}",
        "called not": f"{np.mean([one.verdict == 'not' for one in found]):.2f}",
        "version": neurofit.__version__,
    }


def covered(found, truth, name):
    """Whether each interval holds the truth."""
    bounds = np.array([one[f"{name}_interval"].values for one in found])
    # Intervals are cut to what a share can be, which may be the truth but for rounding.
    return (bounds[:, 0] <= truth + 1e-9) & (truth - 1e-9 <= bounds[:, 1])


def ridge_share(y, x):
    """The share of a ridge regression's Jacobian, its penalty chosen by generalised cross-validation."""
    y, x = y - y.mean(0), x - x.mean(0)
    values, vectors = np.linalg.eigh(x @ x.T)
    turned = vectors.T @ y
    penalties = values.max() * np.logspace(-6, 3, 60)
    scores = []
    for penalty in penalties:
        left = penalty / (np.maximum(values, 0) + penalty)
        scores.append(((left[:, None] * turned) ** 2).sum() / left.sum() ** 2)
    weights = vectors / (np.maximum(values, 0) + penalties[np.argmin(scores)]) @ turned
    crossed = x @ weights.T
    square = ((x @ x.T) * (weights @ weights.T)).sum()
    none = np.zeros(())
    return float(Indices.of(Sums(square, (crossed * crossed.T).sum(), none, none)).gradient_share)


def main():
    """Make the tables."""
    write(TABLES / "field_jacobian.csv", parallel.apply(row, CASES, description="networks"))
    write(TABLES / "field_steps.csv", parallel.apply(walk, STEPS, description="walks"))


if __name__ == "__main__":
    main()

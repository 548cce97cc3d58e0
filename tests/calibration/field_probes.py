"""How far from the truth are probes of a known rule, after how many draws, and do their intervals hold it?

    python tests/calibration/field_probes.py

writes docs/tables/field_probes.csv (a minute). Networks learn by a rule as ``simulate.rule_field`` has them;
the truth is the exact Jacobian. "plain" is what the same number of random vectors would give without the
directions that draws find first.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from tables import write

import neurofit
from neurofit import parallel
from neurofit.fields.probes import probe
from neurofit.simulate._field_rule import rule_field

TABLE = Path(__file__).parents[2] / "docs" / "tables" / "field_probes.csv"
LAYERS = {196: (10, 14, 4), 2000: (20, 80, 5)}
DRAWS = (10, 40, 100)
NETWORKS = [("feedback_alignment", 0), ("feedback_alignment", 100), ("curl_descent", 100), ("oja", 100)]
NETWORKS += [("backprop", 100)]
FIRST_SEED, SEEDS = 3000, 40
CASES = [(rule, step, n, draws) for n in LAYERS for rule, step in NETWORKS for draws in DRAWS]


@cache
def network(rule, step, n):
    """The exact Jacobian of a network, and a rule that has it everywhere: what probes see of it at w0."""
    rate = 0.02 if rule == "oja" else 0.1
    jacobian = rule_field(rule, layers=LAYERS[n], step=step, learning_rate=rate, rng=0).jacobian
    matrix = torch.from_numpy(jacobian)
    return jacobian, lambda w: matrix @ w


def row(case):
    """One line of the table."""
    rule, step, n, draws = case
    jacobian, linear = network(rule, step, n)
    symmetric, other = ((jacobian + sign * jacobian.T) / 2 for sign in (1, -1))
    share, curl = (symmetric**2).sum() / (jacobian**2).sum(), (other**2).sum()
    found = [
        probe(linear, np.zeros(n), draws=draws, rng=FIRST_SEED + seed, progress=False)
        for seed in range(SEEDS)
    ]
    held = [
        low - 1e-9 <= share <= high + 1e-9 for low, high in (one.gradient_share_interval for one in found)
    ]
    squares = np.array([float(one.curl_norm) ** 2 / 2 for one in found])
    traces = np.array([float(one.divergence) for one in found])
    gradient = curl < 1e-12 * (jacobian**2).sum()
    rank = (other**2).sum() ** 2 / ((other @ other) ** 2).sum()
    return {
        "rule": rule,
        "step": step,
        "synapses": n,
        "draws": draws,
        "seeds": SEEDS,
        "gradient share": f"{share:.3f}",
        "RMSE of share": f"{_rms([float(one.gradient_share) - share for one in found]):.4f}",
        "interval holds share": f"{np.mean(held):.2f}",
        "relative RMSE of |A|^2": "" if gradient else f"{_rms(squares / curl - 1):.4f}",
        "plain": "" if gradient else f"{np.sqrt(2 / (rank * draws)):.4f}",
        "relative RMSE of divergence": f"{_rms(traces / np.trace(jacobian) - 1):.4f}",
        "version": neurofit.__version__,
    }


def _rms(errors):
    return float(np.sqrt(np.mean(np.square(errors))))


def main():
    """Make the table."""
    write(TABLE, parallel.apply(row, CASES, workers=1, description="probes"))


if __name__ == "__main__":
    main()

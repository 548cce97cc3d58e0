"""Are the terms of a known rule found, and are errors of coefficients as large as they say?

    python tests/calibration/taylor_rule.py

writes docs/tables/taylor_rule.csv (minutes). Oja's rule changes 20 x 20 weights for 50 steps in 6
trajectories; a rule of reward times input makes choices in 3 x 240 trials. Beside them stands the published
default, ``published``: it predicts trajectories that were held out almost exactly from a wrong rule.
"""

from __future__ import annotations

import time
import warnings
from itertools import product
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from tables import write

import neurofit
from neurofit import parallel
from neurofit.plasticity.taylor import TaylorRule, choice_trajectories, plastic_trajectories
from neurofit.plasticity.taylor._terms import up_to

TABLE = Path(__file__).parents[2] / "docs" / "tables" / "taylor_rule.csv"
OJA = {(1, 1, 0): 1.0, (0, 2, 1): -1.0}
REWARD = {(1, 0, 0, 1): 1.0}
RATE, ORDER = 0.04, (2, 2, 2)
SEEDS, PUBLISHED_SEEDS, CHOICE_SEEDS = range(8), range(2), range(20)
CASES = [
    *product(("oja",), ("activity", "weights"), ("known", "fitted"), (0.5, 2.0), (1.0, 0.25)),
    *product(("oja",), ("activity",), ("marginal",), (0.5,), (1.0, 0.25)),
    *product(("oja",), ("weights",), ("marginal",), (2.0,), (1.0, 0.25)),
    ("reward", "choices", "known", "", 1.0),
    *product(("oja, Adam and L1",), ("activity",), ("known",), (0.0, 0.5), (1.0,)),
]
EPOCHS, STEP, PRICE, SMALL = 250, 1e-3, 1e-2, 1e-4
COUNTS = 0.05  # coefficients of the published default above this are taken for terms of its rule


def oja(seed, observed, initial, noise, recorded):
    """Whether terms are right, coefficients and their errors, and the processor's seconds for one fit."""
    data = plastic_trajectories(OJA, noise=noise, recorded=recorded, rng=seed)
    rule = TaylorRule(order=ORDER, learning_rate=RATE, initial=initial)
    given = {"initial_weights": data.first_weights} if initial == "known" else {}
    return timed(rule, OJA, data.inputs, **{observed: data[observed]}, **given)


def reward(seed, *_):
    """As ``oja``, of input times reward from choices."""
    data = choice_trajectories(REWARD, rng=seed)
    rule = TaylorRule(order=(*ORDER, 1), learning_rate=0.2, activation="sigmoid", initial="known")
    first = xr.DataArray(np.zeros((1, 2)), dims=("post", "pre"))
    return timed(rule, REWARD, data.inputs, choices=data.choices, reward=data.reward, initial_weights=first)


def timed(rule, truth, inputs, **given):
    """What one fit found, and how long it took."""
    begin = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rule.fit(inputs, **given)
    seconds = time.process_time() - begin
    found, errors = (dict(zip(rule.terms_, v.values, strict=True)) for v in (rule.coef_, rule.se_))
    return {
        "right": rule.terms_ == list(truth),
        "coefficient": [found.get(term, 0.0) for term in truth],
        "error": [errors.get(term, np.nan) for term in truth],
        "r2": np.nan,
        "seconds": seconds,
    }


def adam(seed, _, __, noise, ___):
    """As ``oja``, by the published default, with R^2 of the weights of trajectories held out."""
    data, held = (plastic_trajectories(OJA, noise=sd, rng=at) for sd, at in ((noise, seed), (0, 100 + seed)))
    begin = time.process_time()
    theta = published(data, np.random.default_rng(seed))
    seconds = time.process_time() - begin
    with torch.no_grad():
        weights = followed(theta, *map(torch.as_tensor, (held.inputs.values, held.first_weights.values)))[1]
    weights = weights.numpy()
    true = held.weights.values
    theta = theta.numpy()
    large = [term for term in up_to(ORDER) if abs(theta[term]) > COUNTS]
    return {
        "right": large == list(OJA),
        "coefficient": [theta[term] for term in OJA],
        "error": [np.nan] * len(OJA),
        "r2": 1 - ((true - weights) ** 2).sum() / ((true - true.mean()) ** 2).sum(),
        "seconds": seconds,
    }


def published(data, rng):
    """All 27 coefficients by Adam on the squared error of activity and L1, a trajectory at a time.

    Settings are the defaults of the code of Mehta et al. 2024, doi:10.1101/2023.12.11.571103.
    """
    theta = torch.tensor(SMALL * rng.normal(size=[power + 1 for power in ORDER]), requires_grad=True)
    descent = torch.optim.Adam([theta], lr=STEP)
    trajectories = [torch.as_tensor(data[name].values) for name in ("inputs", "first_weights", "activity")]
    for _ in range(EPOCHS):
        for inputs, first, activity in zip(*(values.split(1) for values in trajectories), strict=True):
            descent.zero_grad()
            predicted = followed(theta, inputs, first)[0]
            loss = ((predicted - activity) ** 2).mean() + PRICE * theta.abs().sum()
            loss.backward()
            descent.step()
    return theta.detach()


def followed(theta, inputs, weights):
    """Activity (trajectory, step, post) and weights (trajectory, step, post, pre) by all 27 terms."""
    rates, history = [], []
    for x in inputs.unbind(1):
        y = torch.einsum("kmn,kn->km", weights, x)
        rates.append(y)
        history.append(weights)
        pre, post = (torch.stack([v**power for power in range(3)]) for v in (x, y))
        by_weight = torch.einsum("abc,akj,bki->ckij", theta, pre, post)
        weights = weights + RATE * (by_weight[0] + weights * (by_weight[1] + weights * by_weight[2]))
    return torch.stack(rates, 1), torch.stack(history, 1)


KINDS = {
    "oja": (oja, OJA, SEEDS),
    "reward": (reward, REWARD, CHOICE_SEEDS),
    "oja, Adam and L1": (adam, OJA, PUBLISHED_SEEDS),
}


def runs(case, seeds=None):
    """What each seed gave."""
    kind, *how = case
    function, _, its_seeds = KINDS[kind]
    return [function(seed, *how) for seed in (its_seeds if seeds is None else seeds)]


def rows(case):
    """A line for each coefficient of the rule."""
    kind, observed, initial, noise, recorded = case
    _, truth, seeds = KINDS[kind]
    found = runs(case)
    values, errors = (np.array([run[name] for run in found]) for name in ("coefficient", "error"))
    within = np.abs(values - np.array(list(truth.values()))) < 2 * errors
    count = len(found)
    return [
        {
            "rule": kind,
            "observed": observed,
            "first weights": initial,
            "noise (sd)": noise,
            "recorded": recorded,
            "terms right": f"{sum(run['right'] for run in found)}/{count}",
            "term": " ".join(map(str, term)),
            "asked": asked,
            "found": f"{values[:, at].mean():.3f}",
            **interval(values[:, at]),
            "standard error": number(errors[:, at], 3),
            "within 2 standard errors": f"{within[:, at].sum()}/{count}" if "Adam" not in kind else "",
            "R2 of weights held out": number([run["r2"] for run in found], 4),
            "processor seconds": f"{np.median([run['seconds'] for run in found]):.1f}",
            "seeds": f"{seeds[0]} to {seeds[-1]}",
            "version": neurofit.__version__,
        }
        for at, (term, asked) in enumerate(truth.items())
    ]


def interval(values):
    """Of 95 %, of the mean over seeds."""
    half = 1.96 * np.std(values, ddof=1) / np.sqrt(len(values))
    return {"lower": f"{values.mean() - half:.3f}", "upper": f"{values.mean() + half:.3f}"}


def number(values, digits):
    """The mean of those that are there, or nothing."""
    there = np.asarray(values)[~np.isnan(values)]
    return f"{there.mean():.{digits}f}" if there.size else ""


def main():
    """Make the table."""
    lines = [line for lot in parallel.apply(rows, CASES, description="rules") for line in lot]
    write(TABLE, lines)


if __name__ == "__main__":
    main()

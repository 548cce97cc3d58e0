"""Is the rule that is named the one that made the choices? Animals whose rule and parameters are known.

    python tests/calibration/policy_rule.py

writes docs/tables/policy_rule.csv (a quarter of an hour on two cores). Parameters are drawn from the priors
of the fit, where probabilities must come out right, or are the same for all animals, where nobody promises
it.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
from tables import write

import neurofit
from neurofit import parallel
from neurofit.plasticity import PolicyRule, compare_policy_rules, simulate_choices
from neurofit.plasticity.policy import policy_rules
from neurofit.plasticity.policy._evidence import MEAN_RATE, MEAN_SD
from neurofit.plasticity.policy._rules import LARGEST_DECAY

TABLE = Path(__file__).parents[2] / "docs" / "tables" / "policy_rule.csv"
ANIMALS, TRIALS = 24, 1000
MIDDLE = {"reinforce_baseline": 0.5, "eligibility": 0.7}


def drawn(rule, rng):
    """Parameters from the priors."""
    further = {"reinforce_baseline": rng.uniform(), "eligibility": LARGEST_DECAY * rng.uniform()}
    return {
        "walk_sd": rng.exponential(MEAN_SD, 2),
        "rates": rng.exponential(MEAN_RATE, 2),
        "further": further.get(rule, 0.0),
    }


def usual(rule, rng):
    """The same parameters for all animals."""
    return {"walk_sd": 0.02, "rates": 0.1, "further": MIDDLE.get(rule, 0.0)}


WORLDS = {"drawn from the priors": drawn, "walk .02, rates .1": usual}
CASES = list(product(WORLDS, policy_rules, range(ANIMALS)))


def animal(case):
    """Of one animal: probabilities, verdict, rules left, and how often intervals hold the weights."""
    world, rule, seed = case
    rng = np.random.default_rng([seed, list(policy_rules).index(rule), list(WORLDS).index(world)])
    made = simulate_choices(rule, trials=TRIALS, reversal=200, rng=rng, **WORLDS[world](rule, rng))
    given = {"stimuli": made.stimuli, "rewards": made.reward}
    found = compare_policy_rules(made.choice, folds=0, workers=1, progress=False, **given)
    fitted = PolicyRule(rule).fit(made.choice, **given).result_
    inside = (fitted.weight_interval[..., 0] < made.weight) & (made.weight < fitted.weight_interval[..., 1])
    return found.probability.values, found.verdict, json.loads(found.left), inside.mean().item()


def rows(found):
    """A line for each world and rule, and one for all rules of a world."""
    for world in WORLDS:
        for rule in [*policy_rules, "all"]:
            kept = [
                (case[1], told)
                for case, told in zip(CASES, found, strict=True)
                if case[0] == world and rule in (case[1], "all")
            ]
            yield {"world": world, "rule": rule, "animals": len(kept), **scored(kept)}


def scored(kept):
    """Of animals with a known rule: how probable it was, how often it was named, and another one was."""
    names = list(policy_rules)
    at_truth = [told[0][names.index(truth)] for truth, told in kept]
    named = [told[1] == truth for truth, told in kept]
    wrong = [told[1] not in (truth, "inconclusive") for truth, told in kept]
    left = [truth in told[2] for truth, told in kept]
    many = [len(told[2]) for _, told in kept]
    return {
        "probability": np.mean(at_truth),
        "named": np.mean(named),
        "wrongly named": np.mean(wrong),
        "among those left": np.mean(left),
        "number left": np.mean(many),
        "weights in their interval": np.mean([told[3] for _, told in kept]),
    }


def main():
    """Write the table."""
    found = parallel.apply(animal, CASES, workers=2, progress=True, description="animals")
    table = [
        {
            name: f"{value:.3f}" if isinstance(value, float) else value
            for name, value in {**one, "trials": TRIALS, "version": neurofit.__version__}.items()
        }
        for one in rows(found)
    ]
    write(TABLE, table)


if __name__ == "__main__":
    main()

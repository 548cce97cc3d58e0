"""How often is feedback in a brain-computer interface told right, told wrong, and seen where there is none?

    python tests/calibration/bci_feedback.py

writes docs/tables/bci_feedback.csv (minutes). Subjects are simulated as ``plasticity.simulate_bci`` does.
"""

from __future__ import annotations

from pathlib import Path

from tables import write

import neurofit
from neurofit import parallel
from neurofit.plasticity.bci import feedback_bias, simulate_bci

TABLE = Path(__file__).parents[2] / "docs" / "tables" / "bci_feedback.csv"
VERDICTS = ("biased", "unbiased", "inconclusive")
STANDARD = {"recorded": 1.0, "targets": 8, "noise": 1.0, "mixture": 0.0, "rotation": 60.0}
SETTINGS = (
    {},
    {"recorded": 1 / 3},
    {"targets": 4},
    {"targets": 16},
    {"noise": 4.0},
    {"rotation": 45.0},
    {"rotation": 30.0},
    {"mixture": 0.5},
)
ONLY_BIASED = "mixture"  # of the internal model, which no other subject has
FIRST_SEED = 5000  # no choice within the analysis was made on subjects from here on
SEEDS = {"biased": 20, "unbiased": 20, "none": 40}
CASES = [
    (feedback, setting)
    for setting in SETTINGS
    for feedback in SEEDS
    if ONLY_BIASED not in setting or feedback == "biased"
]


def row(case):
    """One line of the table: shares of verdicts."""
    feedback, setting = case
    found = [judged(feedback, setting, FIRST_SEED + seed) for seed in range(SEEDS[feedback])]
    counts = [one.verdict for one in found]
    asked = STANDARD | setting
    return {
        "feedback": feedback,
        "units": round(60 * asked["recorded"]),
        "targets": asked["targets"],
        "noise": asked["noise"],
        "rotation": asked["rotation"],
        "mixture": asked["mixture"],
        "seeds": len(found),
        **{verdict: f"{counts.count(verdict) / len(found):.2f}" for verdict in VERDICTS},
        **{
            f"correlation, {name}": f"{sum(float(one.correlation[at]) for one in found) / len(found):z.2f}"
            for at, name in enumerate(VERDICTS[:2])
        },
        "held out, both": f"{sum(float(one.held_out_both) for one in found) / len(found):z.2f}",
        "version": neurofit.__version__,
    }


def judged(feedback, setting, seed):
    """The result for one subject."""
    made = simulate_bci(feedback, rng=seed, **setting)
    return feedback_bias(
        made.before,
        made.after,
        errors=made.errors,
        decoder=made.decoder,
        internal=made.internal,
        draws=400,
        rng=seed,
    )


def main():
    """Make the table."""
    rows = parallel.apply(row, CASES, description="subjects")
    write(TABLE, rows)


if __name__ == "__main__":
    main()

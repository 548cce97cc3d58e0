"""Every figure that was asked of learning rules inferred from recordings, beside what is found.

    python tests/calibration/plasticity.py

makes the tables of the five estimators anew, one after the other (an hour on two cores), and gathers what was
asked of them in docs/tables/plasticity.csv. With ``--gather`` it takes the tables that are there.
"""

from __future__ import annotations

import csv
import runpy
import sys
from pathlib import Path

from tables import write

HERE = Path(__file__).parent
TABLES = HERE.parents[1] / "docs" / "tables"
COMMANDS = ("rate_rule", "taylor_rule", "rule_classifier", "policy_rule", "bci_feedback")
ACCURACY = 0.88
ERRORS = 2.0  # standard errors within which a coefficient is right


def rows(name):
    """Lines of one of the tables."""
    with (TABLES / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def of_rates():
    """What has a bound in its own table."""
    for row in rows("rate_rule"):
        if row["met"]:
            what = f"{row['figure']}, {row['method']}, {row['stimuli']} stimuli, trials: {row['trials']}"
            what += f", change: {row['change']}, inputs: {row['inputs']}"
            yield what, f"{row['asked from']} to {row['asked to']}", row["found"], row["met"] == "yes"


def of_trajectories():
    """Terms and coefficients where first weights are known."""
    for row in rows("taylor_rule"):
        if row["first weights"] != "known" or not row["standard error"]:
            continue
        what = ", ".join(
            (
                row["rule"],
                row["observed"],
                f"noise {row['noise (sd)'] or 'of choices'}",
                f"term {row['term']}",
            )
        )
        what += f", {row['recorded']} of units recorded"
        right, of = (int(part) for part in row["terms right"].split("/"))
        found, asked = float(row["found"]), float(row["asked"])
        near = abs(found - asked) < ERRORS * float(row["standard error"])
        yield f"{what}: terms", "all right", row["terms right"], right >= 0.9 * of
        yield f"{what}: coefficient", f"{asked:g} within 2 se", f"{found:g} ({row['standard error']})", near


def of_classifier():
    """Networks of the architecture that was learned from."""
    for row in rows("rule_classifier"):
        found = row["mlp"]
        yield f"accuracy, {row['rules']}", f"at least {ACCURACY}", found, float(found.split()[0]) >= ACCURACY


def of_behaviour():
    """Verdicts on simulated animals."""
    for row in rows("policy_rule"):
        if row["rule"] == "all":
            found = float(row["wrongly named"])
            yield f"wrong rule named, {row['world']}", "at most 0.05", f"{found:g}", found <= 0.05


def of_feedback():
    """Verdicts on simulated subjects, but for those whose internal model is half right."""
    pure = [row for row in rows("bci_feedback") if float(row["mixture"]) == 0]
    for feedback in ("biased", "unbiased", "none"):
        kept = [row for row in pure if row["feedback"] == feedback]
        wrong = [float(row[name]) for row in kept for name in ("biased", "unbiased") if name != feedback]
        mean = sum(wrong) / len(kept)
        yield f"wrong feedback named, subjects: {feedback}", "at most 0.05", f"{mean:.3f}", mean <= 0.05


def main():
    """Make the tables, unless told to take them, and gather what was asked."""
    if "--gather" not in sys.argv[1:]:
        for name in COMMANDS:
            runpy.run_path(str(HERE / f"{name}.py"), run_name="__main__")
    gathered = [
        {"figure": what, "asked": asked, "found": found, "met": "yes" if met else "no"}
        for part in (of_rates, of_trajectories, of_classifier, of_behaviour, of_feedback)
        for what, asked, found, met in part()
    ]
    write(TABLES / "plasticity.csv", gathered)


if __name__ == "__main__":
    main()

"""Every figure that was asked of fields of weight changes, beside what is found.

    python tests/calibration/fields.py

makes the tables of fields anew, one after the other (half an hour), and gathers what was asked of
them in docs/tables/fields.csv. With ``--gather`` it takes the tables that are there. Times, and what stands
beside a peer, are in docs/benchmarks.md.
"""

from __future__ import annotations

import csv
import runpy
import sys
from pathlib import Path

from tables import write

HERE = Path(__file__).parent
TABLES = HERE.parents[1] / "docs" / "tables"
COMMANDS = ("field_jacobian", "field_regression", "field_paths", "field_probes")
SHARE_ERRORS = {("2000", "200"): 0.015, ("196", "50"): 0.025, ("196", "400"): 0.007}
FALSE = {"gaussian": (0.03, 0.07), "heavy_low_rank": (0.0, 0.09)}
NEAR = 0.03


def rows(name):
    """Lines of one of the tables."""
    with (TABLES / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def of_perturbations():
    """Designed perturbations of networks."""
    for row in rows("field_jacobian"):
        what = f"{row['rule']}, {row['synapses']} synapses, {row['trials']} trials"
        what += f", signal to noise {row['snr']}, noise {row['noise']}"
        asked = SHARE_ERRORS.get((row["synapses"], row["trials"]))
        if asked and row["rule"] == "feedback_alignment":
            yield (
                f"{what}: error of the share",
                f"at most {asked}",
                row["error"],
                float(row["error"]) <= asked,
            )
        if row["synapses"] == "2000":
            found = float(row["divergence, error"])
            yield f"{what}: error of the divergence", "at most 0.025", f"{found}", found <= 0.025
        if row["rule"] == "backprop" and int(row["repeats"]) >= 1000:
            low, high = FALSE[row["noise"]]
            found = float(row["p < .05"])
            yield f"{what}: curl found", f"{low} to {high}", row["p < .05"], low <= found <= high
        if row["rule"] == "curl_descent":
            yield f"{what}: curl found", "at least 0.95", row["p < .05"], float(row["p < .05"]) >= 0.95
        for name in ("coverage", "divergence, coverage"):
            yield f"{what}: {name}", "at least 0.93", row[name], float(row[name]) >= 0.93


def of_sessions():
    """Weights over sessions: noise in them, and long intervals."""
    for row in rows("field_steps"):
        if row["field"] != "rotation" or row["instrument"] == "none" or row["rate"] == "difference":
            continue
        what = f"rotation, interval {row['interval']}, noise {row['noise, sd']} sd, {row['instrument']}"
        found = float(row["found"])
        yield f"{what}: share", "at most 0.05", row["found"], found <= 0.05


def of_samples():
    """Shares of new changes, from scattered samples."""
    for row in rows("field_regression"):
        if row["estimate"] == "held out":
            what = f"held-out share, {row['field']}, {row['synapses']} synapses, {row['samples']} samples"
            found = float(row["largest error"])
            yield f"{what}: largest error", f"at most {NEAR}", row["largest error"], found <= NEAR


def of_paths():
    """Nulls of alignment, rotation of paths, and verdicts on returns."""
    for row in rows("field_paths"):
        what = f"{row['analysis']}, {row['setting']}"
        none = "related 0.0" in row["setting"] or "rotation 0.0" in row["setting"]
        if none and row["analysis"] in ("aligned", "turning"):
            found = float(row["positive"])
            yield f"{what}: found where there is nothing", "at most 0.07", row["positive"], found <= 0.07
        if row["analysis"] == "recovered":
            yield f"{what}: wrong", "at most 0.05", row["wrong"], float(row["wrong"]) <= 0.05


def of_probes():
    """Parts of a Jacobian that is never formed."""
    for row in rows("field_probes"):
        found = row["relative RMSE of |A|^2"]
        if found and row["synapses"] == "2000" and row["draws"] == "10":
            what = f"{row['rule']}, step {row['step']}, 2000 synapses, 10 probes: error of |A|^2"
            yield what, "at most 0.01", found, float(found) <= 0.01


PARTS = (of_perturbations, of_sessions, of_samples, of_paths, of_probes)


def gathered():
    """All figures, as lines of the table."""
    return [
        {"figure": what, "asked": asked, "found": found, "met": "yes" if met else "no"}
        for part in PARTS
        for what, asked, found, met in part()
    ]


def main():
    """Make the tables, unless told to take them, and gather what was asked."""
    if "--gather" not in sys.argv[1:]:
        for name in COMMANDS:
            runpy.run_path(str(HERE / f"{name}.py"), run_name="__main__")
    write(TABLES / "fields.csv", gathered())


if __name__ == "__main__":
    main()

"""The table of all figures is what the tables of single estimators say."""

import csv
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_gathers_what_the_other_tables_say():
    made = runpy.run_path(str(ROOT / "tests" / "calibration" / "plasticity.py"))
    with (ROOT / "docs" / "tables" / "plasticity.csv").open(newline="") as file:
        kept = [
            (row["figure"], row["asked"], row["found"], row["met"] == "yes") for row in csv.DictReader(file)
        ]
    parts = ("of_rates", "of_trajectories", "of_classifier", "of_behaviour", "of_feedback")
    assert kept == [row for part in parts for row in made[part]()]

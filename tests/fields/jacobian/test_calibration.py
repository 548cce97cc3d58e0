"""What is said of errors, false positives and coverage is what the command finds."""

import csv
from pathlib import Path

import field_jacobian as command
import pytest

TABLES = Path(__file__).parents[3] / "docs" / "tables"


def rows(name):
    with (TABLES / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.calibration
def test_a_row_about_perturbations_comes_out_again():
    cases = [(case[0], case[2]) for case in command.CASES]
    at = cases.index(("feedback_alignment", 50))
    made, kept = command.row(command.CASES[at]), rows("field_jacobian")[at]
    for column in ("share", "bias", "error", "ridge"):
        assert float(made[column]) == pytest.approx(float(kept[column]), abs=0.002)
    for column in ("p < .05", "coverage", "identified"):
        assert float(made[column]) == pytest.approx(float(kept[column]), abs=0.011)


@pytest.mark.calibration
def test_a_row_about_sessions_comes_out_again():
    at = next(i for i, case in enumerate(command.STEPS) if case[0] == "linear")
    made, kept = command.walk(command.STEPS[at]), rows("field_steps")[at]
    for column in ("found", "error"):
        assert float(made[column]) == pytest.approx(float(kept[column]), abs=0.003)
    for column in ("p < .05", "identified", "called gradient", "called not"):
        assert float(made[column]) == pytest.approx(float(kept[column]), abs=0.021)


def test_the_tables_have_a_row_for_each_case():
    made = [
        (row["rule"], int(row["trials"]), float(row["snr"]), row["noise"]) for row in rows("field_jacobian")
    ]
    assert made == [(case[0], *case[2:5]) for case in command.CASES]
    kept = [(row["field"], float(row["interval"]), int(row["sessions"])) for row in rows("field_steps")]
    assert kept == [(case[0], *case[2:4]) for case in command.STEPS]


def test_no_gradient_is_called_none_and_no_rotation_a_gradient():
    for row in rows("field_steps"):
        if float(row["share"]) == 1.0:
            assert float(row["called not"]) == 0
        if row["field"] == "rotation":
            assert float(row["called gradient"]) == 0

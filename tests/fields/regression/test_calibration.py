import csv
from pathlib import Path

import field_regression as command
import pytest

ROOT = Path(__file__).parents[3]
TABLE = ROOT / "docs" / "tables" / "field_regression.csv"


@pytest.fixture(scope="module")
def rows():
    with TABLE.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.calibration
@pytest.mark.parametrize("number", [5, 8])
def test_the_table_is_what_the_command_makes(rows, number):
    made = command.rows([command.CASES[number]], workers=1, progress=False)[0]
    assert float(made["bias"]) == pytest.approx(float(rows[number]["bias"]), abs=0.01)
    assert float(made["RMSE"]) == pytest.approx(float(rows[number]["RMSE"]), abs=0.01)


def test_the_table_has_a_row_for_each_case(rows):
    kept = [(row["estimate"], row["field"], int(row["samples"]), int(row["seeds"])) for row in rows]
    assert kept == [(case.what, case.field, case.samples, case.seeds) for case in command.CASES]


def test_held_out_shares_are_within_three_hundredths(rows):
    assert max(float(row["largest error"]) for row in rows if row["estimate"] == "held out") <= 0.03


def test_intervals_of_shares_of_the_jacobian_hold_the_truth(rows):
    held = [float(row["interval holds the truth"]) for row in rows if row["estimate"] == "Jacobian"]
    assert min(held) >= 0.9

"""The table of figures that were asked of ``RateRule``."""

import csv
from pathlib import Path

import pytest
import rate_rule as script

ROOT = Path(__file__).parents[3]


def table():
    with (ROOT / "docs" / "tables" / "rate_rule.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_table_has_a_row_for_each_figure():
    rows = table()
    assert [row["figure"] for row in rows] == [case.figure for case in script.CASES]
    for row in rows:
        assert float(row["low"]) <= float(row["found"]) <= float(row["high"])
        assert int(row["seed"]) == script.SEED


@pytest.mark.calibration
def test_a_sample_of_the_table_comes_out_again():
    long = {
        script.pooled_rule,
        script.pooled_threshold_coverage,
        script.bias_ratio,
        script.curve_coverage,
        script.threshold_coverage,
        script.threshold_bounded,
    }
    sample = [
        at
        for at, case in enumerate(script.CASES)
        if case.measure not in long
        and case.stimuli * case.units <= (10_000 if case.measure is script.called_rule else 25_000)
    ]
    assert len(sample) >= 15
    kept = table()
    for at in sample:
        again = script.row(script.CASES[at])
        error = (float(kept[at]["high"]) - float(kept[at]["low"])) / 4
        assert float(again["found"]) == pytest.approx(float(kept[at]["found"]), abs=max(error, 0.002))
        assert again["met"] == kept[at]["met"]

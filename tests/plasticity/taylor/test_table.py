"""The committed table of rules asked and found, and a sample of it made again."""

import csv
from pathlib import Path

import numpy as np
import pytest
import taylor_rule

ROOT = Path(__file__).parents[3]


def table():
    with (ROOT / "docs" / "tables" / "taylor_rule.csv").open() as file:
        return list(csv.DictReader(file))


def share(text):
    found, of = map(int, text.split("/"))
    return found / of


HONEST = [row for row in table() if row["first weights"] in {"known", "marginal"}]


@pytest.mark.parametrize("row", HONEST, ids=str)
def test_first_weights_known_or_integrated_out_give_the_terms_and_honest_errors(row):
    if "Adam" in row["rule"]:
        return
    assert share(row["terms right"]) >= 0.9
    assert share(row["within 2 standard errors"]) >= 0.85
    # A coefficient of a term that was missed counts as 0.
    if row["terms right"] == "8/8":
        assert float(row["lower"]) - 0.02 < float(row["asked"]) < float(row["upper"]) + 0.02


def test_integrated_out_first_weights_have_honest_errors_where_fitted_ones_have_not():
    within = {
        how: [
            share(row["within 2 standard errors"])
            for row in table()
            if row["first weights"] == how
            and (row["observed"], row["noise (sd)"]) in {("activity", "0.5"), ("weights", "2.0")}
        ]
        for how in ("marginal", "fitted")
    }
    assert len(within["marginal"]) == len(within["fitted"]) == 8
    assert min(within["marginal"]) >= 0.85 > np.mean(within["fitted"])


@pytest.mark.parametrize("row", [row for row in table() if "Adam" in row["rule"]], ids=str)
def test_a_wrong_rule_predicts_weights_held_out_almost_exactly(row):
    assert float(row["R2 of weights held out"]) > 0.99
    assert share(row["terms right"]) == 0
    if row["term"] == "0 2 1":
        assert not float(row["lower"]) < float(row["asked"]) < float(row["upper"])


@pytest.mark.calibration
def test_a_sample_of_the_table_comes_out_again():
    case = ("oja", "weights", "known", 2.0, 0.25)
    wanted = [str(value) for value in case]
    columns = ("rule", "observed", "first weights", "noise (sd)", "recorded")
    kept = [row for row in table() if [row[column] for column in columns] == wanted]
    again = taylor_rule.rows(case)
    assert len(again) == len(kept) == 2
    for new, old in zip(again, kept, strict=True):
        for column in ("terms right", "found", "lower", "upper", "standard error"):
            assert new[column] == old[column]

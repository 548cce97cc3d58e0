"""The committed table of rules of behaviour, and a row of it made again."""

import csv

import policy_rule as command
import pytest

CHANCE = 0.045  # one standard error of a share of .05 in 24 animals


@pytest.fixture(scope="module")
def table():
    with command.TABLE.open() as file:
        return {(row["world"], row["rule"]): row for row in csv.DictReader(file)}


def test_wrong_rules_are_seldom_named_and_true_ones_are_left(table):
    for world in command.WORLDS:
        together = table[world, "all"]
        assert float(together["wrongly named"]) <= 0.05
        assert float(together["among those left"]) >= 0.95 - CHANCE / 2
        for rule in command.policy_rules:
            assert float(table[world, rule]["wrongly named"]) <= 0.05 + CHANCE
            assert float(table[world, rule]["weights in their interval"]) >= 0.9


def test_probabilities_are_as_often_right_as_they_say_where_parameters_come_from_the_priors(table):
    """With parameters from the priors the mean probability of the true rule is that of a rule being true."""
    rows = [table["drawn from the priors", rule] for rule in command.policy_rules]
    named = sum(float(row["named"]) for row in rows)
    wrong = sum(float(row["wrongly named"]) for row in rows)
    assert wrong <= 0.05 * (named + wrong) + CHANCE


@pytest.mark.calibration
def test_a_row_of_the_table_comes_out_again(table):
    world, rule = "walk .02, rates .1", "delta"
    cases = [case for case in command.CASES if case[:2] == (world, rule)]
    again = command.scored([(rule, command.animal(case)) for case in cases])
    for name, value in again.items():
        assert float(table[world, rule][name]) == pytest.approx(value, abs=0.002), name

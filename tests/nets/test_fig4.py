"""Fig. 4 of Richards et al. 2019: what learning to discriminate finely by reward does to layers' tuning."""

import csv
from pathlib import Path

import fig4 as experiment
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


def table():
    with (ROOT / "docs" / "tables" / "fig4.csv").open() as file:
        return list(csv.DictReader(file))


def numbers(cell):
    return np.array([float(value) for value in cell.split("/")])


def mean(column, setting):
    return np.mean([numbers(row[column]) for row in table() if row["setting"] == setting], axis=0)


@pytest.mark.parametrize("setting", ["Adam, 1e-4", "SGD, 2e-3", "sampled actions"])
def test_slopes_rise_along_the_hierarchy_at_the_trained_orientation_alone(setting):
    assert (np.diff(mean("trained", setting)) > 0).all()
    assert mean("trained", setting)[-1] > 50
    assert (np.abs(mean("at right angles", setting)) < 0.5 * mean("trained", setting))[1:].all()
    assert (np.abs(mean("by chance, trained", setting)) < 10).all()


def test_what_layers_do_themselves_is_less_than_what_they_inherit_and_do():
    local, change = (mean(column, "Adam, 1e-4") for column in ("local, trained", "trained"))
    assert local[0] == change[0]
    assert (local[2:] < change[2:]).all()


@pytest.mark.slow
def test_a_small_network_shows_the_rise():
    small = experiment.Setting(
        "small",
        gratings={"size": 16, "cycles": 2.0},
        architecture={"name": "conv", "channels": [8, 16, 16, 32]},
        by_reward={"steps": 200},
    )
    found, by_chance, _ = experiment.changes((small, 0))
    assert (np.diff(found.change[0]) > 0).all()
    assert (found.change - by_chance.change)[0, -1] > 0.5
    assert (np.abs(by_chance.change[0]) < 0.1).all()


@pytest.mark.calibration
def test_a_row_of_the_table_comes_out_again():
    case = experiment.CASES[0]
    kept = next(row for row in table() if (row["setting"], row["seed"]) == (case[0].name, str(case[1])))
    again = experiment.row(case, *experiment.changes(case))
    for column in ("trained", "local, trained", "weights"):
        np.testing.assert_allclose(numbers(again[column]), numbers(kept[column]), atol=10)

"""The committed table of coverage and false positives, and a sample of it made again."""

import csv
from pathlib import Path

import numpy as np
import pytest
import rsa_inference

from neurofit.rsa.inference._assess import Assessor
from neurofit.rsa.inference._models import Fixed
from neurofit.rsa.inference._spread import Draws

ROOT = Path(__file__).parents[3]
RATES = ("p_zero, no signal", "p_zero, unrelated model", "p_pairwise, no signal", "p_pairwise, equal models")
CHANCE = 0.006  # one standard error of a rate of .01 from 300 experiments


def table():
    with (ROOT / "docs" / "tables" / "rsa_calibration.csv").open() as file:
        return {
            (row["world"], row["measure"], row["resample"], (int(row["stimuli"]), int(row["subjects"]))): row
            for row in csv.DictReader(file)
        }


@pytest.mark.parametrize("case", list(table()), ids=str)
def test_false_positives_and_coverage_are_as_they_should_be(case):
    row = table()[case]
    for name in RATES:
        assert not row[name] or 0.01 - CHANCE <= float(row[name]) <= 0.07
    # Of five subjects that differ much, cosines do not tell how much: docs/rsa_calibration.md.
    skewed = case[0] == "networks" and case[1:3] == ("cosine", "subject")
    assert (0.86 if skewed else 0.90) <= float(row["coverage"]) <= 0.99


@pytest.mark.calibration
@pytest.mark.parametrize(
    "case",
    [("features", "pearson", "stimulus subject", (10, 5)), ("features", "cosine", "subject", (20, 10))],
    ids=str,
)
def test_a_sample_of_the_table_comes_out_again(case):
    again, kept = rsa_inference.row(case), table()[case]
    for column in ("coverage", *RATES):
        assert again[column] == kept[column]


def test_a_stimulus_that_dominates_widens_the_error_to_that_of_the_jackknife():
    rng = np.random.default_rng(4)
    stimuli = np.arange(8)
    first, second = np.triu_indices(8, 1)
    patterns = rng.normal(size=(8, 3))
    patterns[0] *= 6
    square = ((patterns[first] - patterns[second]) ** 2).sum(axis=1)
    model, data = square + rng.normal(size=28), square + rng.normal(size=28)
    noisy = first > 3
    model[noisy] += 9 * rng.normal(size=noisy.sum())

    def score(*left_out):
        kept = ~(np.isin(first, left_out) | np.isin(second, left_out))
        return np.corrcoef(model[kept], data[kept])[0, 1]

    one = np.array([score(i) for i in stimuli])
    jackknife = 7 / 8 * ((one - one.mean()) ** 2).sum()
    pairs = zip(first, second, strict=True)
    influence = [27 * score() - 21 * (one[i] + one[j]) + 15 * score(i, j) for i, j in pairs]
    share = np.clip(8 / 7 * (1 - np.mean(np.square(influence)) / 28 / jackknife), 0.5, 1)
    assessor = Assessor(((Fixed(None), model[None]),), "pearson", None)
    found = assessor.assess(data[None], Draws.make(8, 1, 300, rng), frozenset({"stimulus"}), rng)
    bootstrap = assessor._scorer(data[None])(Draws.make(8, 1, 300, rng).times).models.var()
    assert 8 / 7 * bootstrap < jackknife
    np.testing.assert_allclose(found.spread.variance[0], share * jackknife)

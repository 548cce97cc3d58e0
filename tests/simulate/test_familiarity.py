"""A session of novel and familiar stimuli has the rates, and the rule, that it says it has."""

import numpy as np
import pytest
from nwbinspector import Importance, inspect_nwbfile

from neurofit import io, plasticity, prep, schema, simulate
from neurofit.errors import ResultsExistError, UnknownNameError

SMALL = {"units": 3, "stimuli": 20, "repeats": 2}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return simulate.familiarity(tmp_path_factory.mktemp("simulated") / "session.nwb", rng=3, **SMALL)


def counted(session):
    return prep.repeats(prep.responses(session, window=(0.05, 0.17), bin=None))


@pytest.mark.filterwarnings("ignore")  # the inspector's own
def test_the_file_is_valid_nwb(path):
    found = inspect_nwbfile(nwbfile_path=path, importance_threshold=Importance.BEST_PRACTICE_VIOLATION)
    told = {message.check_function_name: message.message for message in found}
    told.pop("check_electrodes_location_allen_ccf", None)
    assert told == {}


def test_stimuli_are_shown_once_in_each_block(path):
    session = io.open_nwb(path, on_issue="raise")
    schema.check(session, "session")
    made = counted(session)
    assert made.sizes == {"stimulus": 40, "trial": 2, "unit": 3}
    assert made.familiar.values.sum() == 20
    assert not np.isnan(made).any()


def test_counts_have_the_rates_of_the_population():
    known = simulate.familiarity(units=40, stimuli=100, repeats=20, rng=1)
    novel = counted(known).sel(stimulus=~counted(known).familiar.values)
    # The mean of phi(h) at the medians: r_m E[1 / (1 + exp(-beta (h - h0)))], h normal.
    h = np.random.default_rng(0).normal(size=100_000)
    expected = 76.0 * np.mean(1 / (1 + np.exp(-0.82 * (h - 2.5))))
    assert novel.mean().item() / 0.12 == pytest.approx(expected, rel=0.15)


def test_its_counts_are_what_the_rule_is_inferred_from(path):
    rule = plasticity.RateRule("quantile", draws=0, folds=0).fit(counted(io.open_nwb(path)))
    assert rule.curve_.sizes["unit"] == 3
    truth = simulate.truth(path)
    assert truth["change"] == "rule"
    assert len(truth["threshold"]) == len(truth["threshold_hz"]) == 3


def test_same_seed_same_session(path, tmp_path):
    again = simulate.familiarity(tmp_path / "again.nwb", rng=3, **SMALL)
    one, other = (io.open_nwb(file)["spikes"].to_dataset() for file in (path, again))
    assert one.identical(other)
    assert simulate.truth(path) == simulate.truth(again)


def test_refuses_what_it_cannot_do(path):
    with pytest.raises(ResultsExistError, match="exists already"):
        simulate.familiarity(path, **SMALL)
    with pytest.raises(UnknownNameError, match="Did you mean 'gain'"):
        simulate.familiarity(change="gains", **SMALL)

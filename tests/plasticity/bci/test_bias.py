from collections import Counter

import numpy as np
import pytest

from neurofit import io, schema
from neurofit.errors import AlignmentError, RecordingError, SchemaError
from neurofit.plasticity.bci import feedback_bias, simulate_bci

RIGHT = {"biased": 1, "unbiased": 1, "none": 3}  # a seed of each


def judge(made, **changed):
    options = {"draws": 200, "rng": 0}
    arrays = {name: made[name] for name in ("before", "after", "errors", "decoder", "internal")} | changed
    options |= {name: arrays.pop(name) for name in ("shrinkage",) if name in arrays}
    return feedback_bias(arrays.pop("before"), arrays.pop("after"), **arrays, **options)


@pytest.fixture(scope="module")
def made():
    return {feedback: simulate_bci(feedback, rng=seed) for feedback, seed in RIGHT.items()}


@pytest.mark.parametrize("feedback", ["biased", "unbiased"])
def test_feedback_is_told(made, feedback):
    found = judge(made[feedback])
    assert found.verdict == feedback
    other = {"biased": "unbiased", "unbiased": "biased"}[feedback]
    assert found.correlation.sel(alternative=feedback) > found.correlation.sel(alternative=other)
    assert found.held_out.sel(alternative=feedback) > found.held_out.sel(alternative=other) > 0
    assert found.p.sel(alternative=feedback) < 0.05


def test_drift_is_told_as_neither(made):
    found = judge(made["none"])
    assert found.verdict == "inconclusive"
    assert "neither" in found.reason


@pytest.mark.parametrize("feedback", ["biased", "unbiased"])
def test_a_change_against_the_feedback_is_no_match(made, feedback):
    # The trap: an unsigned correlation would be as large, and call it a match.
    given = made[feedback]
    opposite = 2 * given.before - given.after
    found = judge(given, after=opposite)
    assert (found.correlation < 0).all()
    assert found.verdict == "inconclusive"
    assert float(abs(found.correlation).max()) > float(found.chance.sel(bound="upper").max()) * 0.8
    assert (found.held_out <= 0).all()
    assert (found.weight == 0).all()


def test_a_subject_that_learns_to_err_follows_its_feedback_backwards():
    made = simulate_bci("biased", learning_rate=-0.002, rng=1)
    assert (made.errors_after**2).sum() > (made.errors**2).sum()
    found = judge(made)
    assert found.correlation.sel(alternative="biased") < -0.2
    assert found.verdict == "inconclusive"


def test_equal_decoders_cannot_be_told_apart(made):
    given = made["biased"]
    found = judge(given, internal=given.decoder)
    assert found.verdict == "inconclusive"
    assert "too alike" in found.reason
    assert float(found.angle) == pytest.approx(0, abs=1e-4)
    assert float(found.difference) == pytest.approx(0)


def test_no_change_is_inconclusive(made):
    given = made["biased"]
    found = judge(given, after=given.before)
    assert (found.verdict, found.reason) == ("inconclusive", "activity does not change")
    assert not found.isnull().to_array().any()


def test_errors_of_the_same_trials_look_like_unbiased_feedback(made):
    # A cursor on its way but for noise that lasts a reach and regresses to the mean: nothing is learned.
    mean = made["none"].before
    size = mean.isel(time=[0]).shape
    found = []
    for rng in map(np.random.default_rng, range(6)):
        before, after, others = (mean + float(mean.std()) * rng.normal(size=size) for _ in range(3))
        errors = [(mean - noisy) @ made["none"].decoder for noisy in (before, others)]
        found.append([judge(made["none"], before=before, after=after, errors=one) for one in errors])
    shared, apart = np.mean([[one.correlation[1] for one in pair] for pair in found], axis=0)
    assert shared > 0.07
    assert abs(apart) < 0.03


def test_numbers_do_not_depend_on_how_units_targets_and_outputs_are_written(made):
    given = made["unbiased"]
    found = judge(given)
    order = np.random.default_rng(0).permutation(given.sizes["unit"])
    turn = np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]])
    shuffled = given.isel(unit=order, stimulus=slice(None, None, -1))
    flipped = {name: 3 * given[name].copy(data=turn @ given[name].values) for name in ("decoder", "internal")}
    errors = given.errors.copy(data=given.errors.values @ turn.T)
    scaled = {name: 10 * given[name] for name in ("before", "after")}
    for other in (judge(shuffled), judge(given, errors=errors, **flipped), judge(given, **scaled)):
        for name in ("correlation", "weight", "held_out", "held_out_both", "difference", "angle"):
            np.testing.assert_allclose(other[name], found[name], atol=1e-8)
        assert other.verdict == found.verdict


def test_units_and_targets_are_matched_by_name(made):
    given = made["biased"]
    other = judge(
        given, after=given.after.isel(stimulus=slice(None, None, -1)), decoder=given.decoder[:, ::-1]
    )
    assert other.drop_attrs().identical(judge(given).drop_attrs())


def test_the_result_says_what_it_is_and_survives_saving(made, tmp_path):
    found = judge(made["biased"])
    schema.check(found, "results")
    assert "Portes" in found.references
    assert io.load(io.save(found, tmp_path / "found.nc")).identical(found)
    assert judge(made["biased"], shrinkage=np.inf).correlation.notnull().all()


def test_what_does_not_fit_is_refused(made):
    given = made["biased"]
    with pytest.raises(SchemaError, match="not valid 'before': got dims"):
        judge(given, before=given.before.rename(unit="neuroid"))
    with pytest.raises(AlignmentError, match="target7"):
        judge(given, after=given.after[:7])
    with pytest.raises(SchemaError, match="no coord 'stimulus_id'"):
        judge(given, errors=given.errors.drop_vars("stimulus_id"))
    with pytest.raises(SchemaError, match="not finite: 'after'"):
        judge(given, after=given.after.where(given.after.time > 0.1))
    with pytest.raises(SchemaError, match="'stimulus' has 1, at least 3"):
        judge(given.isel(stimulus=[0]))
    with pytest.raises(SchemaError, match="'unit' has 60 in 'before'"):
        judge(given, decoder=given.decoder[:, :9].drop_vars("unit_id"))
    with pytest.raises(SchemaError, match="coords 'time' of"):
        judge(given, errors=given.errors.assign_coords(time=given.time + 1))
    with pytest.raises(RecordingError, match="'errors' is all 0"):
        judge(given, errors=0 * given.errors)
    with pytest.raises(RecordingError, match="the same for all targets"):
        judge(given, before=given.before * 0)


@pytest.mark.slow
@pytest.mark.parametrize(("feedback", "recorded"), [("biased", 1.0), ("unbiased", 1.0), ("biased", 0.5)])
def test_verdicts_are_right_or_none(feedback, recorded):
    told = Counter(judge(simulate_bci(feedback, recorded=recorded, rng=seed)).verdict for seed in range(12))
    wrong = {"biased": "unbiased", "unbiased": "biased"}[feedback]
    assert told[wrong] <= 1
    assert told[feedback] >= 5


@pytest.mark.slow
def test_drift_is_seldom_told_as_feedback():
    told = Counter(judge(simulate_bci("none", rng=seed)).verdict for seed in range(20))
    assert told["inconclusive"] >= 18

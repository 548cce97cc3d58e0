import numpy as np
import pytest
import xarray as xr
from scipy import optimize

from neurofit.errors import RecordingError, SchemaError
from neurofit.plasticity.taylor import TaylorRule, plastic_trajectories
from neurofit.plasticity.taylor._terms import activations, powers
from neurofit.plasticity.taylor._unroll import Observed, normal, unroll

OJA = {(1, 1, 0): 1.0, (0, 2, 1): -1.0}
RATE = 0.04


def from_activity(data, **options):
    rule = TaylorRule(learning_rate=RATE, initial="known", **options)
    return rule.fit(data.inputs, activity=data.activity, initial_weights=data.first_weights)


def assert_is_oja(rule):
    assert rule.terms_ == [(1, 1, 0), (0, 2, 1)]
    assert (np.abs(rule.coef_.values - [1, -1]) < 2 * rule.se_.values).all()
    # Errors that are wide enough would pass anything.
    assert (rule.se_.values < 0.2).all()


@pytest.mark.parametrize("noise", [0.5, 2.0])
@pytest.mark.parametrize("recorded", [1.0, 0.25])
def test_finds_oja_in_activity(noise, recorded):
    assert_is_oja(from_activity(plastic_trajectories(OJA, noise=noise, recorded=recorded, rng=0)))


@pytest.mark.slow
def test_errors_are_as_large_as_they_say():
    fits = [from_activity(plastic_trajectories(OJA, noise=0.5, rng=seed)) for seed in range(20)]
    assert all(fit.terms_ == list(OJA) for fit in fits)
    off = np.array([(fit.coef_.values - [1, -1]) / fit.se_.values for fit in fits])
    assert 0.85 <= (np.abs(off) < 2).mean() <= 1
    assert off.std() == pytest.approx(1, abs=0.35)


def test_noise_of_weights_does_not_bias_as_it_does_a_regression_of_changes():
    data = plastic_trajectories(OJA, noise=0.5, rng=0)
    rule = TaylorRule(learning_rate=RATE).fit(data.inputs, weights=data.weights)
    assert_is_oja(rule)
    x, y, w = data.inputs.values[..., None, :], data.activity.values[..., None], data.weights.values
    design = np.stack([(x * y)[:, :-1], (y**2 * w)[:, :-1]], axis=-1).reshape(-1, 2)
    naive, *_ = np.linalg.lstsq(design, np.diff(w, axis=1).ravel() / RATE, rcond=None)
    assert abs(naive[1] + 1) > 20 * float(rule.se_[1])


def test_activity_beside_weights_makes_errors_smaller():
    data = plastic_trajectories(OJA, units=(8, 5), noise=0.5, rng=0)
    alone, both = (
        TaylorRule(learning_rate=RATE, order=(1, 2, 1)).fit(data.inputs, weights=data.weights, **more)
        for more in ({}, {"activity": data.activity})
    )
    assert alone.terms_ == both.terms_ == list(OJA)
    assert (both.se_ < alone.se_).all()


def test_no_learning_has_no_rule():
    data = plastic_trajectories({(0, 0, 0): 0.0}, noise=0.5, rng=0)
    with pytest.warns(UserWarning, match="no term is worth its price"):
        assert from_activity(data).terms_ == []


def test_wrong_first_weights_warn_and_make_wrong_coefficients():
    data = plastic_trajectories(OJA, noise=0.5, rng=0)
    wrong = data.assign(first_weights=data.first_weights.roll(pre=1))
    with pytest.warns(UserWarning, match="initial weights that are taken as known do not fit"):
        rule = from_activity(wrong)
    assert dict(zip(rule.terms_, rule.coef_.values, strict=True)).get((1, 1, 0), 0) != pytest.approx(
        1, abs=0.1
    )


def test_fitted_first_weights_that_are_too_uncertain_are_told():
    data = plastic_trajectories(OJA, noise=2.0, rng=0)
    with pytest.warns(UserWarning, match="fitted with large errors"):
        TaylorRule(learning_rate=RATE, order=(1, 2, 1)).fit(data.inputs, activity=data.activity)


def test_what_was_not_recorded_is_not_looked_at():
    data = plastic_trajectories(OJA, units=(6, 4), noise=0.3, rng=0)
    seen = xr.DataArray([True, False, True, False], dims="post")
    junk = data.assign(activity=data.activity.where(seen, 1e3))
    fits = []
    for some in (data, junk):
        rule = TaylorRule(learning_rate=RATE, order=(1, 2, 1), initial="known")
        given = {"activity": some.activity, "initial_weights": some.first_weights}
        fits.append(rule.fit(some.inputs, recorded=seen, **given).result_)
    xr.testing.assert_identical(*fits)
    assert fits[0].standard_error[0] > 1.1 * from_activity(data, order=(1, 2, 1)).se_[0]


def test_weights_of_units_not_recorded_change_neither_rule_nor_score():
    data = plastic_trajectories(OJA, units=(6, 4), noise=0.3, rng=0)
    seen = xr.DataArray([True, False, True, False], dims="post")
    found, scores = [], []
    for some in (data, data.assign(weights=data.weights.where(seen, -1e6))):
        given = {"weights": some.weights, "initial_weights": data.first_weights, "recorded": seen}
        rule = TaylorRule(learning_rate=RATE, order=(1, 2, 1), initial="known").fit(some.inputs, **given)
        found.append(rule.result_)
        scores.append(rule.score(some.inputs, **given))
    xr.testing.assert_identical(*found)
    xr.testing.assert_identical(*scores)


def test_missing_days_of_weights_are_told_and_bridged():
    data = plastic_trajectories(OJA, units=(8, 5), noise=0.2, rng=0)
    weights = data.weights.where((data.step % 7 != 3) & (data.step != 20))
    with pytest.warns(UserWarning, match="weights are missing at 8 of 50 steps: 3, 10, 17, 20"):
        rule = TaylorRule(learning_rate=RATE, order=(1, 2, 1)).fit(data.inputs, weights=weights)
    assert rule.terms_ == list(OJA)
    np.testing.assert_allclose(rule.coef_, [1, -1], atol=0.03)


def test_binary_inputs_have_their_squares_as_aliases():
    data = plastic_trajectories(OJA, units=(6, 4), rng=0)
    inputs = (data.inputs > 0).astype(float)
    first = data.first_weights.values
    seen = Observed(
        inputs.values, np.ones(inputs.shape[:2]), *[np.empty(0)] * 2, activations["linear"], RATE, False
    )
    moments = unroll(seen, powers(OJA), np.array([1.0, -1.0]), first, of_rule=False, of_first=False)
    activity = np.stack([moment.rate for moment in moments], axis=1)
    activity += 0.1 * np.random.default_rng(0).normal(size=activity.shape)
    binary = data.assign(inputs=inputs, activity=(data.activity.dims, activity))
    with pytest.warns(UserWarning, match=r"cannot tell 'pre post' from: pre\^2 post"):
        rule = from_activity(binary, order=(2, 2, 1))
    assert rule.terms_ == list(OJA)
    assert (2, 1, 0) in rule.aliases_[(1, 1, 0)]
    assert str(rule.result_.aliases[0].item()).startswith("pre^2 post")


@pytest.mark.parametrize("activation", ["linear", "sigmoid", "tanh"])
def test_slopes_agree_with_finite_differences(activation):
    rng = np.random.default_rng(0)
    table = powers([(1, 1, 0), (0, 2, 1), (2, 0, 2)])
    theta, first = np.array([0.8, -0.5, 0.1]), rng.normal(size=(2, 3, 4)) / 2
    seen = Observed(
        rng.normal(size=(2, 6, 4)),
        np.ones((2, 6)),
        rng.normal(size=(2, 6, 3)),
        rng.normal(size=(2, 6, 3, 4)),
        activations[activation],
        0.1,
        binary=False,
    )

    def misfit(values):
        sums = normal(seen, table, values[:3], values[3:].reshape(first.shape), of_rule=False, of_first=False)
        return sums.squares.sum()

    sums = normal(seen, table, theta, first, of_rule=True, of_first=True)
    gradient = sums.gradient.sum(0)
    told = np.r_[gradient[..., :3].sum((0, 1)), gradient[..., 3:].ravel()]
    found = optimize.approx_fprime(np.r_[theta, first.ravel()], misfit, 1e-6)
    np.testing.assert_allclose(-2 * told, found, rtol=1e-3, atol=1e-4)


def test_synapses_are_put_in_their_places():
    data = plastic_trajectories(OJA, units=(4, 3), noise=0.2, rng=0)
    flat = (
        data.weights.stack(synapse=("post", "pre"))
        .reset_index("synapse")
        .isel(synapse=np.random.default_rng(0).permutation(12))
    )
    a, b = (
        TaylorRule(learning_rate=RATE, order=(1, 2, 1)).fit(data.inputs, weights=weights).coef_
        for weights in (data.weights, flat)
    )
    np.testing.assert_allclose(a, b)
    with pytest.raises(SchemaError, match="11 synapses between 4 inputs and 3 units"):
        TaylorRule().fit(data.inputs, weights=flat.isel(synapse=slice(11)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda d: {"activity": d.activity.isel(step=slice(5))},
            "'activity' has 5 along 'step' where others have 50",
        ),
        (lambda d: {"activity": d.activity.rename(post="unit")}, "dim 'unit' is not known"),
        (lambda d: {"pre": d.inputs.where(d.step > 3), "activity": d.activity}, "'pre': it has NaN"),
        (lambda d: {"choices": d.activity}, "0 and 1"),
        (lambda d: {"activity": d.activity, "reward": d.inputs[..., 0]}, "reward do not go together"),
        (lambda d: {"activity": d.activity, "initial": "known"}, "needs initial_weights="),
        (lambda d: {"activity": d.activity, "initial": "guessed"}, "called 'guessed'"),
        (lambda d: {"activity": d.activity, "order": (2, 2)}, "not an order"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    data = plastic_trajectories(OJA, units=(4, 3), trajectories=1, rng=0)
    asked = {"pre": data.inputs} | change(data)
    options = {name: asked.pop(name) for name in ("initial", "order") if name in asked}
    options |= {"activation": "sigmoid"} if "choices" in asked else {}
    with pytest.raises(SchemaError, match=message):
        TaylorRule(**options).fit(asked.pop("pre"), **asked)


def test_nothing_recorded_is_refused():
    data = plastic_trajectories(OJA, units=(4, 3), trajectories=1, rng=0)
    with pytest.raises(RecordingError, match="nothing to fit"):
        TaylorRule().fit(data.inputs, activity=data.activity, recorded=xr.DataArray([False] * 3, dims="post"))

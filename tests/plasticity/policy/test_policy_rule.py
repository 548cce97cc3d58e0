"""PolicyRule recovers what made the choices, says how sure it is, and refuses what tells nothing."""

import numpy as np
import pytest
import xarray as xr
from scipy.special import logsumexp

from neurofit import schema
from neurofit.errors import RecordingError, SchemaError, UnknownNameError
from neurofit.plasticity.policy import PolicyRule, policy_rules, simulate_choices
from neurofit.plasticity.policy._evidence import Evidence, fit
from neurofit.plasticity.policy._inputs import behaviour_of

BOX = np.array([[-9.0, -9.0, -9.0], [2.0, 2.0, 9.0]])  # parameters beyond are as unlikely


def fitted(made, kind):
    return PolicyRule(kind).fit(made.choice, rewards=made.reward, stimuli=made.stimuli)


@pytest.fixture(scope="module")
def walk():
    return simulate_choices("random_walk", walk_sd=[0.1, 0.05], trials=3000, sessions=6, rng=2)


@pytest.fixture(scope="module")
def found(walk):
    return fitted(walk, "random_walk").result_


def test_a_random_walk_is_recovered(walk, found):
    assert np.all(found.walk_sd_interval[:, 0] < [0.1, 0.05])
    assert np.all(found.walk_sd_interval[:, 1] > [0.1, 0.05])
    # Nobody does better than who knows the standard deviations.
    behaviour = behaviour_of(walk.choice, walk.reward, walk.stimuli, learns=False)
    evidence = Evidence(policy_rules["random_walk"], behaviour, 4.0, np.ones(3000))
    best = evidence.at(np.log([0.1, 0.05])).weights
    error, least = (((guess - walk.weight) ** 2).mean("trial") for guess in (found.weight, best))
    assert np.all(error < 1.1 * least)


def test_intervals_of_weights_cover_them():
    covered = []
    for seed in range(6):
        made = simulate_choices("random_walk", walk_sd=[0.1, 0.05], trials=1000, rng=seed)
        interval = fitted(made, "random_walk").result_.weight_interval
        covered.append(((interval[..., 0] < made.weight) & (made.weight < interval[..., 1])).mean().item())
    # Weights of neighbouring trials go together: some 60 independent ones, whose share varies by .03.
    assert 0.88 < np.mean(covered) < 0.99


def test_the_order_of_regressors_does_not_matter(walk, found):
    other = fitted(walk.isel(regressor=[1, 0]), "random_walk").result_.isel(regressor=[1, 0])
    xr.testing.assert_allclose(other.walk_sd, found.walk_sd, rtol=1e-2)
    np.testing.assert_allclose(other.weight, found.weight, atol=2e-2)
    np.testing.assert_allclose(other.log_evidence, found.log_evidence, atol=1e-2)


@pytest.mark.parametrize("kind", ["reinforce", "delta"])
def test_learning_rates_are_recovered(kind):
    made = simulate_choices(kind, rates=[0.05, 0.2], walk_sd=0.01, trials=2000, reversal=200, rng=1)
    rule = fitted(made, kind)
    z = (rule.rates_ - [0.05, 0.2]) / rule.result_.learning_rate_standard_error
    assert np.all(np.abs(z) < 3)
    assert np.all(rule.result_.learning_rate_standard_error < [0.05, 0.07])


def test_errors_of_a_learners_weights_allow_for_its_rates():
    """Given the rates alone, intervals cover .59 of the weights (12 animals of 2,000 trials)."""
    covered = []
    for seed in range(300, 303):
        made = simulate_choices("delta", rates=[0.1, 0.3], walk_sd=0.02, trials=1500, reversal=200, rng=seed)
        interval = fitted(made, "delta").result_.weight_interval
        covered.append(((interval[..., 0] < made.weight) & (made.weight < interval[..., 1])).mean().item())
    assert np.mean(covered) > 0.88


@pytest.mark.parametrize(("kind", "around"), [("random_walk", 1), ("reinforce", 2), ("eligibility", 3)])
def test_the_evidence_for_a_rule_is_the_integral_over_its_parameters(kind, around):
    """Laplace's approximation against a sum over a grid, with one weight."""
    made = simulate_choices(
        "reinforce", rates=0.2, regressors=["contrast"], trials=400, reversal=100, sessions=1, rng=5
    )
    behaviour = behaviour_of(made.choice, made.reward, made.stimuli, learns=True)
    evidence = Evidence(policy_rules[kind], behaviour, 4.0, np.ones(400))
    best = fit(kind, behaviour, initial_sd=4.0)
    assert len(best.values) == around
    sides = list(best.values[:, None] + best.errors[:, None] * np.linspace(-4, 4, 13))
    grid = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, around)
    inside = np.clip(grid, *BOX[:, :around])
    heights = [evidence.at(one).log_evidence + evidence.log_prior(one) for one in inside]
    cell = np.prod([side[1] - side[0] for side in sides])
    assert best.log_marginal == pytest.approx(logsumexp(heights) + np.log(cell), abs=0.35)


def test_results_say_what_they_are(found):
    schema.check(found, "results")
    assert all(array.attrs["units"] and array.attrs["long_name"] for array in found.data_vars.values())
    assert found.session_id.dims == ("trial",)


def test_rewards_are_needed_to_learn(walk):
    with pytest.raises(SchemaError, match="rewards are missing"):
        PolicyRule("reinforce").fit(walk.choice, stimuli=walk.stimuli)
    with pytest.raises(UnknownNameError, match="Did you mean 'reinforce'"):
        PolicyRule("reinforc").fit(walk.choice, stimuli=walk.stimuli)


def changed(walk, **changes):
    short = walk.isel(trial=slice(0, 200)).drop_vars("contrast")
    return short.assign(
        {name: (short[name].dims, change(short[name].values)) for name, change in changes.items()}
    )


def gap(values):
    return np.where(np.arange(200) == 12, np.nan, values)


def flat(values):
    return np.where([True, False], values, 0.0)


def doubled(values):
    return np.stack([values[:, 0], np.ones(200)], axis=1)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"choice": lambda v: v + 1}, "choices are 1, 2, not 0 and 1"),
        ({"choice": lambda v: 2 * v - 1}, "choices are -1, 1, not 0 and 1"),
        ({"choice": np.ones_like}, "same choice was made on every trial"),
        ({"choice": gap}, r"choices are missing on 1 trials \(12\)"),
        ({"reward": gap}, "rewards are missing on 1 trials"),
        ({"reward": np.ones_like}, "every reward is 1"),
        ({"stimuli": flat}, "do not vary: contrast"),
        ({"stimuli": doubled}, "do not vary: bias, contrast"),
        ({"stimuli": lambda v: v[:, :1] * np.arange(200)[:, None] * [1, 2]}, "add up to another"),
    ],
)
def test_behaviour_that_tells_nothing_is_refused(walk, changes, told):
    with pytest.raises(RecordingError, match=told):
        fitted(changed(walk, **changes), "reinforce")


def test_all_that_is_wrong_is_told_at_once(walk):
    few = changed(walk, choice=lambda v: v + 1).isel(trial=slice(0, 30))
    with pytest.raises(RecordingError, match=r"not 0 and 1.*30 trials, and 2 regressors need 40"):
        fitted(few, "reinforce")
    with pytest.raises(SchemaError, match=r"numbers of trials differ: 30 choices, 200 stimuli"):
        PolicyRule("random_walk").fit(few.choice, stimuli=walk.stimuli[:200])
    with pytest.raises(SchemaError, match=r"stimuli have dims \('trial',\)"):
        PolicyRule("random_walk").fit(walk.choice, stimuli=walk.contrast)

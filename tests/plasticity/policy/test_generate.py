"""The simulated agent: what it is made with is what it does."""

import numpy as np
import pytest

from neurofit.errors import SchemaError, UnknownNameError
from neurofit.plasticity.policy import policy_rules, simulate_choices

FURTHER = {"reinforce_baseline": 0.4, "eligibility": 0.7}


@pytest.mark.parametrize("rule", list(policy_rules))
def test_weights_without_noise_follow_the_rule_as_written_in_the_papers(rule):
    further = FURTHER.get(rule, 0.0)
    made = simulate_choices(
        rule, rates=[0.1, 0.3], walk_sd=0.0, further=further, trials=60, sessions=2, rng=1
    )
    x, w, trace = made.stimuli.values, made.weight.values, 0.0
    for t in range(59):
        y, r = made.choice.values[t], made.reward.values[t]
        p_right = 1 / (1 + np.exp(-w[t] @ x[t]))
        p_choice = p_right if y else 1 - p_right
        score = (1 if y else -1) * (1 - p_choice) * x[t]  # gradient of log P(y)
        trace = further * trace * (t != 30) + score
        change = {
            "random_walk": 0 * score,
            "reinforce": r * score,
            "reinforce_baseline": (r - further) * score,
            "delta": (r - p_choice) * (1 if y else -1) * x[t],
            "eligibility": r * trace,
        }[rule]
        np.testing.assert_allclose(w[t + 1] - w[t], np.array([0.1, 0.3]) * change, atol=1e-12)


def test_the_walk_has_the_standard_deviation_asked_for():
    made = simulate_choices("random_walk", walk_sd=[0.01, 0.2], trials=4000, rng=0)
    np.testing.assert_allclose(made.weight.diff("trial").std("trial"), [0.01, 0.2], rtol=0.05)


def test_reward_goes_to_the_side_of_the_grating():
    made = simulate_choices("reinforce", trials=300, sessions=3, rng=0)
    np.testing.assert_array_equal(made.reward, made.choice == (made.contrast > 0))
    turned = simulate_choices("reinforce", trials=300, reversal=100, rng=0)
    middle = np.arange(300) // 100 == 1
    np.testing.assert_array_equal(turned.reward, (turned.choice == (turned.contrast > 0)) ^ middle)
    assert set(made.choice.values) == {0, 1}
    assert made.session_id.values[[0, 99, 100, 299]].tolist() == ["session 0"] * 2 + [
        "session 1",
        "session 2",
    ]


def test_the_same_seed_gives_the_same_choices():
    assert simulate_choices("reinforce", trials=50, rng=3).identical(
        simulate_choices("reinforce", trials=50, rng=3)
    )


def test_what_does_not_exist_is_told():
    with pytest.raises(UnknownNameError, match="Did you mean 'reinforce'"):
        simulate_choices("reinforc", trials=5)
    with pytest.raises(SchemaError, match="no regressors called tilt"):
        simulate_choices("reinforce", regressors=["bias", "tilt"], trials=5)

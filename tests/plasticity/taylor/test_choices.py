import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import LogisticRegression

from neurofit.errors import SchemaError
from neurofit.plasticity.taylor import TaylorRule, choice_trajectories

NAIVE = xr.DataArray(np.zeros((1, 2)), dims=("post", "pre"))


def fit(data, order):
    rule = TaylorRule(order=order, learning_rate=0.2, activation="sigmoid", initial="known")
    return rule.fit(data.inputs, choices=data.choices, reward=data.reward, initial_weights=NAIVE)


@pytest.mark.parametrize("order", [(2, 0, 0, 1), (2, 2, 2, 1)])
def test_reward_rule_is_found_in_choices_and_its_alias_named(order):
    data = choice_trajectories({(1, 0, 0, 1): 1.0}, rng=0)
    with pytest.warns(UserWarning, match=r"cannot tell 'pre reward' from: pre\^2 reward"):
        rule = fit(data, order)
    assert rule.terms_ == [(1, 0, 0, 1)]
    assert rule.aliases_ == {(1, 0, 0, 1): [(2, 0, 0, 1)]}
    assert abs(float(rule.coef_[0]) - 1) < 2 * float(rule.se_[0]) < 0.2


def test_without_post_and_weight_it_is_a_logistic_regression():
    data = choice_trajectories({(1, 0, 0, 1): 1.0}, rng=1)
    rule = fit(data, (1, 0, 0, 1))
    taught = (data.inputs * data.reward).cumsum("step").shift(step=1, fill_value=0)
    column = 0.2 * (taught * data.inputs).sum("pre").values.reshape(-1, 1)
    plain = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10)
    plain.fit(column, data.choices.values.ravel())
    assert rule.terms_ == [(1, 0, 0, 1)]
    np.testing.assert_allclose(rule.coef_, plain.coef_[0], rtol=1e-3)


def test_reward_that_never_came_is_told():
    data = choice_trajectories({(1, 0, 0, 1): 0.0}, rng=0)
    with (
        pytest.warns(UserWarning, match="depends on these terms: reward, pre reward"),
        pytest.warns(UserWarning, match="no term"),
    ):
        fit(data.assign(reward=data.reward * 0), (1, 0, 0, 1))


def test_choices_need_a_probability():
    data = choice_trajectories({(1, 0, 0, 1): 1.0}, rng=0)
    with pytest.raises(SchemaError, match="activation='sigmoid'"):
        TaylorRule(order=(1, 0, 0, 1)).fit(data.inputs, choices=data.choices, reward=data.reward)

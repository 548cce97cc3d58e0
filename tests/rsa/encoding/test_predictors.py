import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from neurofit import rsa


@parametrize_with_checks([predictor() for predictor in rsa.predictors.values()])
def test_predictors_have_the_manners_of_scikit_learn(estimator, check):
    check(estimator)


def linear(stimuli, features, targets, *, noise, rng):
    rng = np.random.default_rng(rng)
    given = rng.normal(size=(stimuli, features)) * np.linspace(0.5, 5, features) + 3
    signal = (given - 3) @ rng.normal(size=(features, targets)) / np.sqrt(features)
    return given, signal + noise * rng.normal(size=signal.shape) - 7


def test_ridge_with_one_penalty_is_the_closed_form():
    features, targets = linear(30, 50, 3, noise=1, rng=0)
    fitted = rsa.RidgePredictivity(penalties=(0.3,)).fit(features, targets)
    standard = (features - features.mean(axis=0)) / features.std(axis=0)
    slopes = np.linalg.solve(standard.T @ standard + 0.3 * 50 * np.eye(50), standard.T @ targets)
    np.testing.assert_allclose(fitted.coef_.T * features.std(axis=0)[:, None], slopes, rtol=1e-8)
    independent = Ridge(0.3 * 50).fit(standard, targets).predict(standard)
    np.testing.assert_allclose(fitted.predict(features), independent, rtol=1e-8)


def test_ridge_chooses_for_each_target_the_penalty_that_predicts_left_out_stimuli_best():
    features, targets = linear(25, 40, 4, noise=np.array([0.1, 1, 3, 50]), rng=1)
    fitted = rsa.RidgePredictivity().fit(features, targets)
    standard = StandardScaler().fit_transform(features)
    penalties = np.array(rsa.RidgePredictivity().penalties)
    left_out = [
        np.square(
            targets - cross_val_predict(Ridge(40 * penalty), standard, targets, cv=KFold(len(targets)))
        ).mean(axis=0)
        for penalty in penalties
    ]
    np.testing.assert_allclose(fitted.choice_, penalties[np.argmin(left_out, axis=0)])
    scores = 1 - np.min(left_out, axis=0) / targets.var(axis=0)
    np.testing.assert_allclose(fitted.inner_score_, scores, rtol=1e-6)
    assert fitted.choice_[0] < fitted.choice_[-1]


def test_ridge_means_the_same_for_copies_of_all_features():
    features, targets = linear(30, 10, 2, noise=1, rng=2)
    once, thrice = (
        rsa.RidgePredictivity().fit(np.tile(features, copies), targets).predict(np.tile(features, copies))
        for copies in (1, 3)
    )
    np.testing.assert_allclose(once, thrice, rtol=1e-6)


@pytest.mark.parametrize("name", rsa.predictors)
def test_predictions_follow_the_units_of_features_and_targets(name):
    features, targets = linear(40, 8, 3, noise=0.5, rng=3)
    predictor = rsa.predictors[name]
    options = {"random_state": 0} if "random_state" in predictor().get_params() else {}
    gain = np.linspace(0.1, 1000, 8)
    one = predictor(**options).fit(features[:30], targets[:30]).predict(features[30:])
    other = predictor(**options).fit(gain * features[:30] - 5, 1000 * targets[:30] + 2)
    np.testing.assert_allclose(1000 * one + 2, other.predict(gain * features[30:] - 5), rtol=1e-6)


@pytest.mark.parametrize("name", rsa.predictors)
def test_inner_scores_are_not_above_zero_for_unrelated_targets(name):
    rng = np.random.default_rng(4)
    inner = [
        rsa.predictors[name]().fit(rng.normal(size=(30, 100)), rng.normal(size=(30, 20))).inner_score_.mean()
        for _ in range(5)
    ]
    # The best of several penalties is a little better than the mean by chance: its score is what chooses.
    assert np.mean(inner) < 0.05


def test_pls_finds_how_many_components_there_are():
    rng = np.random.default_rng(5)
    hidden = rng.normal(size=(200, 3))
    features = hidden @ rng.normal(size=(3, 30)) + 0.05 * rng.normal(size=(200, 30))
    targets = hidden @ rng.normal(size=(3, 10)) + 0.5 * rng.normal(size=(200, 10))
    assert set(rsa.PLSPredictivity(random_state=0).fit(features, targets).choice_) == {3}


def test_pls_predicts_the_mean_where_nothing_can_be_predicted():
    rng = np.random.default_rng(6)
    features, targets = rng.normal(size=(40, 20)), rng.normal(size=(40, 15))
    fitted = rsa.PLSPredictivity(random_state=0).fit(features, targets)
    assert set(fitted.choice_) == {0}
    np.testing.assert_allclose(fitted.predict(features[:2]), np.tile(targets.mean(axis=0), (2, 1)))


def test_pls_with_the_components_it_chose_is_that_of_scikit_learn():
    features, targets = linear(60, 12, 4, noise=1, rng=7)
    fitted = rsa.PLSPredictivity(random_state=0).fit(features, targets)
    count = int(fitted.choice_[0])
    assert 0 < count < 12
    peer = PLSRegression(count).fit(features, targets)
    np.testing.assert_allclose(fitted.predict(features), peer.predict(features), rtol=1e-6)


def test_pls_inner_errors_are_those_of_separate_fits():
    features, targets = linear(40, 6, 3, noise=1, rng=8)
    given = StandardScaler().fit_transform(features)
    wanted = StandardScaler().fit_transform(targets)
    ours = rsa.PLSPredictivity(random_state=3)._errors(given, wanted)
    folds = KFold(5, shuffle=True, random_state=np.random.RandomState(3))
    for count in range(1, 7):
        peer = cross_val_predict(PLSRegression(count, scale=False), given, wanted, cv=folds)
        folds = KFold(5, shuffle=True, random_state=np.random.RandomState(3))
        np.testing.assert_allclose(ours[count], np.square(wanted - peer).mean(axis=0), rtol=1e-6)


def test_one_to_one_finds_noisy_copies_whatever_their_gain():
    rng = np.random.default_rng(9)
    features = rng.normal(size=(100, 20)) * np.logspace(-3, 3, 20)
    own = rng.permutation(20)
    targets = features[:, own] / features[:, own].std(axis=0) + 0.3 * rng.normal(size=(100, 20))
    for predictor in (rsa.OneToOnePredictivity, rsa.AssignmentPredictivity):
        np.testing.assert_array_equal(predictor(random_state=0).fit(features, targets).choice_, own)


def test_one_to_one_is_regression_on_the_feature_that_correlates_best():
    features, targets = linear(50, 6, 4, noise=1, rng=10)
    fitted = rsa.OneToOnePredictivity(random_state=0).fit(features, targets)
    correlation = np.corrcoef(features.T, targets.T)[:6, 6:]
    np.testing.assert_array_equal(fitted.choice_, correlation.argmax(axis=0))
    for target, match in enumerate(correlation.argmax(axis=0)):
        own = features[:, [match]]
        peer = LinearRegression().fit(own, targets[:, target]).predict(own)
        np.testing.assert_allclose(fitted.predict(features)[:, target], peer)


def test_a_feature_that_runs_against_the_target_is_no_match():
    feature = np.random.default_rng(11).normal(size=(30, 1))
    fitted = rsa.OneToOnePredictivity(random_state=0).fit(feature, -feature)
    assert fitted.choice_ == -1
    np.testing.assert_allclose(fitted.predict(feature), -feature.mean())


def test_assignment_uses_each_feature_once_and_leaves_the_rest_at_their_mean():
    rng = np.random.default_rng(12)
    features = rng.normal(size=(60, 2))
    targets = features[:, [0, 0, 1]] + np.array([0.1, 1.0, 0.1]) * rng.normal(size=(60, 3))
    assert list(rsa.OneToOnePredictivity(random_state=0).fit(features, targets).choice_) == [0, 0, 1]
    fitted = rsa.AssignmentPredictivity(random_state=0).fit(features, targets)
    assert list(fitted.choice_) == [0, -1, 1]
    np.testing.assert_allclose(fitted.predict(features)[:, 1], targets[:, 1].mean())


@pytest.mark.parametrize("name", rsa.predictors)
def test_constant_features_and_targets_do_no_harm(name):
    features, targets = linear(30, 5, 2, noise=0.1, rng=13)
    given = np.column_stack([features, np.full(30, 1e6)])
    wanted = np.column_stack([targets, np.full(30, 0.1)])
    options = {"random_state": 0} if name != "ridge" else {}
    fitted = rsa.predictors[name](**options).fit(given, wanted)
    assert np.isfinite(fitted.predict(given)).all()
    np.testing.assert_allclose(fitted.predict(given)[:, 2], 0.1, rtol=1e-9)
    assert fitted.inner_score_[2] == 0

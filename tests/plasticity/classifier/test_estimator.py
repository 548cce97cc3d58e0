"""RuleClassifier has scikit-learn's manners."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from neurofit.plasticity.classifier import RuleClassifier


@parametrize_with_checks([RuleClassifier()])
def test_scikit_learn_accepts_it(estimator, check):
    check(estimator)

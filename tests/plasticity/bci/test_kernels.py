import numpy as np
import pytest
from scipy.optimize import nnls

from neurofit.plasticity.bci._kernels import (
    Moments,
    carried_errors,
    flow_change,
    held_out,
    non_negative,
    turned,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_linear_network_changes_its_flow_as_predicted(rng):
    # One update by error times presynaptic activity, written out, moves the next bin by its own equation.
    before, errors = rng.normal(size=(4, 6, 5)), rng.normal(size=(4, 6, 2))
    decoder = rng.normal(size=(2, 5))
    update = sum(np.outer(decoder.T @ errors[c, t], before[c, t - 1]) for c in range(4) for t in range(1, 6))
    flow = before[:, :-1] @ update.T
    predicted = carried_errors(before, errors) @ decoder
    np.testing.assert_allclose(predicted, flow - flow.mean(axis=0))


def test_flow_change_leaves_out_what_is_carried_on(rng):
    # x(t) = A x(t - 1) + input; a push at one bin alone is carried by A through all later ones.
    dynamics = 0.7 * np.linalg.qr(rng.normal(size=(3, 3)))[0]
    pushes = np.zeros((5, 8, 3))
    pushes[:, 2] = rng.normal(size=(5, 3))

    def run(pushed):
        x, rows = start, []
        for t in range(8):
            x = x @ dynamics.T + pushed[:, t]
            rows.append(x)
        return np.stack(rows, axis=1)

    start = rng.normal(size=(5, 3))
    before, after = run(0 * pushes), run(pushes)
    found = flow_change(before, after, 0.0)
    np.testing.assert_allclose(found, (pushes - pushes.mean(axis=0))[:, 1:], atol=1e-8)
    carried = flow_change(before, after, np.inf)
    assert abs(carried[:, 2:]).max() > 0.1


def test_flow_change_is_blind_to_a_change_of_all_targets(rng):
    before, after = rng.normal(size=(2, 4, 6, 3))
    drift = rng.normal(size=(6, 3))
    np.testing.assert_allclose(flow_change(before, after + drift, 1.0), flow_change(before, after, 1.0))


def test_correlation_is_that_of_the_arrays(rng):
    change, errors = rng.normal(size=(4, 5, 3)), rng.normal(size=(4, 5, 2))
    decoders = rng.normal(size=(7, 2, 3))
    found = Moments.of(change, errors).correlation(decoders)
    for decoder, one in zip(decoders, found, strict=True):
        prediction = (errors @ decoder).ravel()
        expected = prediction @ change.ravel() / np.linalg.norm(prediction) / np.linalg.norm(change)
        assert one == pytest.approx(expected)
    again = np.array([[2, 0, 1, 1]])
    chosen = np.repeat(np.arange(4), again[0])
    resampled = Moments.of(change, errors).correlation(decoders, weights=again)[:, 0]
    np.testing.assert_allclose(resampled, Moments.of(change[chosen], errors[chosen]).correlation(decoders))


def test_turned_decoders_keep_their_lengths_and_angles(rng):
    decoders, activity = rng.normal(size=(4, 6)), rng.normal(size=(50, 6))
    for one in turned(decoders, activity, 5, rng):
        np.testing.assert_allclose(one @ one.T, decoders @ decoders.T, atol=1e-9)


def test_turned_decoders_lie_where_activity_does(rng):
    spread = np.array([5.0, 1.0, 0.2, 0.2, 0.2, 0.2])
    found = turned(rng.normal(size=(1, 6)), rng.normal(size=(400, 6)) * spread, 500, rng)
    share = (found[:, 0] ** 2).mean(axis=0)
    assert share[0] > 3 * share[1] > 9 * share[2]


def test_non_negative_weights_agree_with_scipy(rng):
    for _ in range(50):
        predictions, change = rng.normal(size=(20, 2)) @ rng.normal(size=(2, 2)), rng.normal(size=20)
        found = non_negative(predictions.T @ predictions, predictions.T @ change)
        np.testing.assert_allclose(found, nnls(predictions, change)[0], atol=1e-9)


def test_held_out_is_one_for_the_truth_and_not_above_zero_for_its_opposite(rng):
    prediction = rng.normal(size=(5, 6, 3))
    assert held_out(2 * prediction, prediction[None]) == pytest.approx(1)
    assert held_out(-2 * prediction, prediction[None]) == 0
    # A rule that holds for some targets and is turned round for one more costs what it claims there.
    mixed = prediction * np.array([1, 1, 1, 1, -1])[:, None, None]
    assert held_out(mixed, prediction[None]) < 0.6

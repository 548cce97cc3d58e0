import numpy as np
import pytest

from neurofit import schema
from neurofit.errors import SchemaError, UnknownNameError
from neurofit.plasticity.bci import simulate_bci
from neurofit.plasticity.bci._network import LEAK, Network, Task, reinforced, run, supervised


def at_work(rng, *, trials=1, noise=0.0):
    """What passes in a network of weak recurrence, and its decoder."""
    units = 20
    network = Network(0.05 * rng.normal(size=(units, units)), rng.normal(size=(units, 3)), noise)
    task = Task(rng.normal(size=(2, 6, 2)), rng.normal(size=(2, 3))).repeated(trials)
    decoder = rng.normal(size=(2, units))
    return run(network, task, decoder, rng), decoder


def test_supervised_feedback_is_error_times_a_trace_that_leaks():
    trace, decoder = at_work(np.random.default_rng(0))
    expected = np.zeros((20, 20))
    for trial in range(2):
        eligible = np.zeros((20, 20))
        for t in range(6):
            eligible *= 1 - LEAK
            eligible += LEAK * np.outer(trace.slope[t, trial], trace.pre[t, trial])
            expected += (decoder.T @ trace.error[t, trial])[:, None] * eligible / 2
    np.testing.assert_allclose(supervised(trace, decoder), expected)


def test_reward_leads_along_the_true_decoder_on_average():
    rng = np.random.default_rng(0)
    trace, decoder = at_work(rng, trials=10_000, noise=0.05)
    by_reward = reinforced(trace, 10_000, 0.05).ravel()
    for other, least, most in ((decoder, 0.95, 1.0), (rng.normal(size=decoder.shape), -0.6, 0.6)):
        assert least < np.corrcoef(by_reward, supervised(trace, other).ravel())[0, 1] < most


@pytest.mark.parametrize("feedback", ["biased", "unbiased"])
def test_feedback_makes_errors_smaller_and_drift_does_not(feedback):
    made, drifted = simulate_bci(feedback, rng=1), simulate_bci("none", rng=1)
    late = [float((one.errors_after**2).sum() / (one.errors**2).sum()) for one in (made, drifted)]
    assert late[0] < 0.5 < late[1]


def test_decoders_are_as_far_apart_as_they_were_turned():
    made = simulate_bci("none", rotation=40, rng=0)
    for one, other in zip(made.decoder.values, made.internal.values, strict=True):
        cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
        assert np.degrees(np.arccos(cosine)) == pytest.approx(40)


def test_units_that_are_not_recorded_are_left_out():
    whole, part = (simulate_bci("none", recorded=share, rng=0) for share in (1.0, 0.25))
    assert part.sizes["unit"] == 15
    np.testing.assert_array_equal(
        part.decoder, whole.decoder.isel(unit=whole.unit_id.isin(part.unit_id).values)
    )


def test_the_result_says_what_it_is():
    made = simulate_bci("none", rng=0)
    schema.check(made, "results")
    assert made.identical(simulate_bci("none", rng=0))


def test_what_cannot_be_simulated_is_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'biased'"):
        simulate_bci("bias")
    with pytest.raises(SchemaError, match=r"targets is 1.*units is 4"):
        simulate_bci("biased", targets=1, units=4)

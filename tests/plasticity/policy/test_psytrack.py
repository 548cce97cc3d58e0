"""The random walk is recovered as well as by psytrack (Roy et al. 2021), of the same evidence."""

import numpy as np
import pytest

from neurofit.plasticity.policy import PolicyRule, simulate_choices


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the peer's own
def test_weights_are_as_near_the_truth_as_those_of_psytrack():
    psytrack = pytest.importorskip("psytrack")
    made = simulate_choices("random_walk", walk_sd=(0.05, 0.1), trials=1000, rng=7)
    ours = PolicyRule("random_walk", initial_sd=4.0).fit(made.choice, stimuli=made.stimuli)
    data = {
        "y": made.choice.values.astype(float),
        "inputs": {"contrast": made.stimuli.sel(regressor=["contrast"]).values},
    }
    hyper = {"sigInit": 4.0, "sigma": [2**-4.0] * 2, "sigDay": None}
    _, evidence, modes, _ = psytrack.hyperOpt(data, hyper, {"bias": 1, "contrast": 1}, ["sigma"])
    error, of_peer = (
        np.sqrt(((w - made.weight.values) ** 2).mean()) for w in (ours.weights_.values, modes.T)
    )
    assert error < 1.05 * of_peer
    # The prior of the standard deviations costs a little of the evidence at their mode.
    assert evidence - 2.0 < ours.log_evidence_ < evidence + 0.5

"""That bias and variance are measured where they are told to be: see ``tests/nets/test_device.py``."""

import numpy as np
import pytest

from neurofit import nets
from neurofit.nets.quality import _measure

CIRCUITS = {"xcal": {"name": "mlp", "hidden": [4], "nonlinearity": "sigmoid"}, "e_prop": "recurrent"}
TASKS = {"e_prop": "delayed_match"}


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize("rule", [name for name, make in sorted(nets.rules.items()) if make().target])
def test_estimates_and_targets_stay_where_the_weights_are(rule, monkeypatch):
    seen = set()

    def flat(params):
        seen.update(w.device.type for weights in params.values() for w in weights.values())
        return kept(params)

    kept = _measure._flat
    monkeypatch.setattr(_measure, "_flat", flat)
    found = nets.gradient_quality(
        rule, task=TASKS.get(rule, "digits"), architecture=CIRCUITS.get(rule, {"name": "mlp", "hidden": [4]}),
        step=1, batch_size=4, batches=3, draws=2, rng=0, device="meta", workers=1, progress=False,
    )  # fmt: skip
    assert seen == {"meta"}
    assert isinstance(found["cosine"].values, np.ndarray)

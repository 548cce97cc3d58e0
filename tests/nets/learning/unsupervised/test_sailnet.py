import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import draw
from neurofit.nets.material import draw_batch


def test_update_is_that_of_each_synapse_from_its_two_units():
    task, objective = nets.tasks["patches"](size=6), nets.objectives["autoencoding"]()
    stages = nets.architectures["sailnet"](task.input_shape, 36, units=5)
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    params["spikes"]["inhibition_weight"][0, 1] = 0.5
    batch = draw_batch(task.sample, 30, np.random.default_rng(0), "cpu")
    options = {"rate": 0.3, "inhibition": 2.0, "feature": 0.5, "threshold": 3.0}
    rule = nets.rules["sailnet"](**options)
    found = rule.update(stages, params, batch, objective, None, torch.Generator())["spikes"]
    count = stages[0].lin(params["spikes"], batch.inputs).numpy()
    inputs, weight = batch.inputs.flatten(1).numpy(), params["spikes"]["weight"].numpy()
    assert count.sum() > 10
    for i in range(5):
        hebb = [n[i] * (x - n[i] * weight[i]) for n, x in zip(count, inputs, strict=True)]
        np.testing.assert_allclose(found["weight"][i], -0.5 * np.mean(hebb, axis=0), atol=1e-5)
        assert found["threshold"][i].item() == pytest.approx(-3 * (count[:, i].mean() - 0.3), abs=1e-5)
        for m in range(5):
            together = 2 * ((count[:, i] * count[:, m]).mean() - 0.3**2)
            inhibits = params["spikes"]["inhibition_weight"][i, m] > 0
            expected = 0 if i == m or (together < 0 and not inhibits) else -together
            assert found["inhibition_weight"][i, m].item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
def test_units_reach_their_rate_decorrelate_and_come_to_see_gabors():
    network = nets.train(
        {"name": "patches", "size": 8},
        architecture={"name": "sailnet", "units": 64},
        rule="sailnet",
        objective="autoencoding",
        optimizer="sgd",
        steps=1000,
        batch_size=100,
        learning_rate=1.0,
        rng=0,
        progress=False,
    )
    task = nets.tasks["patches"](size=8)
    images = torch.from_numpy(task.sample(20_000, np.random.default_rng(5))[0])

    def look(net):
        count = net(images)["spikes"].numpy()
        apart = np.corrcoef(count.T)[~np.eye(64, dtype=bool)]
        gabor = nets.gabor_fit(nets.filters(net).squeeze("channel", drop=True))
        return count.mean(0), np.sqrt((apart**2).mean()), float(gabor.r2.median())

    _, correlation_before, gabor_before = look(nets.untrained(network))
    rate, correlation, gabor = look(network)
    assert rate.mean() == pytest.approx(0.05, rel=0.1)
    # Thresholds follow each batch, so that rates scatter: less, the lower the learning rate.
    assert rate.std() < 0.012
    assert correlation < 0.25 * correlation_before
    assert gabor > 0.7
    assert gabor_before < 0.3
    assert network.params["spikes"]["inhibition_weight"].min() > -(0.05**2) - 1e-6


def test_rates_must_be_positive():
    with pytest.raises(TrainingError, match="'sailnet' have to be above 0, and rate is 0.0"):
        nets.rules["sailnet"](rate=0.0)

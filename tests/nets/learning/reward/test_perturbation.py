import numpy as np
import pytest
import torch
from torch.nn import functional

from neurofit import nets
from neurofit.errors import TrainingError, UnknownNameError
from neurofit.nets import Batch, Objective, Stage
from neurofit.nets._stages import draw, readout
from neurofit.nets.circuits._build import conv, dense, identity
from neurofit.nets.learning import check


@pytest.fixture
def small(make_problem):
    """A convolutional net with pooling whose every unit and weight can be moved in turn."""
    return make_problem("conv", rng=np.random.default_rng(0), size=3, channels=(2, 2, 2), hidden=4)


def estimate(problem, rule, generator=None, **options):
    stages, params, batch, objective = problem
    return nets.rules[rule](**options).update(
        stages, params, batch, objective, None, generator or torch.Generator()
    )


def flat(params):
    return torch.cat([tensor.flatten() for weights in params.values() for tensor in weights.values()])


def relative_error(a, b):
    return float((flat(a) - flat(b)).norm() / flat(b).norm())


@pytest.mark.parametrize("rule", ["node_perturbation", "weight_perturbation"])
def test_moving_one_at_a_time_is_backprop_but_for_an_error_of_order_sigma(small, rule):
    exact = estimate(small, "backprop")
    coarse, fine = (
        relative_error(estimate(small, rule, sigma=sigma, mode="serial"), exact) for sigma in (1e-3, 1e-4)
    )
    assert fine < 1e-3
    assert coarse / fine == pytest.approx(10, rel=0.05)


def test_moving_all_at_once_averages_to_backprop_in_every_layer_of_a_convolutional_net(make_problem):
    """Each of 138 units, 128 of them places of two feature maps, has noise of its own for each example."""
    _, _, batch, objective = make_problem("mlp", rng=np.random.default_rng(0), size=1)
    stages = (
        conv("conv", 1, 2, lambda drive: functional.avg_pool2d(drive.tanh(), 2)),
        dense("readout", 32, 10, identity),
    )
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    params = {layer: {name: w.double() for name, w in weights.items()} for layer, weights in params.items()}
    repeated = Batch(batch.inputs.repeat(2000, 1, 1, 1), batch.labels.repeat(2000))
    problem, generator = (stages, params, repeated, objective), torch.Generator().manual_seed(0)
    drawn = [estimate(problem, "node_perturbation", generator, sigma=1e-3) for _ in range(20)]
    exact = estimate(problem, "backprop")
    for layer in params:
        mean = torch.stack([flat({layer: found[layer]}) for found in drawn]).mean(0)
        target = flat({layer: exact[layer]})
        assert np.corrcoef(mean, target)[0, 1] > 0.98, layer
        assert float(mean @ target / target.square().sum()) == pytest.approx(1, abs=0.1), layer


def linear_net(inputs, outputs, weight):
    stage = Stage(
        "readout",
        lambda generator: {"weight": weight},
        lambda w, x: functional.linear(x, w["weight"]),
        lambda a: a,
    )
    half_square = Objective("half", lambda task: outputs, lambda o, b: half(readout(o) - b.labels), "1")
    return (stage,), {"readout": {"weight": weight}}, half_square


def half(error):
    return error.square().sum(1) / 2


def test_noise_of_weight_perturbation_is_the_number_of_weights_plus_one_times_the_gradient():
    generator = torch.Generator().manual_seed(0)
    stages, params, objective = linear_net(6, 5, torch.randn(5, 6, generator=generator, dtype=torch.double))
    batch = Batch(torch.randn(4, 6, generator=generator).double(), torch.zeros(4, 5).double())
    problem = stages, params, batch, objective
    exact = flat(estimate(problem, "backprop"))
    drawn = torch.stack(
        [flat(estimate(problem, "weight_perturbation", generator, sigma=1e-4)) for _ in range(4000)]
    )
    # Standard errors over 4,000 draws: .09 for the mean, about 1 for the ratio.
    assert float((drawn.mean(0) - exact).norm() / exact.norm()) < 0.18
    noise = (drawn - exact).square().sum(1).mean() / exact.square().sum()
    assert float(noise) == pytest.approx(30 + 1, rel=0.1)


@pytest.mark.slow
def test_a_linear_perceptron_learns_as_fast_as_werfel_says():
    """N inputs, M outputs, one Gaussian example a step; a student that is off by D costs |D|^2 / 2.

    A step shrinks the expected square of D by 1 - 2 r <D, g> + r^2 <g^2>, at the best rate r by the share
    <D, g>^2 / (<D^2> <g^2>). For backpropagation it is 1 / (N + 2), for the others 1 / ((N + 2) (M + 2)) and
    1 / ((N + 2) (NM + 2)).
    """
    n, m, draws = 4, 3, 8_000

    def speed(rule, **options):
        generator = torch.Generator().manual_seed(0)
        update = nets.rules[rule](**options).update
        along, square = np.empty(draws), np.empty(draws)
        for trial in range(draws):
            off = torch.randn(m, n, generator=generator).double()
            off /= off.norm()
            stages, params, objective = linear_net(n, m, off)
            batch = Batch(torch.randn(1, n, generator=generator).double(), torch.zeros(1, m).double())
            found = update(stages, params, batch, objective, None, generator)["readout"]["weight"]
            along[trial], square[trial] = (off * found).sum(), found.square().sum()
        return along.mean() ** 2 / square.mean()

    backprop = speed("backprop")
    node, weight = (speed(f"{what}_perturbation", sigma=1e-4) for what in ("node", "weight"))
    assert backprop == pytest.approx(1 / (n + 2), rel=0.1)
    assert backprop / node == pytest.approx(m + 2, rel=0.1)
    assert node / weight == pytest.approx((n * m + 2) / (m + 2), rel=0.1)


def test_pairs_share_a_cost_and_each_input_gets_its_own_credit(make_problem):
    stages, params, batch, _ = make_problem("mlp", rng=np.random.default_rng(0), size=3, hidden=(4,))

    def difference(outputs, batch):
        first, second = readout(outputs).chunk(2)
        return half(first - 2 * second)

    objective = Objective("difference", lambda task: 10, difference, "1", pairs=True)

    def paired(times):
        first = batch.inputs.repeat(times, 1, 1, 1)
        return stages, params, Batch(torch.cat([first, first.flip(3)]), batch.labels.repeat(times)), objective

    exact = estimate(paired(1), "backprop")
    serial = estimate(paired(1), "node_perturbation", sigma=1e-5, mode="serial")
    assert relative_error(serial, exact) < 1e-3
    parallel = estimate(paired(2000), "node_perturbation", torch.Generator().manual_seed(0), sigma=1e-3)
    assert np.corrcoef(flat(parallel), flat(exact))[0, 1] > 0.98


def test_the_same_generator_perturbs_in_the_same_way(small):
    for rule in ("node_perturbation", "weight_perturbation"):
        first, again, other = (
            flat(estimate(small, rule, torch.Generator().manual_seed(seed))) for seed in (0, 0, 1)
        )
        assert torch.equal(first, again)
        assert not torch.equal(first, other)


def test_costs_that_cannot_be_told_apart_are_refused(small):
    stages, _, _, _ = small
    common = Objective("contrast", lambda task: 10, lambda o, b: half(readout(o)), "1", separable=False)
    own = Objective("own", lambda task: 10, lambda o, b: half(readout(o)), "1", local=True)
    with pytest.raises(TrainingError, match="'contrast' compares examples.*weight_perturbation"):
        check(nets.rules["node_perturbation"](), stages, common)
    for rule in ("node_perturbation", "weight_perturbation"):
        with pytest.raises(TrainingError, match="'own' gives each layer a cost of its own.*backprop"):
            check(nets.rules[rule](), stages, own)


def test_a_perturbation_needs_a_size_and_a_mode_that_exists():
    with pytest.raises(TrainingError, match="above 0, and sigma is 0"):
        nets.rules["node_perturbation"](sigma=0)
    with pytest.raises(
        UnknownNameError, match="no mode of 'weight_perturbation' called 'serially'.*'serial'"
    ):
        nets.rules["weight_perturbation"](mode="serially")


def test_networks_learn_by_node_perturbation():
    options = {"rule": "node_perturbation", "learning_rate": 0.01, "rng": 0, "progress": False}
    network = nets.train("digits", architecture={"name": "mlp", "hidden": []}, **options)
    assert network.history.accuracy[-1] > 0.8

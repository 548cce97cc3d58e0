import numpy as np
import pytest
import torch
from sklearn.linear_model import Lasso

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import draw


def layer(architecture, inputs=6, **options):
    """The layer that codes, and its weights in double precision."""
    stage, _ = nets.architectures[architecture]((inputs,), 1, **options)
    weights = draw((stage,), torch.Generator().manual_seed(0), "cpu")[stage.name]
    return stage, {name: w.double() for name, w in weights.items()}


def normal(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_competition_comes_to_rest_at_the_lasso():
    stage, weights = layer("sparse", inputs=24, units=30, threshold=1.0, settling=3000)
    inputs = 2 * normal(8, 24)
    code = stage.post(stage.lin(weights, inputs))
    features = (weights["weight"] / weights["weight"].norm(dim=1, keepdim=True)).T.numpy()
    lasso = Lasso(alpha=1 / 24, fit_intercept=False, tol=1e-10, max_iter=100_000)
    exact = np.array([lasso.fit(features, x).coef_ for x in inputs.numpy()])
    np.testing.assert_allclose(code, exact, atol=1e-6)
    assert 0 < (code != 0).double().mean() < 0.6


def test_length_of_the_weights_does_not_matter_to_a_sparse_code():
    stage, weights = layer("sparse")
    longer = {"weight": weights["weight"] * torch.arange(1, 101)[:, None]}
    torch.testing.assert_close(stage.lin(longer, normal(3, 6)), stage.lin(weights, normal(3, 6)))


@pytest.mark.parametrize("drive", [-3.0, 1.9, 2.1, 3.0, 8.0])
def test_a_unit_alone_spikes_each_time_its_leaky_potential_reaches_the_threshold(drive):
    stage, weights = layer("sailnet", inputs=1, units=1, settling=60)
    weights["weight"] = torch.ones(1, 1).double()
    potential = drive * (1 - 0.9 ** np.arange(1, 61))
    interval = int(np.argmax(potential > 2)) + 1 if (potential > 2).any() else 61
    assert stage.lin(weights, torch.tensor([[drive]]).double()).item() == 60 // interval


def test_only_positive_weights_between_units_inhibit():
    stage, weights = layer("sailnet", units=2)
    inputs = 20 * normal(50, 6)
    alone = stage.lin(weights, inputs)

    def count(inhibition):
        return stage.lin({**weights, "inhibition_weight": torch.tensor(inhibition).double()}, inputs)

    torch.testing.assert_close(count([[9.0, -1.0], [-1.0, 9.0]]), alone)
    inhibited = count([[0.0, 50.0], [0.0, 0.0]])  # the second unit inhibits the first
    torch.testing.assert_close(inhibited[:, 1], alone[:, 1])
    assert (inhibited[:, 0] <= alone[:, 0]).all()
    assert inhibited[:, 0].sum() < 0.9 * alone[:, 0].sum()


def test_the_nearest_unit_of_a_map_wins():
    stage, weights = layer("map", side=3)
    inputs = normal(40, 6)
    distance = torch.cdist(inputs, weights["weight"])
    drive = stage.lin(weights, inputs)
    torch.testing.assert_close(drive, -distance.square() / 2)
    share = stage.post(drive)
    assert torch.equal(share.argmax(1), distance.argmin(1))
    torch.testing.assert_close(share.sum(1), torch.ones(40).double())


def test_components_start_orthonormal():
    _, weights = layer("linear", inputs=9, units=4)
    torch.testing.assert_close(
        weights["weight"] @ weights["weight"].T, torch.eye(4).double(), atol=1e-6, rtol=0
    )


def test_a_quadratic_expansion_has_every_monomial_once():
    stage, weights = layer("linear", inputs=3, expansion="quadratic")
    x = torch.tensor([[2.0, 3.0, 5.0]]).double()
    each = {"weight": torch.eye(9).double(), "bias": torch.zeros(9).double()}
    assert weights["weight"].shape == (3, 9)
    assert stage.lin(each, x)[0].tolist() == [2, 3, 5, 4, 6, 10, 9, 15, 25]
    with pytest.raises(TrainingError, match="'none' or 'quadratic', not 'cubic'"):
        layer("linear", expansion="cubic")

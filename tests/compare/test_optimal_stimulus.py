"""Known optima are found; limits hold; no natural stimulus drives a unit more."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
import torch
import xarray as xr

import neurofit as nf
from neurofit import compare
from neurofit.compare.optimal._ascent import project, roughness
from neurofit.compare.optimal._limits import Limits
from neurofit.errors import SchemaError, UnknownNameError

SHAPE = (1, 4, 4)
PIXELS = 16


def optimal(network, readout, natural, **options):
    return compare.optimal_stimulus(network, readout, natural, **{"rng": 0, "progress": False, **options})


def images(n=20, *, shape=SHAPE, seed=0):
    values = np.random.default_rng(seed).normal(size=(n, *shape))
    coords = {"stimulus_id": ("stimulus", [f"image{index}" for index in range(n)])}
    return xr.DataArray(values, coords, ("stimulus", "channel", "y", "x"))


def network_of(weight, *, hidden=None, square=False):
    """One linear layer; or squared filters ``hidden`` that are then summed with ``weight``."""
    made = nf.nets.train("digits", steps=0, rng=0, progress=False)
    options = {"hidden": (len(hidden),), "nonlinearity": "square"} if square else {"hidden": ()}
    stages = nf.nets.architectures["mlp"](SHAPE, len(weight), **options)
    layers = {"hidden1": hidden} if square else {}
    params = {
        name: {"weight": torch.tensor(matrix), "bias": torch.zeros(len(matrix), dtype=torch.float64)}
        for name, matrix in {**layers, "readout": weight}.items()
    }
    recipe = {**made.recipe, "input_shape": list(SHAPE)}
    return replace(made, stages=stages, snapshots=(params,), recipe=recipe)


def flat(found):
    return found["stimulus"].values.ravel()


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def largest_norm(natural):
    return np.linalg.norm(natural.values.reshape(len(natural), -1), axis=1).max()


@pytest.fixture(scope="module")
def digits_net():
    return nf.nets.train("digits", architecture="conv", steps=60, rng=0, progress=False)


@pytest.fixture(scope="module")
def digits():
    return nf.nets.tasks["digits"]().stimuli()


def test_under_a_norm_the_optimum_of_a_linear_unit_is_its_weight_vector():
    weight = np.random.default_rng(1).normal(size=(2, PIXELS))
    natural = images()
    found = optimal(network_of(weight), "readout/0001", natural, constraint="norm")
    assert cosine(flat(found), weight[1]) > 1 - 1e-6
    best = np.linalg.norm(weight[1]) * largest_norm(natural)
    assert found["response"].item() == pytest.approx(best)
    shown = natural.values.reshape(len(natural), -1) @ weight[1]
    assert found["gain"].item() == pytest.approx(best / shown.max())
    assert found.attrs["best_natural"] == f"image{shown.argmax()}"
    assert found["agreement"] == 1
    assert found["residual"] < 1e-3


def test_under_a_norm_the_optimum_of_an_energy_unit_is_the_leading_eigenvector():
    filters = np.random.default_rng(2).normal(size=(6, PIXELS))
    natural = images()
    network = network_of(np.ones((1, 6)), hidden=filters, square=True)
    found = optimal(network, "readout/0000", natural, constraint="norm")
    values, vectors = np.linalg.eigh(filters.T @ filters)
    assert abs(cosine(flat(found), vectors[:, -1])) > 1 - 1e-4
    assert found["response"].item() == pytest.approx(values[-1] * largest_norm(natural) ** 2, rel=1e-4)


def test_within_a_range_the_optimum_of_a_linear_unit_is_a_corner():
    weight = np.random.default_rng(3).normal(size=(1, PIXELS))
    natural = images()
    found = optimal(network_of(weight), "readout/0000", natural, constraint="range")
    low, high = natural.values.min(), natural.values.max()
    np.testing.assert_allclose(flat(found), np.where(weight[0] > 0, high, low))


def test_within_both_the_optimum_of_a_linear_unit_is_that_of_scipy():
    weight = np.random.default_rng(4).normal(size=PIXELS) ** 3
    natural = images().clip(-1, 1.5)
    found = optimal(network_of(weight[None]), "readout/0000", natural)
    norm = largest_norm(natural)
    limits = {"type": "ineq", "fun": lambda x: norm**2 - x @ x, "jac": lambda x: -2 * x}
    best = scipy.optimize.minimize(
        lambda x: -weight @ x, np.zeros(PIXELS), jac=lambda x: -weight, bounds=[(-1, 1.5)] * PIXELS,
        constraints=limits, options={"ftol": 1e-12},
    )  # fmt: skip
    assert found["response"].item() == pytest.approx(-best.fun, rel=1e-4)


@pytest.mark.parametrize("limits", [Limits(-0.5, 1.0, 2.0), Limits(0.2, 1.0, 1.5), Limits(-1.0, 1.0, np.inf)])
def test_projection_is_the_nearest_stimulus_within_the_limits(limits):
    given = 2 * np.random.default_rng(5).normal(size=PIXELS)
    found = project(torch.tensor(given).reshape(1, *SHAPE), limits).numpy().ravel()
    ball = {"type": "ineq", "fun": lambda x: min(limits.norm, 1e3) ** 2 - x @ x, "jac": lambda x: -2 * x}
    best = scipy.optimize.minimize(
        lambda x: ((x - given) ** 2).sum(), np.full(PIXELS, 0.3), jac=lambda x: 2 * (x - given),
        bounds=[limits[:2]] * PIXELS, constraints=ball, options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    np.testing.assert_allclose(found, best.x, atol=1e-5)


@pytest.mark.parametrize("unit", ["conv1/0003", "dense/0010", "readout/0007"])
def test_no_natural_stimulus_drives_a_unit_of_a_network_more(digits_net, digits, unit):
    found = optimal(digits_net, unit, digits, steps=100)
    activations = nf.nets.activations(digits_net, digits, layers=[unit.split("/")[0]])
    natural = activations.values[:, activations["unit_id"].values == unit].max()
    assert found["natural_response"].item() == pytest.approx(natural, rel=1e-5)
    assert found["response"] > 1.1 * natural
    low, high = digits.values.min(), digits.values.max()
    assert (found["stimulus"].min() >= low - 1e-6) & (found["stimulus"].max() <= high + 1e-6)
    assert np.linalg.norm(flat(found)) <= largest_norm(digits) * (1 + 1e-5)
    shown = found["stimulus"].expand_dims(stimulus=1).assign_coords(stimulus_id=("stimulus", ["best"]))
    again = nf.nets.activations(digits_net, shown.astype("float32"), layers=[unit.split("/")[0]])
    assert again.values[0, again["unit_id"].values == unit] == pytest.approx(
        found["response"].item(), rel=1e-5
    )


def test_without_random_starts_the_ascent_begins_at_the_best_natural_stimulus(digits_net, digits):
    found = optimal(digits_net, "dense/0010", digits, starts=0, steps=5)
    assert found["objective"].isel(draw=0, step=0).item() == pytest.approx(found["natural_response"].item())
    assert (found["objective"].diff("step") >= 0).all()


def test_a_smoother_stimulus_costs_response(digits_net, digits):
    sharp, soft = (
        optimal(digits_net, "readout/0002", digits, smoothness=weight, steps=100) for weight in (0.0, 0.05)
    )
    rough = [roughness(torch.tensor(found["stimulus"].values[None])).item() for found in (sharp, soft)]
    assert rough[1] < 0.7 * rough[0]
    assert soft["response"] < sharp["response"]


def test_roughness_sums_squared_differences_of_neighbours():
    assert roughness(torch.tensor([[[[0.0, 1.0], [3.0, 3.0]]]])).item() == 1 + 0 + 9 + 4


def test_an_area_is_driven_through_a_network_fitted_to_its_responses(digits_net, digits):
    rng = np.random.default_rng(6)
    dense = nf.nets.activations(digits_net, digits, layers=["dense"])
    mixture = rng.normal(size=(dense.sizes["unit"], 3)) / 8
    coords = {"stimulus_id": dense["stimulus_id"], "area": ("unit", ["IT"] * 3)}
    responses = xr.DataArray(5 + dense.values @ mixture, coords, ("stimulus", "unit"), attrs={"units": "Hz"})
    fitted = compare.fit_readout(dense, responses, penalties=[1e-6])
    assert fitted["area_b"].values.tolist() == ["IT"] * 3
    assert (fitted["predictivity"] > 0.8).all()
    found = optimal(digits_net, fitted.mean("unit_b"), digits, steps=100)
    natural = responses.mean("unit")
    assert found["natural_response"].item() == pytest.approx(natural.max().item(), rel=1e-3)
    shown = found["stimulus"].expand_dims(stimulus=1).assign_coords(stimulus_id=("stimulus", ["best"]))
    dense_best = nf.nets.activations(digits_net, shown.astype("float32"), layers=["dense"])
    # What the simulated neurons would do, which the fit from 60 stimuli knows in part.
    assert (5 + dense_best.values @ mixture).mean() > natural.max()
    assert found["response"].attrs["units"] == "Hz"
    assert found["gain"] > 1


def test_the_same_seed_gives_the_same_stimulus_and_results_survive_saving(digits_net, digits, tmp_path):
    one, again = (optimal(digits_net, "dense/0001", digits, starts=2, steps=5) for _ in range(2))
    assert one.identical(again)
    nf.schema.check(one, "results")
    for array in one.data_vars.values():
        assert array.attrs["units"]
        assert array.attrs["long_name"]
    assert nf.io.load(nf.io.save(one, tmp_path / "best.nc")).identical(one)
    assert "Bashivan" in nf.cite(one)
    assert one["stimulus"].dims == ("channel", "y", "x")


def test_a_gain_over_no_response_is_nan():
    network = network_of(np.ones((1, PIXELS)))
    found = optimal(network, "readout/0000", -np.abs(images()), constraint="norm")
    assert np.isnan(found["gain"])
    assert found["difference"] > 0


def test_what_cannot_be_driven_is_told(digits_net, digits):
    with pytest.raises(UnknownNameError, match="no layer called 'dens'. Did you mean 'dense'"):
        optimal(digits_net, "dens/0001", digits)
    with pytest.raises(UnknownNameError, match="'dense' has dense/0000 to dense/0063"):
        optimal(digits_net, "dense/0064", digits)
    with pytest.raises(UnknownNameError, match="no constraint called 'norms'"):
        optimal(digits_net, "dense/0001", digits, constraint="norms")
    with pytest.raises(SchemaError, match="images of"):
        optimal(digits_net, "dense/0001", digits[..., :4])
    with pytest.raises(SchemaError, match="NaN or infinite pixels in digit0_1"):
        optimal(digits_net, "dense/0001", digits.where(digits["stimulus_id"] != "digit0_1"))
    with pytest.raises(SchemaError, match="all blank"):
        optimal(digits_net, "dense/0001", 0 * digits)
    with pytest.raises(SchemaError, match="starts, steps, smoothness are 8, 0"):
        optimal(digits_net, "dense/0001", digits, steps=0)
    dense = nf.nets.activations(digits_net, digits, layers=["dense"])
    fitted = compare.fit_readout(dense, dense[:, :2])
    with pytest.raises(SchemaError, match=r"readout.isel\(unit_b=0\)"):
        optimal(digits_net, fitted, digits)
    with pytest.raises(SchemaError, match="all zero"):
        optimal(digits_net, 0 * fitted.isel(unit_b=0), digits)

import numpy as np
import pytest
import torch
import xarray as xr

from neurofit import io, schema
from neurofit.errors import SchemaError
from neurofit.fields.closed import closed_field
from neurofit.fields.probes import probe
from neurofit.fields.probes._kernels import Drawn, Known, basis, parts

NAMES = ("gradient_share", "divergence", "curl_norm", "reciprocity")


def matrix(n=60, rank=None, seed=0):
    rng = np.random.default_rng(seed)
    if rank is None:
        return rng.normal(size=(n, n)) / np.sqrt(n) - 2 * np.eye(n)
    return rng.normal(size=(n, rank)) @ rng.normal(size=(rank, n)) / n


def truth(jacobian):
    symmetric, other = (jacobian + jacobian.T) / 2, (jacobian - jacobian.T) / 2
    diagonal = (np.diag(jacobian) ** 2).sum()
    return {
        "gradient_share": (symmetric**2).sum() / (jacobian**2).sum(),
        "divergence": np.trace(jacobian),
        "curl_norm": np.sqrt(2) * np.linalg.norm(other),
        "reciprocity": ((jacobian * jacobian.T).sum() - diagonal) / ((jacobian**2).sum() - diagonal),
    }


def linear(jacobian):
    tensor = torch.from_numpy(jacobian)
    return lambda w: tensor @ w


def cubic(w):
    """A double well, in each weight, beside a rotation of pairs."""
    return w - w**3 + 0.5 * torch.stack([-w[1::2], w[::2]], dim=1).flatten()


def test_few_synapses_are_told_exactly():
    w = np.random.default_rng(0).normal(size=10)
    field = closed_field("double_well", synapses=10, rotation=0.5)
    exact = truth(field.jacobian(w))
    # A closed field takes arrays, so that its slopes are finite differences; the other takes tensors.
    for rule, tolerance in ((cubic, 1e-12), (field, 1e-7)):
        found = probe(rule, w, draws=10, rng=0)
        for name, value in exact.items():
            assert float(found[name]) == pytest.approx(value, rel=tolerance)
            np.testing.assert_allclose(found[f"{name}_interval"], value, rtol=tolerance)
        np.testing.assert_allclose(found.drift, field(w))
    assert "finite differences" in found.reason


@pytest.mark.parametrize(("way", "draws"), [("torch", 20), ("differences", 6)])
def test_squares_and_traces_are_unbiased(way, draws):
    jacobian = matrix(30)
    rule = linear(jacobian)
    seen = rule if way == "torch" else lambda w: rule(torch.as_tensor(w)).numpy()
    found = [probe(seen, np.zeros(30), draws=draws, rng=seed) for seed in range(200)]
    exact = truth(jacobian)
    for values, goal in (
        ([float(one.jacobian_norm) ** 2 for one in found], (jacobian**2).sum()),
        ([float(one.divergence) for one in found], exact["divergence"]),
    ):
        assert abs(np.mean(values) - goal) < 3.5 * np.std(values) / np.sqrt(len(values))


def test_pairs_of_different_vectors_take_the_bias_away():
    # The trap: a product of one vector with itself has its own noise squared in it.
    jacobian, rng = matrix(30) + 2 * np.eye(30), np.random.default_rng(0)
    nothing = Known.of(*np.zeros((3, 0, 30)))
    right, naive = [], []
    for _ in range(300):
        signs = rng.choice([-1.0, 1.0], size=(6, 30))
        drawn = Drawn.forth(signs, signs @ jacobian.T)
        found = parts(nothing, drawn)
        right.append([found.symmetric - found.antisymmetric, found.diagonal])
        naive.append([np.diag(drawn.crossed).mean(), np.diag(drawn.gram).mean()])
    exact = np.array([(jacobian * jacobian.T).sum(), (np.diag(jacobian) ** 2).sum()])
    error = np.std(right, axis=0) / np.sqrt(len(right))
    assert (abs(np.mean(right, axis=0) - exact) < 3.5 * error).all()
    assert (abs(np.mean(naive, axis=0) - exact) > 5 * error).all()


def test_what_a_basis_tells_and_the_rest_are_the_whole():
    jacobian, rng = matrix(12), np.random.default_rng(1)
    rows = basis(rng.normal(size=(5, 12)))
    known = Known.of(rows, rows @ jacobian.T, rows @ jacobian)
    # All 2^12 vectors of signs have the exact mean.
    signs = np.stack(np.meshgrid(*[[-1.0, 1.0]] * 12, indexing="ij"), axis=-1).reshape(-1, 12)
    outside = known.without(signs)
    drawn = Drawn.both(known, signs, outside @ jacobian.T, outside @ jacobian)
    found, exact = parts(known, drawn), truth(jacobian)
    assert found.symmetric / (found.symmetric + found.antisymmetric) == pytest.approx(exact["gradient_share"])
    assert found.trace == pytest.approx(exact["divergence"])
    diagonal = known.diagonal + (signs * known.without(outside @ jacobian.T)).mean(axis=0)
    np.testing.assert_allclose(diagonal, np.diag(jacobian), atol=1e-12)


def test_few_strong_directions_are_found_exactly():
    # Plain random vectors are off by sqrt(2 / (rank x draws)), some 8 %.
    found = probe(linear(matrix(200, rank=8)), np.zeros(200), draws=40, rng=0)
    for name, value in truth(matrix(200, rank=8)).items():
        assert float(found[name]) == pytest.approx(value, rel=1e-6), name


def test_intervals_hold_the_truth_and_shrink():
    jacobian = matrix(100, rank=30) + 0.1 * matrix(100)
    held, width = {name: [] for name in NAMES}, {}
    for draws in (12, 60):
        for seed in range(60):
            found = probe(linear(jacobian), np.zeros(100), draws=draws, rng=seed)
            for name, value in truth(jacobian).items():
                low, high = found[f"{name}_interval"].values
                held[name].append(low <= value <= high)
        width[draws] = high - low
    assert all(np.mean(values) > 0.88 for values in held.values())
    assert width[60] < width[12] / 2


def test_a_gradient_is_told_even_where_its_divergence_is_0():
    field = closed_field("saddle", synapses=50, rng=0)
    found = probe(linear(field.matrix), np.zeros(50), draws=20, rng=0)
    assert float(found.gradient_share) == pytest.approx(1)
    assert found.gradient_share_null == pytest.approx(51 / 100)
    low, high = found.divergence_interval.values
    assert low <= 0 <= high


def test_a_rule_that_leaves_the_record_is_differentiated_otherwise():
    # The trap: torch would take what is detached for constant, and a decay for all of the field.
    jacobian = matrix(30)

    def detached(w):
        return torch.from_numpy(jacobian + np.eye(30)) @ w.detach() - w

    found = probe(detached, np.ones(30), draws=30, rng=0)
    assert "not its slope" in found.reason
    assert float(found.divergence) == pytest.approx(np.trace(jacobian), rel=1e-6)


def test_a_rule_that_does_not_depend_on_weights_has_nothing_to_tell():
    found = probe(torch.ones_like, np.zeros(60), rng=0)
    assert not found.identified
    assert "does not depend on weights" in found.reason
    assert np.isnan(found.gradient_share)
    assert probe(cubic, np.zeros(60), rng=0).identified


def test_weights_keep_their_names_and_the_result_survives_saving(tmp_path):
    coords = {"layer": ("synapse", ["hidden"] * 4 + ["readout"] * 2)}
    w = xr.DataArray(np.arange(6.0), coords, "synapse")
    found = probe(cubic, w, rng=0)
    assert found.drift.layer.values.tolist() == w.layer.values.tolist()
    schema.check(found, "results")
    assert "Hutchinson" in found.references
    assert io.load(io.save(found, tmp_path / "found.nc")).identical(found)
    assert found.identical(probe(cubic, w, rng=0))
    tensor = torch.arange(6.0, requires_grad=True)
    assert found.drop_vars("layer").identical(probe(cubic, tensor, rng=0))


def test_what_does_not_fit_is_refused():
    with pytest.raises(SchemaError, match=r"gives \(3,\) for weights \(6,\)"):
        probe(lambda w: w[:3], np.ones(6))
    with pytest.raises(SchemaError, match="6 changes that are not finite"):
        probe(lambda w: w / 0, np.ones(6))
    with pytest.raises(
        SchemaError, match="w has entries that are not finite; draws must be 4 or more, not 1"
    ):
        probe(cubic, [np.nan, 1.0], draws=1)
    with pytest.raises(SchemaError, match="has to be a row"):
        probe(cubic, np.ones((2, 2)))
    with pytest.raises(SchemaError, match="neither with a tensor in double precision"):
        probe(lambda w: torch.ones(6) @ w, np.ones(6))

import numpy as np
import pytest
import xarray as xr

from neurofit import io, schema
from neurofit.errors import RecordingError, SchemaError
from neurofit.fields.metric import in_metric, log_weights

DIMS = ("synapse", "synapse_b")


def labelled(matrix):
    return xr.DataArray(np.asarray(matrix, float), dims=DIMS)


@pytest.fixture
def field():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(4, 4)) + 2 * np.eye(4)
    half = rng.normal(size=(4, 4))
    metric = root.T @ root
    return np.linalg.solve(metric, half + half.T), metric


def test_a_field_is_a_gradient_in_its_own_metric(field):
    jacobian, metric = field
    found = in_metric(labelled(jacobian), labelled(metric))
    assert float(found.gradient_share) == pytest.approx(1.0)
    assert float(found.curl_norm) == pytest.approx(0.0, abs=1e-6)
    usual = in_metric(labelled(jacobian), labelled(np.eye(4)))
    assert float(usual.gradient_share) < 0.99
    assert usual.jacobian.values == pytest.approx(jacobian)
    assert float(usual.curl_norm) == pytest.approx(np.linalg.norm(jacobian - jacobian.T) / np.sqrt(2))


def test_divergence_and_spectrum_are_the_same_in_all_metrics(field):
    jacobian, metric = field
    found = in_metric(labelled(jacobian), labelled(metric))
    assert float(found.divergence) == pytest.approx(np.trace(jacobian))
    assert np.sort(np.linalg.eigvals(found.jacobian.values)) == pytest.approx(
        np.sort(np.linalg.eigvals(jacobian).real)
    )


def test_the_scale_of_a_metric_does_not_matter(field):
    jacobian, metric = field
    one, other = (in_metric(labelled(jacobian), labelled(scale * metric)) for scale in (1.0, 50.0))
    assert one.jacobian.values == pytest.approx(other.jacobian.values)


def test_logarithms_make_proportional_growth_constant():
    w = xr.DataArray(np.exp(np.linspace(-2, 3, 12)), dims="synapse")
    found = log_weights(w, 0.5 * w)
    assert found.changes.values == pytest.approx(np.log(1.5))
    assert abs(0.5 - np.log(1.5)) > 0.09  # the trap: dw / w
    assert (found.weights + found.changes).values == pytest.approx(np.log(1.5 * w.values))


def test_steps_of_logarithms_add_up():
    walk = np.exp(np.random.default_rng(1).normal(size=(30, 3)).cumsum(axis=0))
    w = xr.DataArray(walk[:-1], dims=("session_index", "synapse"))
    found = log_weights(w, xr.DataArray(np.diff(walk, axis=0), dims=w.dims))
    assert found.changes.sum("session_index").values == pytest.approx(np.log(walk[-1] / walk[0]))


def test_weights_that_vanish_or_turn_are_left_out(tmp_path):
    w = xr.DataArray([1.0, 2.0, 0.0, -1.0, np.nan], dims="synapse")
    found = log_weights(w, xr.DataArray([1.0, -2.0, 1.0, 3.0, 1.0], dims="synapse"))
    assert np.isfinite(found.changes).values.tolist() == [True, False, False, False, False]
    assert int(found.left_out) == 3
    assert io.load(io.save(found, tmp_path / "found.nc")).identical(found)
    with pytest.raises(RecordingError, match="no weight has a logarithm"):
        log_weights(w[2:3], w[2:3])


def test_result_survives_saving(field, tmp_path):
    found = in_metric(*map(labelled, field))
    assert io.load(io.save(found, tmp_path / "found.nc")).identical(found)
    schema.check(found, "results")


def test_wrong_input_is_told(field):
    jacobian, metric = map(labelled, field)
    with pytest.raises(SchemaError, match="least eigenvalue is -"):
        in_metric(jacobian, -metric)
    with pytest.raises(SchemaError, match="not symmetric"):
        in_metric(jacobian, jacobian)
    with pytest.raises(SchemaError, match="for 4 synapses"):
        in_metric(jacobian, xr.DataArray(np.ones(3), dims="synapse"))
    with pytest.raises(SchemaError, match="one Jacobian at a time"):
        in_metric(jacobian.expand_dims("draw"), metric)
    with pytest.raises(SchemaError, match="differ in 'synapse'"):
        in_metric(
            jacobian.assign_coords(synapse=list("abcd")),
            xr.DataArray(np.ones(4), dims="synapse", coords={"synapse": list("abdc")}),
        )
    with pytest.raises(SchemaError, match="both have to have the same"):
        log_weights(jacobian, jacobian[0])

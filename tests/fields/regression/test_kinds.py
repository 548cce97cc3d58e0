import numpy as np
import pytest
from field_worlds import labelled, noisy, waves

from neurofit.errors import RecordingError, UnknownNameError
from neurofit.fields.regression import field_kinds, fit
from neurofit.fields.regression._gaussian import rotational

KINDS = ["full", "curl_free", "divergence_free"]


def slopes_by_differences(function, w, step):
    """Sixth-order central differences along the last axis of w, on a new last axis."""
    weights = {1: 45 / 60, 2: -9 / 60, 3: 1 / 60}
    columns = []
    for synapse in range(w.shape[1]):
        move = np.zeros(w.shape[1])
        move[synapse] = step
        parts = [
            weight * (function(w + far * move) - function(w - far * move)) for far, weight in weights.items()
        ]
        columns.append(sum(parts) / step)
    return np.stack(columns, axis=-1)


@pytest.fixture(scope="module", params=[2, 4])
def fields(request):
    rng = np.random.default_rng(request.param)
    truth, _ = waves(request.param, 1.5, rng=rng)
    w = rng.normal(size=(120, request.param))
    dw = noisy(truth(w), 0.1, rng)
    return w, {
        kind: fit(labelled(w), labelled(dw), kind=kind, method="nystroem", centres=40) for kind in KINDS
    }


@pytest.mark.parametrize("kind", KINDS)
def test_jacobian_agrees_with_differences(fields, kind):
    w, found = fields
    given = found[kind].jacobian(w)
    # Far enough for rounding, near enough for the sixth order.
    expected = slopes_by_differences(found[kind], w, 0.03 * found[kind].attrs["length_scale"])
    assert np.abs(given - expected).max() <= 1e-8 * np.abs(expected).max()


def test_each_kind_keeps_its_law_everywhere(fields):
    w, found = fields
    gradient, rotation = found["curl_free"], found["divergence_free"]
    for points in (w, 3 * w):
        assert np.abs(gradient.curl(points)).max() <= 1e-8 * np.abs(gradient.jacobian(points)).max()
        assert np.abs(rotation.divergence(points)).max() <= 1e-8 * np.abs(rotation.jacobian(points)).max()


def test_the_field_is_the_gradient_of_its_potential(fields):
    w, found = fields
    field = found["curl_free"]
    expected = field(w)
    given = slopes_by_differences(field.potential, w, 0.03 * field.attrs["length_scale"])
    assert np.abs(given - expected).max() <= 1e-8 * np.abs(expected).max()


def test_what_is_left_of_a_full_field_without_its_gradient_part_has_no_divergence(fields):
    w, found = fields
    field = found["full"]

    def rest(points):
        return field(points) - slopes_by_differences(field.potential, points, 0.02)

    slopes = slopes_by_differences(rest, w[:20], 0.02)
    scale = np.abs(field.jacobian(w)).max()
    assert np.abs(np.trace(slopes, axis1=1, axis2=2)).max() <= 1e-6 * scale


def test_a_rotation_has_no_potential(fields):
    w, found = fields
    with pytest.raises(RecordingError, match="no potential.*kind='curl_free'"):
        found["divergence_free"].potential(w)


@pytest.mark.parametrize("n", [2, 5, 11])
@pytest.mark.parametrize("kind", KINDS)
def test_all_kinds_have_the_same_prior_variance(n, kind):
    design = field_kinds[kind].design(np.ones((1, n)), np.ones((1, n)), 0.7)
    # Without the division by n - 1 the divergence-free kernel has n - 1 times that of a gradient.
    np.testing.assert_allclose(design, np.eye(len(design)), atol=1e-12)


def test_the_rotational_kernel_is_that_of_the_second_derivatives():
    w, length = np.array([[0.4, -0.3, 0.9]]), 0.8

    def phi(points):
        return np.exp(-np.square(points).sum(axis=-1) / (2 * length**2))

    slopes = slopes_by_differences(lambda at: slopes_by_differences(phi, at, 0.02), w, 0.02)[0]
    expected = length**2 * (slopes - np.trace(slopes) * np.eye(3)) / 2
    np.testing.assert_allclose(rotational(w, np.zeros((1, 3)), length), expected, atol=1e-8)


@pytest.mark.parametrize(
    ("kind", "matrix"),
    [
        ("full", [[-1.0, 2.0], [0.5, 0.3]]),
        ("curl_free", [[-1.0, 2.0], [2.0, 0.3]]),
        ("divergence_free", [[-1.0, 2.0], [0.5, 1.0]]),
    ],
)
def test_a_linear_field_is_recovered_without_loss(kind, matrix):
    w = np.random.default_rng(0).normal(size=(80, 2))
    found = fit(labelled(w), labelled(w @ np.array(matrix).T + [3.0, -1.0]), kind=kind)
    far = np.array([[30.0, -20.0]])
    np.testing.assert_allclose(found.jacobian(far)[0], matrix, atol=1e-5)
    np.testing.assert_allclose(found(far)[0], far[0] @ np.array(matrix).T + [3.0, -1.0], atol=1e-3)


def test_unknown_kinds_are_named():
    w = labelled(np.random.default_rng(0).normal(size=(20, 2)))
    with pytest.raises(UnknownNameError, match="Did you mean 'curl_free'"):
        fit(w, w, kind="curlfree")

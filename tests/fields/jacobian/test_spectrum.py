"""Eigenvalues: kinds of fixed points, and an index that no metric changes."""

import numpy as np
import pytest

from neurofit.fields._spectral import spectral_index
from neurofit.fields.jacobian import fixed_point_kind


@pytest.mark.parametrize(
    ("matrix", "kind"),
    [
        (np.diag([-1.0, -2.0]), "attractor"),
        (np.diag([1.0, 2.0]), "repeller"),
        (np.diag([1.0, -2.0]), "saddle"),
        ([[-1.0, 2.0], [-2.0, -1.0]], "attracting spiral"),
        ([[1.0, 2.0], [-2.0, 1.0]], "repelling spiral"),
        ([[0.0, 2.0], [-2.0, 0.0]], "centre"),
        (np.diag([-1.0, 0.0]), "flat in some directions"),
    ],
)
def test_kinds_of_fixed_points(matrix, kind):
    assert fixed_point_kind(np.linalg.eigvals(np.array(matrix))) == kind


def test_unequal_rates_look_like_curl_and_have_a_real_spectrum():
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(30, 30))
    hessian = factor @ factor.T
    scaled = np.exp(1.5 * rng.normal(size=30))[:, None] * hessian
    symmetric = (scaled + scaled.T) / 2
    assert (symmetric**2).sum() / (scaled**2).sum() < 0.9
    assert spectral_index(np.linalg.eigvals(scaled)) < 1e-9
    assert spectral_index(np.linalg.eigvals(np.array([[0.0, 1.0], [-1.0, 0.0]]))) == pytest.approx(1.0)

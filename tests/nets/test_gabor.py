import numpy as np
import pytest
import xarray as xr

from neurofit import io, nets, schema
from neurofit.errors import SchemaError


def as_filters(images, **coords):
    return xr.DataArray(
        images, {name: ("unit", values) for name, values in coords.items()}, ("unit", "y", "x")
    )


def test_finds_the_gabor_that_a_filter_is():
    orientation, phase = np.array([0.0, 37.0, 90.0, 155.0]), np.array([0.0, 90.0, 45.0, 200.0])
    images = nets.gratings(
        orientation, phase, -3.0, size=14, cycles=2.5, dx=[0, 1, -2, 1.5], dy=[0, -1, 1, 2]
    )
    fit = nets.gabor_fit(as_filters(images, unit_id=list("abcd")))
    np.testing.assert_allclose(fit.r2, 1, atol=1e-6)
    turned = (fit.orientation - orientation + 90) % 180 - 90
    np.testing.assert_allclose(turned, 0, atol=0.01)
    np.testing.assert_allclose(fit.frequency, 2.5 / 14, atol=1e-4)
    np.testing.assert_allclose(fit.width, 14 / 5, atol=0.01)
    np.testing.assert_allclose(fit.length, 14 / 5, atol=0.01)
    np.testing.assert_allclose(fit.dx, [0, 1, -2, 1.5], atol=0.01)
    np.testing.assert_allclose(fit.dy, [0, -1, 1, 2], atol=0.01)
    assert fit.unit_id.values.tolist() == list("abcd")


def test_share_explained_falls_with_noise_as_it_should():
    rng = np.random.default_rng(0)
    signal = nets.gratings(rng.uniform(0, 180, 12), 30.0, 1.0, size=16, cycles=2.0)
    noise = rng.standard_normal(signal.shape)
    noise *= np.sqrt((signal**2).sum((1, 2)) / (noise**2).sum((1, 2)))[:, None, None]
    fit = nets.gabor_fit(as_filters(signal + noise))
    # Half the energy is signal; the fit takes up about 8 of 256 parts of the noise.
    assert float(fit.r2.mean()) == pytest.approx(0.5, abs=0.05)


def test_gain_sign_and_order_of_dims_do_not_matter():
    filters = as_filters(np.random.default_rng(0).standard_normal((3, 9, 7)))
    fit = nets.gabor_fit(filters)
    other = nets.gabor_fit(-1e-3 * filters.transpose("x", "unit", "y"))
    np.testing.assert_allclose(other.r2, fit.r2, atol=1e-4)


def test_noise_is_hardly_a_gabor_and_a_checkerboard_half_of_one():
    noise = np.random.default_rng(0).standard_normal((20, 12, 12))
    assert float(nets.gabor_fit(as_filters(noise)).r2.median()) < 0.2
    wave = np.cos(2 * np.pi * np.arange(12) / 4)
    assert float(nets.gabor_fit(as_filters(np.outer(wave, wave)[None])).r2[0]) == pytest.approx(0.5, abs=0.05)


def test_a_filter_of_zeros_has_no_gabor():
    fit = nets.gabor_fit(as_filters(np.zeros((1, 5, 5))))
    assert all(np.isnan(values).all() for values in fit.values())


def test_result_says_what_it_is_and_survives_saving(tmp_path):
    network = nets.train(
        "digits", steps=0, architecture={"name": "mlp", "hidden": [3]}, rng=0, progress=False
    )
    filters = nets.filters(network)
    fit = nets.gabor_fit(filters.squeeze("channel", drop=True))
    schema.check(fit, "results")
    assert all(values.attrs["units"] and values.attrs["long_name"] for values in (filters, *fit.values()))
    assert io.load(io.save(fit, tmp_path / "fit.nc")).identical(fit)
    assert io.load(io.save(filters, tmp_path / "filters.nc")).identical(filters)


@pytest.mark.parametrize(
    ("filters", "hint"),
    [
        (as_filters(np.ones((2, 5, 5))).rename(unit="feature"), "need dims.*got"),
        (as_filters(np.ones((2, 3, 5))), "3 x 5 pixels can fix: give at least 4 x 4"),
        (as_filters(np.full((2, 5, 5), np.nan)), "NaN"),
    ],
)
def test_what_cannot_be_fitted_is_refused(filters, hint):
    with pytest.raises(SchemaError, match=hint):
        nets.gabor_fit(filters)

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr

from neurofit import plot
from neurofit.errors import SchemaError


def qualities(cosine, noise):
    """As ``nets.gradient_quality`` gives them."""
    names = [f"rule_{at}" for at in range(len(cosine))]
    cosine, noise = (
        xr.DataArray(np.array(values, float)[:, None], dims=("rule", "layer")) for values in (cosine, noise)
    )
    interval = xr.concat([cosine - 0.02, cosine + 0.02], "bound").clip(-1, 1)
    return xr.Dataset(
        {"cosine": cosine, "internal_noise": noise, "cosine_interval": interval},
        {"rule": names, "layer": ["all"], "bound": ["lower", "upper"]},
    )


@pytest.fixture(autouse=True)
def close():
    yield
    mpl.pyplot.close("all")


def drawn_points(ax):
    return np.concatenate([line.get_xydata() for line in ax.get_lines() if line.get_marker() == "o"])


def test_bias_is_an_angle_and_variance_the_ratio():
    ax = plot.bias_variance(qualities([1.0, 0.5, 0.0], [9.0, 130.0, 4800.0]))
    points = drawn_points(ax)
    np.testing.assert_allclose(np.sort(points[:, 0]), [0, 60, 90], atol=1e-6)
    np.testing.assert_allclose(np.sort(points[:, 1]), np.log10([9, 130, 4800]))


def test_rules_without_noise_stand_below_the_others():
    ax = plot.bias_variance(qualities([0.9, 0.8, 0.7], [0.0, 1e-17, 3.0]))
    heights = drawn_points(ax)[:, 1]
    assert heights.max() == pytest.approx(np.log10(3))
    assert np.sum(heights < 0) == 2


def test_every_rule_is_named_once_and_names_do_not_touch():
    ax = plot.bias_variance(qualities([0.95] * 6 + [0.9, 1.0], [0.0] * 6 + [5.0, 5.5]))
    names = [text for text in ax.texts if text.get_text().startswith("rule")]
    assert len({text.get_text() for text in names}) == 8
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in names]
    assert not any(a.overlaps(b) for at, a in enumerate(boxes) for b in boxes[at + 1 :])


def test_an_unidentified_rule_is_left_out():
    assert len(drawn_points(plot.bias_variance(qualities([1.0, np.nan], [0.0, np.nan])))) == 1


def test_one_rule_is_no_figure():
    with pytest.raises(SchemaError, match="for several rules"):
        plot.bias_variance(qualities([1.0], [0.0]).isel(rule=0))


def changes(trained, orthogonal):
    values = xr.DataArray(np.array([trained, orthogonal]), dims=("orientation", "layer"))
    return xr.Dataset(
        {"change": values, "local_change": values / 2},
        {"orientation": [45.0, 135.0], "layer": ["conv1", "conv2"]},
    )


def test_changes_are_in_percent_with_a_mean_over_networks():
    ax = plot.tuning_change(
        changes([0.2, 0.5], [0.0, -0.1]),
        changes([0.4, 0.7], [0.0, 0.1]),
        control=[changes([0.0, 0.1], [0, 0])],
    )
    lines = {line.get_label(): line.get_ydata() for line in ax.get_lines()}
    np.testing.assert_allclose(lines["trained orientation"], [30, 60])
    np.testing.assert_allclose(lines["at right angles"], [0, 0], atol=1e-12)
    np.testing.assert_allclose(lines["random change, trained"], [0, 10])


def test_local_changes_are_drawn_on_demand():
    ax = plot.tuning_change(changes([0.2, 0.6], [0.0, 0.0]), local=True)
    np.testing.assert_allclose(ax.get_lines()[1].get_ydata(), [10, 30])
    assert ax.get_ylabel().startswith("Local change")


def test_networks_of_other_layers_are_not_mixed():
    with pytest.raises(SchemaError, match="the same layers"):
        plot.tuning_change(changes([1, 1], [1, 1]), changes([1, 1], [1, 1]).assign_coords(layer=["a", "b"]))

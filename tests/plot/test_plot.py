import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_rgb

from neurofit import plot, rsa
from neurofit.errors import SchemaError, UnknownNameError
from neurofit.plot import _style as style


def rdm(n=5):
    rng = np.random.default_rng(0)
    ids = {"stimulus_id": ("stimulus", [f"s{i}" for i in range(n)])}
    return rsa.rdm(xr.DataArray(rng.normal(size=(n, 4)), dims=("stimulus", "unit"), coords=ids))


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_an_rdm_is_drawn_symmetric_with_nothing_on_its_diagonal():
    dissimilarity = rdm()
    image = plot.rdm(dissimilarity).images[0].get_array().filled(np.nan)
    np.testing.assert_array_equal(image, image.T)
    assert np.isnan(np.diag(image)).all()
    first = dissimilarity.isel(pair=0)
    row, column = (int(str(first[name].item())[1:]) for name in ("stimulus_a", "stimulus_b"))
    assert image[row, column] == first


def test_few_stimuli_are_named_many_are_counted():
    assert [label.get_text() for label in plot.rdm(rdm(5)).get_xticklabels()] == [f"s{i}" for i in range(5)]
    assert plot.rdm(rdm(20)).get_xlabel() == "20 stimuli, by name"


def test_one_rdm_at_a_time():
    with pytest.raises(SchemaError, match="one RDM can be drawn at a time"):
        plot.rdm(rdm().expand_dims(area=["V1"]))


def test_the_map_prints_what_it_shows_and_frames_only_what_is_named(layer_map):
    ax = plot.layer_map(layer_map, model="right")
    one = layer_map.sel(model="right")
    assert f"{float(one.similarity.sel(area='V1', layer='first')):.2f}" in texts(ax)
    assert f"{float(one.ceiling.sel(area='AL')):.2f}" in texts(ax)
    frames = {(round(frame.get_x() + 0.47), round(frame.get_y() + 0.47)) for frame in ax.patches}
    assert frames == {(0, 0), (2, 2)}


def test_positions_are_hollow_where_inconclusive(layer_map):
    ax = plot.layer_position(layer_map, model="right")
    (hollow,) = (line for line in ax.lines if line.get_label() == "trained, inconclusive")
    assert hollow.get_markerfacecolor() == "w"
    np.testing.assert_allclose(hollow.get_xdata(), [1 - 0.12])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["first", "second", "third"]


def test_similarity_shows_trained_untrained_and_ceiling(layer_map):
    ax = plot.similarity(layer_map, area="V1")
    assert {"trained", "untrained", "noise ceiling"} <= set(ax.get_legend_handles_labels()[1])
    (trained,) = (line for line in ax.lines if line.get_label() == "trained")
    np.testing.assert_array_equal(trained.get_ydata(), layer_map.similarity.sel(model="right", area="V1"))


def test_the_leading_model_is_drawn_by_default_and_others_by_name(layer_map):
    assert texts(plot.layer_map(layer_map)) == texts(plot.layer_map(layer_map, model="right"))
    assert texts(plot.layer_map(layer_map)) != texts(plot.layer_map(layer_map, model="wrong"))
    with pytest.raises(UnknownNameError, match="'right'"):
        plot.layer_map(layer_map, model="rigth")
    with pytest.raises(UnknownNameError, match="'V1'"):
        plot.similarity(layer_map, area="V2")


def test_models_are_ranked_with_the_best_at_zero(layer_map):
    ax = plot.models(layer_map)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["wrong", "right"]
    assert ax.lines[-1].get_xdata()[-1] == 0


def test_axes_given_are_drawn_on(layer_map):
    ax = mpl.figure.Figure().subplots()
    assert plot.layer_map(layer_map, ax=ax) is ax


def test_every_axis_of_every_figure_has_a_label(layer_map):
    for name, figure in plot.figures(layer_map).items():
        for ax in figure.axes:
            if ax.get_label() != "<colorbar>":
                assert ax.get_xlabel() or not ax.get_xticks().size or name == "similarity", name
            assert ax.get_ylabel() or not ax.get_yticks().size or name in {"models", "similarity"}, name


def test_the_same_result_gives_the_same_svg(layer_map, tmp_path):
    written = [
        plot.save(plot.figures(layer_map)["layer_map"], tmp_path / name)[0].read_bytes() for name in "ab"
    ]
    assert written[0] == written[1]
    assert {path.suffix for path in tmp_path.iterdir()} == {".svg", ".png"}


def luminance(colour):
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_lines_stand_out_on_white_and_the_map_grows_evenly_lighter():
    for colour in (style.BLUE, style.ORANGE, style.GREY, style.INK):
        assert 1.05 / (luminance(colour) + 0.05) > 3  # WCAG 2.1, 1.4.11
    lightness = [luminance(colour) for colour in mpl.colormaps[style.MAP](np.linspace(0, 1, 50))[:, :3]]
    assert (np.diff(lightness) > 0).all()


def test_a_backend_that_comes_with_the_first_figure_keeps_its_ways():
    """As a notebook's does: figures after ours are shown too."""

    @style.styled
    def draw(*, ax=None):
        mpl.interactive(True)
        return ax

    before = mpl.is_interactive()
    try:
        mpl.interactive(False)
        draw()
        assert mpl.is_interactive()
    finally:
        mpl.interactive(before)

"""The figures of a comparison, composed and saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .. import io
from ..names import AREA, LAYER, MODEL
from ._layers import layer_map, layer_position, one_model, similarity
from ._models import models
from ._rdm import rdm
from ._style import RC

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

PANEL = 2.3  # inches; three panels make the width of a page


def figures(result: xr.Dataset, *, model: str | None = None) -> dict[str, Figure]:
    """All figures of a comparison, by name.

    Parameters
    ----------
    result
        As ``neurofit.compare.areas_to_layers`` gives it.
    model
        Which model; by default the one with the highest score.

    Returns
    -------
    dict
        ``similarity``, ``layer_map``, ``layer_position``, ``rdms`` and, where there are several models,
        ``models``.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    one = one_model(result, model)
    name, n_areas = str(one[MODEL].values), one.sizes[AREA]
    with mpl.rc_context(RC):
        drawn = {
            "similarity": Figure(figsize=(PANEL * max(n_areas, 2), 2.6), layout="constrained"),
            "layer_map": Figure(figsize=(4.6, 1.2 + 0.55 * n_areas), layout="constrained"),
            "layer_position": Figure(figsize=(3.5, 2.8), layout="constrained"),
            "rdms": Figure(figsize=(PANEL * max(n_areas, 2) * 1.15, 4.6), layout="constrained"),
        }
        _similarities(drawn["similarity"], result, name)
        layer_map(result, model=name, ax=drawn["layer_map"].subplots())
        layer_position(result, model=name, ax=drawn["layer_position"].subplots())
        _rdms(drawn["rdms"], one)
        if result.sizes[MODEL] > 1:
            drawn["models"] = Figure(figsize=(4.6, 0.9 + 0.3 * result.sizes[MODEL]), layout="constrained")
            models(result, ax=drawn["models"].subplots())
    return drawn


def _similarities(figure: Figure, result: xr.Dataset, model: str) -> None:
    areas = result[AREA].values
    panels = figure.subplots(1, len(areas), sharey=True, squeeze=False)[0]
    for area, ax in zip(areas, panels, strict=True):
        similarity(result, area=area, model=model, ax=ax)
        ax.label_outer()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)


def _rdms(figure: Figure, one: xr.Dataset) -> None:
    """The area's RDM above that of its most similar layer."""
    panels = figure.subplots(2, one.sizes[AREA], squeeze=False)
    for column, area in enumerate(one[AREA].values):
        best = one[LAYER].values[int(one.similarity.sel({AREA: area}).argmax(LAYER))]
        rdm(one.rdm.sel({AREA: area}), ax=panels[0, column]).set_title(area)
        rdm(one.layer_rdm.sel({LAYER: best}), ax=panels[1, column]).set_title(f"{best} (most similar)")


def save(figure: Figure, stem: str | Path) -> list[Path]:
    """Write a figure as SVG and PNG, each beside its place and then renamed.

    Parameters
    ----------
    figure
        What to write.
    stem
        Path without its ending.

    Returns
    -------
    list of Path
        The two files.
    """
    import matplotlib as mpl

    paths = [Path(f"{stem}.{ending}") for ending in ("svg", "png")]
    with mpl.rc_context(RC):
        for path in paths:
            metadata = {"Date": None} if path.suffix == ".svg" else {}
            with io.beside(path) as unfinished:
                figure.savefig(unfinished, format=path.suffix[1:], metadata=metadata)
    return paths

"""From similarities over draws to numbers: shares, positions, scores, hierarchy, and controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ..names import AREA, BOUND, DRAW, LAYER, MODEL
from ..parallel import bar
from ._errors import errors_of
from ._resample import resample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jaxtyping import Float, Int

    from ._errors import Errors
    from ._resample import Similarities

OF_CONTROL = ("similarity", "interval", "position", "position_interval", "hierarchy", "hierarchy_interval")


def summarise(
    data: xr.DataArray,
    models: Mapping[str, xr.DataArray],
    drawn: xr.DataArray,
    *,
    comparator: str,
    order: Sequence[str],
    seed: int,
    progress: bool,
) -> xr.Dataset:
    """Every model (RDMs with dims ``layer``, ``pair``) against every area (dims ``area``, ``pair``)."""
    names, rows = xr.Variable(MODEL, list(models)), []
    for rdms in bar(models.values(), total=len(models), progress=progress, description="resampling stimuli"):
        similarities = resample(data.values, rdms.values, drawn, comparator=comparator)
        errors = errors_of(data, rdms, comparator=comparator, draws=drawn.sizes[DRAW], seed=seed)
        labels = data[AREA].values.tolist(), rdms[LAYER].values.tolist()
        rows.append(_row(similarities, errors, *labels, order))
    layers = dict.fromkeys(layer for row in rows for layer in row[LAYER].values)
    return xr.concat(rows, names, join="outer", coords="all", data_vars="all").sel({LAYER: list(layers)})


def _row(
    similarities: Similarities,
    errors: Errors,
    areas: Sequence[str],
    layers: Sequence[str],
    order: Sequence[str],
) -> xr.Dataset:
    index, valid = best(similarities.outside)
    wins = (index[..., None] == np.arange(len(layers))) * valid[..., None]
    position = position_in_draws(similarities.outside)
    score = nested_score(similarities.inside, similarities.outside)
    rise = slope(position[:, [areas.index(area) for area in order]])
    return xr.Dataset(
        {
            "similarity": ((AREA, LAYER), similarities.full),
            "interval": ((AREA, LAYER, BOUND), errors["interval"]),
            "p_zero": ((AREA, LAYER), errors["p_zero"]),
            "share": ((AREA, LAYER), mean(wins)),
            "position": ((AREA,), mean(position)),
            "position_interval": ((AREA, BOUND), interval(position)),
            "hierarchy": ((), mean(rise)),
            "hierarchy_interval": ((BOUND,), interval(rise)),
            "score": ((AREA,), mean(score)),
            "score_interval": ((AREA, BOUND), interval(score)),
            "score_draws": ((DRAW, AREA), score),
            "rise_draws": ((DRAW,), rise),
        },
        coords={AREA: list(areas), LAYER: list(layers), "depth": (LAYER, depths(len(layers)))},
    )


def against_the_control(table: xr.Dataset, control: xr.Dataset) -> dict[str, xr.DataArray]:
    """The control's numbers beside the models', and how far each model's score lies above its control's."""
    matched = control.reindex_like(table)
    columns = {f"control_{name}": matched[name] for name in OF_CONTROL}
    advantage = _estimate("advantage", table.score_draws - matched.score_draws)
    return columns | advantage | _estimate("hierarchy_advantage", table.rise_draws - matched.rise_draws)


def against_the_best(table: xr.Dataset) -> dict[str, xr.DataArray]:
    """How far each model's score, averaged over areas, lies behind the best model's."""
    score = table.score_draws.mean(AREA)
    return _estimate("deficit", score.sel({MODEL: leader(table)}, drop=True) - score)


def leader(table: xr.Dataset) -> str:
    """Name of the model with the highest score, averaged over areas; the first one where none has any."""
    score = table.score_draws.mean((AREA, DRAW)).fillna(-np.inf)
    return str(table[MODEL].values[int(score.argmax(MODEL))])


def _estimate(name: str, draws: xr.DataArray) -> dict[str, xr.DataArray]:
    draws = draws.transpose(DRAW, ...)
    dims = draws.dims[1:]
    bounds = xr.DataArray(interval(draws.values), dims=(*dims, BOUND))
    return {name: xr.DataArray(mean(draws.values), dims=dims), f"{name}_interval": bounds}


def best(
    similarity: Float[np.ndarray, "draw area layer"],
) -> tuple[Int[np.ndarray, "draw area"], Float[np.ndarray, "draw area"]]:
    """Index of the best layer in each draw, and 1 where there is one, NaN where some layer has no value."""
    known = np.isfinite(similarity)
    index = np.where(known, similarity, -np.inf).argmax(axis=-1)
    return index, np.where(known.all(axis=-1), 1.0, np.nan)


def depths(layers: int) -> Float[np.ndarray, " layer"]:
    """Depth of each layer, from 0 to 1; NaN for a single one."""
    return np.linspace(0, 1, layers) if layers > 1 else np.array([np.nan])


def position_in_draws(outside: Float[np.ndarray, "draw area layer"]) -> Float[np.ndarray, "draw area"]:
    """Depth of the layer that is best on the stimuli left out."""
    index, valid = best(outside)
    return depths(outside.shape[-1])[index] * valid


def nested_score(
    inside: Float[np.ndarray, "draw area layer"], outside: Float[np.ndarray, "draw area layer"]
) -> Float[np.ndarray, "draw area"]:
    """Similarity, on the stimuli left out, of the layer that was best within the draw."""
    chosen, valid = best(inside)
    return np.take_along_axis(outside, chosen[..., None], axis=-1)[..., 0] * valid


def slope(position: Float[np.ndarray, "draw area"]) -> Float[np.ndarray, " draw"]:
    """Least-squares rise of the position from the first area to the last; NaN for fewer than two areas."""
    if position.shape[1] < 2:
        return np.full(len(position), np.nan)
    place = np.linspace(-0.5, 0.5, position.shape[1])
    return position @ place / (place @ place)


def mean(draws: Float[np.ndarray, " draw *shape"]) -> Float[np.ndarray, "*shape"]:
    """Mean of the draws; NaN where fewer than half of them gave a value."""
    enough = _enough(draws)
    return np.where(enough, np.nanmean(np.where(enough, draws, 0.0), axis=0), np.nan)


def interval(draws: Float[np.ndarray, " draw *shape"]) -> Float[np.ndarray, "*shape 2"]:
    """Central 95 % of the draws; NaN where fewer than half of them gave a value."""
    enough = _enough(draws)
    bounds = np.nanquantile(np.where(enough, draws, 0.0), [0.025, 0.975], axis=0)
    return np.moveaxis(np.where(enough, bounds, np.nan), 0, -1)


def _enough(draws: Float[np.ndarray, " draw *shape"]) -> np.ndarray:
    return np.isfinite(draws).mean(axis=0) >= 0.5

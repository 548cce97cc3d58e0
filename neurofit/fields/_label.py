"""From the numbers of every field to one labelled result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from ..names import BOUND, BOUNDS, MODE, SYNAPSE, SYNAPSE_B
from ..provenance import label

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence


class About(NamedTuple):
    """Dims, long name, and units."""

    dims: tuple[str, ...]
    long_name: str
    units: str = "1"


EACH = "1 / unit of time"
CHANGE = "unit of weight / unit of time"
POTENTIAL = "unit of weight^2 / unit of time"
SQUARE = (SYNAPSE, SYNAPSE_B)
ABOUT = {
    "gradient_share": About((), "share of the symmetric part of the Jacobian, |S|^2 / |J|^2"),
    "gradient_share_interval": About((BOUND,), "95 % interval of the gradient share"),
    "gradient_share_null": About((), "gradient share of a random Jacobian, (n + 1) / 2n"),
    "p_curl": About((), "p-value of no curl"),
    "p_memory": About((), "p-value of no dependence on the step before"),
    "divergence": About((), "divergence, tr J", EACH),
    "divergence_interval": About((BOUND,), "95 % interval of the divergence", EACH),
    "curl_norm": About((), "norm of the curl as a 2-form, sqrt(2) |A|", EACH),
    "curl_norm_interval": About((BOUND,), "95 % interval of the norm of the curl", EACH),
    "reciprocity": About((), "off-diagonal reciprocity, sum J_ij J_ji / sum J_ij^2"),
    "reciprocity_interval": About((BOUND,), "95 % interval of the reciprocity"),
    "jacobian_norm": About((), "norm of the Jacobian, |J|", EACH),
    "spectral_index": About((), "sum |Im l|^2 / sum |l|^2 over eigenvalues l"),
    "spectral_index_null": About((), "95th percentile of the index that noise makes of a real spectrum"),
    "drift": About((SYNAPSE,), "constant part of the field", CHANGE),
    "fixed_point": About((SYNAPSE,), "displacement at which the linear field is 0", "unit of weight"),
    "fixed_point_kind": About((), "kind of the fixed point"),
    "jacobian": About(SQUARE, "Jacobian J[i, j] = d f_i / d w_j", EACH),
    "jacobian_error": About(SQUARE, "standard error of the Jacobian", EACH),
    "curl_form": About(SQUARE, "curl as a 2-form, J[j, i] - J[i, j]", EACH),
    "eigenvalue_real": About((MODE,), "real part of the eigenvalue", EACH),
    "eigenvalue_imaginary": About((MODE,), "imaginary part of the eigenvalue", EACH),
    "potential": About((), "objective that the gradient part climbs, 0 where it was taken apart", POTENTIAL),
    "rows": About((), "number of trials or steps"),
    "identified": About((), "whether the data tell the field"),
    "verdict": About((), "whether the field is a gradient"),
    "reason": About((), "why the verdict is that"),
    "estimator": About((), "estimator of the field"),
    "chosen_because": About((), "why the estimator is that one"),
}


def labelled(
    cells: Sequence[Mapping[str, Any]], further: xr.DataArray, data: xr.Dataset, *, relative: bool = False
) -> xr.Dataset:
    """Results of all fields as one Dataset, with the dims of ``further`` before those of one result.

    Weights are ``relative`` where they are logarithms.
    """
    named = {key for cell in cells for key in cell}
    arrays = {}
    for name, about in ABOUT.items():
        if name not in named:
            continue
        blank = next(np.asarray(cell[name]) for cell in cells if name in cell)
        values = [np.asarray(cell.get(name, np.full(blank.shape, np.nan))) for cell in cells]
        stacked = np.array(values).reshape((*further.shape, *blank.shape))
        dims = about.dims if name != "potential" else _seen(data, further)
        array = xr.DataArray(stacked, dims=(*further.dims, *dims))
        units = about.units.replace("unit of weight^2", "1").replace("unit of weight", "1")
        arrays[name] = label(array, units=units if relative else about.units, long_name=about.long_name)
    along = {name: value for name, value in data.coords.items() if set(value.dims) == {SYNAPSE}}
    result = xr.Dataset(arrays, {BOUND: list(BOUNDS), **further.coords, **along})
    if SYNAPSE in along and SYNAPSE_B in result.dims:
        result = result.assign_coords({SYNAPSE_B: along[SYNAPSE].values})
    return result


def _seen(data: xr.Dataset, further: xr.DataArray) -> tuple[Hashable, ...]:
    """Dims of where weights were, trials or sessions, of each field."""
    weights = data["delta"] if "delta" in data else data["weights"]
    return tuple(dim for dim in weights.dims if dim not in (*further.dims, SYNAPSE))


def nothing(synapses: int, estimator: str, reason: str) -> dict[str, Any]:
    """The result where nothing can be told."""
    names = ["gradient_share", "divergence", "curl_norm", "reciprocity"]
    empty = {name: np.nan for name in names} | {f"{name}_interval": np.full(2, np.nan) for name in names}
    return {
        **empty,
        **dict.fromkeys(["jacobian_norm", "p_curl", "p_memory"], np.nan),
        **dict.fromkeys(["spectral_index", "spectral_index_null", "rows"], np.nan),
        "gradient_share_null": (synapses + 1) / (2 * synapses),
        "drift": np.full(synapses, np.nan),
        "fixed_point": np.full(synapses, np.nan),
        "fixed_point_kind": "unknown",
        "identified": False,
        "verdict": "not identifiable",
        "reason": reason,
        "estimator": estimator,
        "chosen_because": "",
    }

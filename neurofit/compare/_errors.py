"""How sure the similarity of an area to a layer is, for stimuli that were not shown."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from .. import rsa
from ..errors import RecordingError
from ..names import AREA, BOUND, CORRECTION, LAYER, MODEL, STIMULUS

if TYPE_CHECKING:
    import xarray as xr
    from jaxtyping import Float

    Errors = dict[str, Float[np.ndarray, "area layer *bound"]]


def errors_of(data: xr.DataArray, layers: xr.DataArray, *, comparator: str, draws: int, seed: int) -> Errors:
    """95 % ``interval`` of the similarity, and ``p_zero``, corrected for the layers; NaN where unknown.

    Too few stimuli to resample leave both unknown, as an RDM that does not vary does.
    """
    models = {str(name): layers.sel({LAYER: name}, drop=True) for name in layers[LAYER].values}
    try:
        with warnings.catch_warnings():
            # What is undefined is told by the verdicts.
            warnings.simplefilter("ignore", UserWarning)
            found = rsa.evaluate(
                models,
                data,
                measure=comparator,
                resample=STIMULUS,
                draws=draws,
                rng=seed,
                progress=False,
            )
    except RecordingError:
        shape = (data.sizes[AREA], layers.sizes[LAYER])
        return {"interval": np.full((*shape, 2), np.nan), "p_zero": np.full(shape, np.nan)}
    p_zero = found.p_zero.sel({CORRECTION: "fdr"}).transpose(AREA, MODEL)
    return {"interval": found.interval.transpose(AREA, MODEL, BOUND).values, "p_zero": p_zero.values}

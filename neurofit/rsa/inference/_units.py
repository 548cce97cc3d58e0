"""Draws of units: their responses drawn with replacement, and RDMs of each draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...errors import SchemaError
from ...names import SUBJECT, UNIT, UNIT_ID
from .._dissimilarities import dissimilarities
from .._rdm import rdm

if TYPE_CHECKING:
    from collections.abc import Iterator

WITHOUT_COVARIANCE = "diagonal"


@dataclass(frozen=True)
class Units:
    """Responses of each subject, and how RDMs are made of them."""

    responses: dict[str, xr.DataArray]
    options: dict[str, Any]

    @property
    def fewest(self) -> int:
        """The smallest number of units that a subject has."""
        return min(responses.sizes[UNIT] for responses in self.responses.values())

    def rdms(self) -> xr.DataArray:
        """RDMs of all units."""
        return self._of(self.responses)

    def drawn(self, draws: int, rng: np.random.Generator) -> Iterator[xr.DataArray]:
        """RDMs of units drawn with replacement, in each subject from its own."""
        for _ in range(draws):
            yield self._of({name: _draw(responses, rng) for name, responses in self.responses.items()})

    def _of(self, responses: Mapping[str, xr.DataArray]) -> xr.DataArray:
        each = [rdm(array, **self.options) for array in responses.values()]
        return xr.concat(each, xr.Variable(SUBJECT, list(responses)), coords="minimal", compat="override")


def _draw(responses: xr.DataArray, rng: np.random.Generator) -> xr.DataArray:
    count = responses.sizes[UNIT]
    copies = responses.isel({UNIT: rng.integers(count, size=count)})
    return copies.assign_coords({UNIT_ID: (UNIT, np.arange(count))})


def units_of(
    data: xr.DataArray | Mapping[str, xr.DataArray], dissimilarity: Mapping[str, object] | None
) -> Units:
    """``data`` as responses to draw units from; raise for what cannot be."""
    responses = dict(data) if isinstance(data, Mapping) else {"0": data}
    for name, array in responses.items():
        if UNIT not in array.dims or array.sizes[UNIT] < 2:
            raise SchemaError(
                f"to resample units, data are responses with dim {UNIT!r} and 2 units or more; "
                f"subject {name!r} has sizes {dict(array.sizes)}."
            )
    options = dict(dissimilarity or {})
    measure = str(options.get("measure", "correlation"))
    if (
        dissimilarities[measure].takes_noise
        and options.setdefault("noise", WITHOUT_COVARIANCE) != WITHOUT_COVARIANCE
    ):
        raise ValueError(
            f"to resample units, {measure} needs noise={WITHOUT_COVARIANCE!r}: copies of a unit have the "
            "same noise, under which a full covariance would weigh them as one."
        )
    return Units(responses, options)

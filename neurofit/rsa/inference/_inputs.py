"""Models and data as plain numbers over the same pairs, checked before anything long begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...errors import AlignmentError, RecordingError, SchemaError, listing
from ...names import MODEL, PAIR, STIMULUS, SUBJECT, UNIT
from .._pairs import align_pairs, all_pairs, stimuli_of
from ._models import Fixed, Model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import xarray as xr

    from .._trials import Numbers

FACTORS = (STIMULUS, SUBJECT, UNIT)
FEWEST_STIMULI = 5
FEWEST_TO_FIT = 10


@dataclass(frozen=True)
class Inputs:
    """Models by name, each with its parts (part, pair), and RDMs with dims (..., subject, pair)."""

    models: dict[str, tuple[Model, Numbers]]
    data: xr.DataArray

    @property
    def fitted(self) -> bool:
        """Whether any model has something to fit."""
        return any(model.fitted for model, _ in self.models.values())

    @property
    def further(self) -> tuple[str, ...]:
        """Dims of the data that are kept."""
        return tuple(str(dim) for dim in self.data.dims[:-2])

    @property
    def size(self) -> tuple[int, int]:
        """Numbers of stimuli and of subjects."""
        return stimuli_of(self.data.sizes[PAIR]), self.data.sizes[SUBJECT]

    def with_data(self, data: xr.DataArray) -> Inputs:
        """The same models against other RDMs of the same stimuli and subjects."""
        ordered = all_pairs(align_pairs(data)[0].astype(np.float64))
        return replace(self, data=ordered.transpose(*self.data.dims))

    def entries(self) -> Iterator[Numbers]:
        """The RDMs (subject, pair) of each entry of the further dims."""
        yield from self.data.values.reshape(-1, *self.data.shape[-2:])


def factors(resample: str | Sequence[str]) -> frozenset[str]:
    """What is resampled, as a set."""
    over = frozenset([resample] if isinstance(resample, str) else resample)
    unknown = sorted(str(name) for name in over - set(FACTORS))
    if unknown or not over or (UNIT in over and len(over) > 1):
        raise ValueError(
            f"resample={resample!r}: give 'stimulus', 'subject', both of these, or 'unit' alone; "
            f"unknown: {listing(unknown) or 'none'}."
        )
    return over


def prepare(
    models: xr.DataArray | Mapping[str, xr.DataArray | Model], data: xr.DataArray, over: frozenset[str]
) -> Inputs:
    """Models and RDMs with the same pairs in the same order; raise for what cannot be resampled."""
    named = _by_name(models)
    if SUBJECT not in data.dims:
        data = data.expand_dims(SUBJECT)
    aligned = align_pairs(data, *(model.rdms for model in named.values()))
    data, *rdms = (all_pairs(rdm.astype(np.float64)) for rdm in aligned)
    if not len({rdm.sizes[PAIR] for rdm in (data, *rdms)}) == 1:
        raise AlignmentError("models and data hold different stimuli.")
    parts = (np.asarray(rdm.values).reshape(-1, rdm.sizes[PAIR]) for rdm in rdms)
    kept = {name: (model, part) for (name, model), part in zip(named.items(), parts, strict=True)}
    inputs = Inputs(kept, data.transpose(..., SUBJECT, PAIR))
    _check(inputs, over)
    return inputs


def _by_name(models: xr.DataArray | Mapping[str, xr.DataArray | Model]) -> dict[str, Model]:
    if isinstance(models, Mapping):
        named = {
            str(name): model if isinstance(model, Model) else Fixed(model) for name, model in models.items()
        }
    elif MODEL in models.dims:
        names = models[MODEL].values if MODEL in models.coords else range(models.sizes[MODEL])
        named = {str(name): Fixed(models.isel({MODEL: at}, drop=True)) for at, name in enumerate(names)}
        if len(named) < models.sizes[MODEL]:
            raise SchemaError(f"models need names of their own; got {listing(names)}.")
    else:
        named = {str(models.name or MODEL): Fixed(models)}
    if not named:
        raise SchemaError("there is no model to evaluate.")
    for name, model in named.items():
        most = 2 if model.fitted else 1
        if model.rdms.ndim > most:
            raise SchemaError(
                f"model {name!r} has dims {model.rdms.dims}; a {type(model).__name__} model has dim "
                f"{PAIR!r}{' and one for its parts' if model.fitted else ' alone'}."
            )
    return named


def _check(inputs: Inputs, over: frozenset[str]) -> None:
    stimuli, subjects = inputs.size
    if SUBJECT in over and subjects < 2:
        raise RecordingError(
            "there is one subject: it cannot be said how others would differ, and there is no ceiling. "
            "Give several, or resample='stimulus', which generalises to new stimuli in this subject."
        )
    fewest, to = (FEWEST_TO_FIT, " to fit models") if inputs.fitted else (FEWEST_STIMULI, "")
    if (STIMULUS in over or inputs.fitted) and stimuli < fewest:
        raise RecordingError(
            f"{stimuli} stimuli are too few{to}: it takes {fewest}. "
            "Show more, or resample='subject' with fixed models."
        )

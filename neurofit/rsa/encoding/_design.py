"""Features and responses of the same stimuli, as plain numbers in one order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import AlignmentError, NeurofitError, RecordingError, SchemaError, listing, unknown_name
from ...names import LAYER, STIMULUS_ID, UNIT
from .._compare import check_shared_coords
from .._trials import by_stimulus, rows_of
from ._kernels import variance_of_means

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    import xarray as xr

    from .._trials import Flags, Numbers, Trials


@dataclass(frozen=True)
class Design:
    """What predicts and what is predicted, for the same stimuli in the same order."""

    layers: tuple[str, ...]  # names; empty where all features predict together
    features: tuple[Numbers, ...]  # one for each layer: (*outer, stimulus, feature)
    targets: Numbers  # (*shared, *inner, stimulus, unit), means over repeats
    noise: Numbers  # the same shape, noise variance of these means
    outer: tuple[str, ...]  # further dims of the features, in order; those that are `shared` first
    shared: tuple[str, ...]
    inner: tuple[str, ...]  # dims of the responses alone

    def pieces(self) -> Iterator[tuple[list[Numbers], Numbers, Numbers]]:
        """Features of each layer, targets and noise (entry, stimulus, unit), for each place in `outer`."""
        for at in np.ndindex(*self.outer_shape):
            own = at[: len(self.shared)]
            responses = (array[own].reshape(-1, *array.shape[-2:]) for array in (self.targets, self.noise))
            targets, noise = responses
            yield [layer[at] for layer in self.features], targets, noise

    @property
    def outer_shape(self) -> tuple[int, ...]:
        """Sizes of the further dims of the features."""
        return self.features[0].shape[:-2]

    @property
    def inner_shape(self) -> tuple[int, ...]:
        """Sizes of the dims of the responses alone."""
        return self.targets.shape[len(self.shared) : -2]

    @property
    def flat(self) -> Flags:
        """Units that do not vary over stimuli: (*shared, *inner, unit)."""
        return _is_flat(self.targets)


def design(features: xr.DataArray, responses: xr.DataArray, each: str | None) -> Design:
    """Match ``features`` and ``responses`` by stimulus; ``each`` is a coord of features that splits them."""
    sources, responded = _sorted_out(features, "features"), _sorted_out(responses, "responses")
    order = _matching(sources.ids, responded.ids)
    dims = [_further_dims(array) for array in (features, responses)]
    shared = tuple(dim for dim in dims[1] if dim in dims[0])
    together: set[Hashable] = set(shared)
    check_shared_coords((features, responses), shared=together)
    outer = (*shared, *(dim for dim in dims[0] if dim not in shared))
    inner = tuple(dim for dim in dims[1] if dim not in shared)
    source_means = _moved(sources.means[..., order, :], dims[0], outer)
    layers, groups = _groups(features, each, outer)
    _need_variation(source_means, layers, groups)
    noise = variance_of_means(responded.values, responded.stimulus)
    # Without its offset, a flat unit has no variance at all; with it, rounding would leave some.
    targets = np.where(_is_flat(responded.means)[..., None, :], 0.0, responded.means)
    return Design(
        layers=layers,
        features=tuple(source_means[..., group] for group in groups),
        targets=_moved(targets, dims[1], (*shared, *inner)),
        noise=_moved(noise, dims[1], (*shared, *inner)),
        outer=outer,
        shared=shared,
        inner=inner,
    )


def _sorted_out(array: xr.DataArray, what: str) -> Trials:
    try:
        return by_stimulus(array, STIMULUS_ID)
    except NeurofitError as error:
        raise type(error)(f"{what}: {error}") from error


def _matching(features: np.ndarray, responses: np.ndarray) -> list[int]:
    """Where each stimulus of ``responses`` is in ``features``; ids are compared as text."""
    have, want = ([str(name) for name in ids.tolist()] for ids in (features, responses))
    only = [listing(sorted(set(a) - set(b)), limit=20) or "none" for a, b in ((have, want), (want, have))]
    if set(have) != set(want):
        overlap = len(set(have) & set(want))
        raise AlignmentError(
            f"features and responses have {overlap} stimuli in common, and others that only one has. Only in "
            f"features: {only[0]}; only in responses: {only[1]}. Select the same ones in both: "
            f"{STIMULUS_ID!r} says which is which."
        )
    place = {name: index for index, name in enumerate(have)}
    return [place[name] for name in want]


def _further_dims(array: xr.DataArray) -> list[str]:
    return [str(dim) for dim in array.dims if dim not in (rows_of(array, STIMULUS_ID), UNIT)]


def _moved(values: Numbers, have: list[str], want: tuple[str, ...]) -> Numbers:
    return values.transpose(*(have.index(dim) for dim in want), -2, -1)


def _is_flat(means: Numbers) -> Flags:
    largest = np.abs(means).max(axis=-2)
    return np.ptp(means, axis=-2) <= 8 * np.finfo(float).eps * largest


def _groups(
    features: xr.DataArray, each: str | None, outer: tuple[str, ...]
) -> tuple[tuple[str, ...], list[np.ndarray]]:
    if each is None:
        return (), [np.arange(features.sizes[UNIT])]
    if each not in features.coords:
        raise unknown_name("coord", each, features.coords)
    if features[each].dims != (UNIT,) or LAYER in outer:
        raise SchemaError(
            f"each={each!r} splits units: it must be a coord of {UNIT!r}, here of {features[each].dims}, and "
            f"features must have no dim {LAYER!r} yet; got dims {features.dims}."
        )
    member = features[each].values.astype(str)
    names = tuple(dict.fromkeys(member.tolist()))
    return names, [np.flatnonzero(member == name) for name in names]


def _need_variation(means: Numbers, layers: tuple[str, ...], groups: list[np.ndarray]) -> None:
    still = [np.ptp(means[..., group], axis=-2).max(axis=-1).min() == 0 for group in groups]
    if any(still):
        names = [name for name, flat in zip(layers or ("all",), still, strict=True) if flat]
        raise RecordingError(
            f"features that are the same for all stimuli predict nothing: {listing(names)}. Leave these out."
        )

"""Labelled observables as plain arrays, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import SchemaError, listing
from ...names import FEATURE, GROUP, POINT, RULE, SAMPLE, STATISTIC
from ._held_out import Bank

if TYPE_CHECKING:
    import xarray as xr

Numbers = np.ndarray
WHAT_TO_DO = "Make them with plasticity.observables(trajectory, labels={...}) and xr.concat(..., 'sample')."


def features_of(observables: xr.DataArray) -> Numbers:
    """Values (sample, feature); raise where they are not observables."""
    problems = []
    if set(observables.dims) != {SAMPLE, FEATURE}:
        problems.append(f"dims are {observables.dims}, not {(SAMPLE, FEATURE)}")
    problems += [f"no coord {name!r}" for name in (STATISTIC, POINT) if name not in observables.coords]
    if not problems and not np.isfinite(observables.values).all():
        problems.append("values are not finite everywhere")
    if problems:
        raise SchemaError(f"not valid observables: {'; '.join(problems)}. {WHAT_TO_DO}")
    return observables.transpose(SAMPLE, FEATURE).to_numpy().astype(float)


def feature_names(observables: xr.DataArray) -> list[str]:
    """Statistic and point of each feature, as one text."""
    pairs = zip(observables[STATISTIC].values, observables[POINT].values, strict=True)
    return [f"{statistic} {point}" for statistic, point in pairs]


def texts(observables: xr.DataArray, name: str) -> Numbers | None:
    """A coord (sample,) as texts, if it is there."""
    if name not in observables.coords:
        return None
    coord = observables[name]
    return np.broadcast_to(coord.values.astype(str), observables.sizes[SAMPLE])


def bank_of(observables: xr.DataArray, groups: object) -> tuple[Bank, Numbers]:
    """Samples with the number of their rule and of their network, and the names of rules."""
    features = features_of(observables)
    rule = texts(observables, RULE)
    if rule is None:
        raise SchemaError(f"observables to learn from need the coord 'rule'. {WHAT_TO_DO}")
    group = texts(observables, groups) if isinstance(groups, str) else groups
    group = texts(observables, GROUP) if groups is None else group
    if group is None:
        raise SchemaError(
            f"which network is each sample from? There is no coord {str(groups or GROUP)!r}, and samples of "
            f"one network must not be on both sides of a split. Got coords {listing(observables.coords)}. "
            "Give groups=, one label for each sample, or the name of a coord."
        )
    rules, codes = np.unique(rule, return_inverse=True)
    return Bank(features, codes, numbered(group, codes), len(rules)), rules


def numbered(groups: object, codes: Numbers) -> Numbers:
    """The number of each sample's group; raise where one has more than one rule, told by ``codes``."""
    group = np.asarray(groups)
    if group.shape != codes.shape:
        raise SchemaError(
            f"groups have shape {group.shape}, and there are {len(codes)} samples: one for each."
        )
    names, numbers = np.unique(group, return_inverse=True)
    mixed = [str(name) for at, name in enumerate(names) if len(set(codes[numbers == at])) > 1]
    if mixed:
        raise SchemaError(
            f"groups with more than one rule: {listing(mixed, limit=5)}. A group is one network, and all its "
            "samples have the rule that it learns by."
        )
    return numbers

"""What a comparison says, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import listing
from ..names import AREA, BOUND, LAYER, MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import xarray as xr


@dataclass(frozen=True)
class Finding:
    """One area's row of the answer."""

    area: str
    layer: str | None
    reason: str
    similarity: float
    ceiling: float
    position: float
    position_interval: tuple[float, float]
    known: str | None

    @property
    def right(self) -> bool | None:
        """Whether the layer named is the known one; None where none is named or known."""
        return None if self.known is None or self.layer is None else self.layer == self.known


def findings(result: xr.Dataset, model: str, known: Mapping[str, str] | None = None) -> list[Finding]:
    """The answer for each area, against one model.

    A layer is not named where a model that cannot be told apart from the leading one names another of the
    same layers.
    """
    leader, equal = models_apart(result)
    rivals = equal if model == leader else []
    found = []
    for area in result[AREA].values.tolist():
        here = result.sel({AREA: area})
        row = _finding(here.sel({MODEL: model}), (known or {}).get(area))
        found.append(_contested(row, here.sel({MODEL: rivals}), model))
    return found


def _contested(row: Finding, rivals: xr.Dataset, model: str) -> Finding:
    """The row without its layer, if one of the rivals names another layer that it shares."""
    for rival in rivals[MODEL].values.tolist():
        other = _finding(rivals.sel({MODEL: rival}), None)
        shares = row.layer is not None and bool(rivals.share.sel({MODEL: rival, LAYER: row.layer}).notnull())
        if shares and other.layer not in (None, row.layer):
            why = f"{row.layer} by {model}, but {other.layer} by {rival}, which is not told apart from it"
            return replace(row, layer=None, reason=why)
    return row


def _finding(one: xr.Dataset, known: str | None) -> Finding:
    conclusive = bool(one.conclusive)
    best = one.isel({LAYER: int(one.share.fillna(0).argmax(LAYER))})
    return Finding(
        area=str(one[AREA].values),
        layer=str(best[LAYER].values) if conclusive else None,
        reason=str(one.reason.values),
        similarity=float(best.similarity),
        ceiling=float(one.ceiling),
        position=float(one.position),
        position_interval=(float(one.position_interval[0]), float(one.position_interval[1])),
        known=known,
    )


def headline(rows: list[Finding]) -> str:
    """The layers named, in a sentence; the areas that are left open in another."""
    named = [f"{row.area} by {row.layer}" for row in rows if row.layer]
    left_open = [row.area for row in rows if not row.layer]
    told = f"Best explained: {listing(named)}." if named else "No area can be matched to a layer."
    return f"{told} Inconclusive: {listing(left_open)}." if named and left_open else told


def agreement(rows: list[Finding]) -> str | None:
    """Whether the layers named are the known ones."""
    told = [row for row in rows if row.known is not None]
    wrong, left_open = (
        [f"{row.area} (known: {row.known})" for row in told if row.right is kind] for kind in (False, None)
    )
    if not told:
        return None
    if wrong:
        return f"The layers do not match the known answer for: {listing(wrong)}."
    if left_open:
        return f"The layers named match the known answer. Left open: {listing(left_open)}."
    return "The layers match the known answer for every area."


def models_apart(result: xr.Dataset) -> tuple[str, list[str]]:
    """The leading model, and those that cannot be told apart from it."""
    leader = str(result.attrs["leading_model"])
    lower = result.deficit_interval.isel({BOUND: 0})
    others = (name for name in result[MODEL].values.tolist() if name != leader)
    return leader, [name for name in others if not float(lower.sel({MODEL: name})) > 0]


def model_agreement(result: xr.Dataset, known: str) -> str:
    """Whether the kind of network that drove a simulation is the leading one, or among those left."""
    leader, equal = models_apart(result)
    if known == leader:
        kept = "the leading one"
    elif known in equal:
        kept = "one of those that cannot be told apart"
    else:
        kept = "neither the leading one nor one of those that cannot be told apart"
    return f"The recording was made with {known}: {kept}."


def models(result: xr.Dataset) -> str:
    """Which model is most similar, and which others cannot be told apart from it."""
    leader, equal = models_apart(result)
    others = [name for name in result[MODEL].values.tolist() if name != leader]
    if not others:
        return f"One model was compared: {leader}."
    behind = [name for name in others if name not in equal]
    parts = [f"Of {len(others) + 1} models, {leader} has the highest score on stimuli left out."]
    if equal:
        parts.append(f"Not told apart from it: {listing(equal)}.")
    if behind:
        parts.append(f"Behind it: {listing(behind)}.")
    return " ".join(parts)


def hierarchy(result: xr.Dataset, model: str) -> str | None:
    """Whether later areas lie at later layers."""
    one = result.sel({MODEL: model})
    rise, (low, high) = float(one.hierarchy), one.hierarchy_interval.values
    if not np.isfinite(rise):
        return None
    words = "That later areas lie at later layers is not shown"
    if low > 0 or high < 0:
        words = f"Later areas lie at {'later' if low > 0 else 'earlier'} layers"
    told = (
        f"{words}: from the first area to the last, the position changes by {rise:+z.2f} "
        f"(95 % of draws: {low:+z.2f} to {high:+z.2f})."
    )
    return " ".join([told, *_hierarchy_controls(one)])


def _hierarchy_controls(one: xr.Dataset) -> Iterator[str]:
    """What the rise is with units exchanged between areas, and in the network before training."""
    low, high = one.hierarchy_null.values
    if np.isfinite(low):
        yield (
            "With units exchanged between areas, at equal signal to noise, 95 % of changes lie from "
            f"{low:+z.2f} to {high:+z.2f} (p = {float(one.p_hierarchy):.3f} for such a rise)."
        )
    low, high = one.hierarchy_advantage_interval.values
    if np.isfinite(low):
        yield (
            f"It is {float(one.hierarchy_advantage):+z.2f} above that of the untrained network "
            f"(95 % of draws: {low:+z.2f} to {high:+z.2f})."
        )


def summary(
    result: xr.Dataset, *, known: Mapping[str, str] | None = None, known_model: str | None = None
) -> str:
    """What a comparison found, as text for a terminal.

    Parameters
    ----------
    result
        As ``neurofit.compare.areas_to_layers`` gives it.
    known
        The layer that drives each area, where a simulation knows it.
    known_model
        The model of the kind that drives them, where a simulation knows it.

    Returns
    -------
    str
        A few lines.
    """
    model = str(result.attrs["leading_model"])
    rows = findings(result, model, known)
    width = max(len(row.area) for row in rows)
    table = [
        f"  {row.area:<{width}}  {row.reason}  (similarity {row.similarity:z.2f}, ceiling {row.ceiling:z.2f})"
        for row in rows
    ]
    lines = [headline(rows), *table, hierarchy(result, model), models(result), agreement(rows)]
    if known_model is not None:
        lines.append(model_agreement(result, known_model))
    return "\n".join(line for line in lines if line)

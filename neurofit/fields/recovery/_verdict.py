"""What the returns say together, one rule after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._ratio import Ratio

FUNCTION, WEIGHTS, ROWS, NULL = "function", "weights", "row_space", "null_space"
SAME, NEW = "same minimum", "new minimum"
GONE, DECAY, OPEN = "function does not return", "decay", "inconclusive"


def verdict(
    undone: Mapping[str, Ratio], control: Mapping[str, Ratio], net: Mapping[str, Ratio]
) -> tuple[str, str]:
    """The verdict and its reason, from what was undone, without learning, and against that."""
    function = undone[FUNCTION]
    if not function.known:
        return OPEN, "the perturbation does not change function beyond noise: nothing can return"
    if function.side == "below":
        return GONE, f"less than half of the loss of function is undone {_told(function)}"
    if function.side == "over":
        return OPEN, f"the interval of the return of function is over one half {_told(function)}"
    return _by_learning(control) or _which(undone, control, net)


def _by_learning(control: Mapping[str, Ratio]) -> tuple[str, str] | None:
    """None if function comes back by learning, and not by itself."""
    alone = control.get(FUNCTION)
    if alone is None:
        return OPEN, "function returns; without a control it may do so by itself, as by decay"
    if not alone.known:
        return OPEN, "the perturbation does not change function of the control beyond noise"
    if alone.side == "above":
        return DECAY, f"function returns without learning too {_told(alone)}"
    if alone.side == "over":
        return OPEN, f"the interval of the return without learning is over one half {_told(alone)}"
    return None


def _which(
    undone: Mapping[str, Ratio], control: Mapping[str, Ratio], net: Mapping[str, Ratio]
) -> tuple[str, str]:
    """Which minimum function returned to, by weights: those that function does not depend on, if told."""
    if WEIGHTS not in undone:
        return OPEN, "function returns by learning; which minimum that is only weights can tell"
    if ROWS in undone and undone[ROWS].known and undone[ROWS].side == "below":
        return OPEN, "function returns, but not the weights that constraints say it depends on"
    where = NULL if NULL in undone and undone[NULL].known else WEIGHTS
    what = "weights that function does not depend on" if where == NULL else "weights"
    back = undone[where]
    if not back.known:
        return OPEN, "weights were not moved beyond noise"
    told = {
        "below": (NEW, f"function returns by learning, {what} do not {_told(back)}"),
        "over": (OPEN, f"the interval of the return of {what} is over one half {_told(back)}"),
    }
    return told.get(back.side) or _not_by_decay(what, control.get(where), net[where])


def _not_by_decay(what: str, alone: Ratio | None, beyond: Ratio) -> tuple[str, str]:
    """Whether weights that returned would have done so without learning."""
    if alone is None:
        return OPEN, f"{what} return; without a control of them they may do so by decay"
    if not alone.known:
        return OPEN, f"{what} return, but were not moved beyond noise in the control"
    if not beyond.known:
        return DECAY, f"{what} return without learning too {_told(alone)}"
    return {
        "above": (SAME, f"function and {what} return, beyond what they do without learning {_told(beyond)}"),
        "below": (DECAY, f"{what} return little more than without learning {_told(beyond)}"),
        "over": (OPEN, f"the return of {what} beyond that without learning is not clear {_told(beyond)}"),
    }[beyond.side]


def _told(one: Ratio) -> str:
    low, high = one.interval
    return f"({one.value:.2f}, {low:.2f} to {high:.2f})"

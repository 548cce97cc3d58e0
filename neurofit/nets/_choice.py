"""A choice by name, with options: how tasks, circuits, costs and rules are told to whoever makes networks."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import TrainingError, listing, unknown_name
from ..provenance import plain

if TYPE_CHECKING:
    from ..registry import Registry

Made = TypeVar("Made")
Choice = str | Mapping[str, Any]
LONGEST_OPTION = 60


def make(registry: Registry[Callable[..., Made]], choice: Choice, *given: object) -> Made:
    """What ``choice`` names in ``registry``, made with what is ``given`` and the options of the choice.

    Parameters
    ----------
    registry
        Where the name is looked up.
    choice
        A name, or a mapping with ``name`` and the options of what it names, such as
        ``{"name": "mlp", "hidden": [32]}``.
    *given
        Further arguments, in place.

    Returns
    -------
    object

    Raises
    ------
    UnknownNameError
        If the name or an option does not exist; the nearest one is named.
    TrainingError
        If ``choice`` is neither a name nor a mapping with one.

    Examples
    --------
    >>> from neurofit import nets
    >>> stages = make(nets.architectures, {"name": "mlp", "hidden": (5,)}, (1, 4, 4), 3)
    >>> [stage.name for stage in stages]
    ['hidden1', 'readout']
    """
    name, options = parted(choice)
    factory = registry[name]
    known = list(inspect.signature(factory).parameters)[len(given) :]
    for option in options:
        if option not in known:
            raise unknown_name(f"option of {registry.kind} {name!r}", option, known)
    return factory(*given, **options)


def parted(choice: Choice) -> tuple[str, dict[str, Any]]:
    """The name in a choice, and its options."""
    if isinstance(choice, str):
        return choice, {}
    if not isinstance(choice, Mapping) or not isinstance(choice.get("name"), str):
        raise TrainingError(
            f"a choice is a name or a mapping such as {{'name': 'mlp', 'hidden': [32]}}, not {choice!r}"
        )
    return choice["name"], {option: value for option, value in choice.items() if option != "name"}


def said(choice: Choice) -> str:
    """A choice in words: its name and, in brackets, its options."""
    name, options = parted(choice)
    if not options:
        return name
    words = (
        f"{option}={_cut(value if isinstance(value, str) else json.dumps(plain(value)))}"
        for option, value in options.items()
    )
    return f"{name} ({listing(words)})"


def _cut(text: str) -> str:
    """A table of connections is no part of a name."""
    return text if len(text) <= LONGEST_OPTION else f"{text[:LONGEST_OPTION]}..."


def as_json(choice: Choice) -> Any:
    """A choice as JSON can hold it; raise where an option cannot be written down."""
    name, options = parted(choice)
    if not options:
        return name
    try:
        return json.loads(json.dumps({"name": name, **options}, default=_plainly))
    except TypeError as unwritable:
        raise TrainingError(
            f"the options of {name!r} have to be numbers, text, lists or mappings, so that the recipe of the "
            f"network can be written down: {unwritable}"
        ) from None


def _plainly(value: object) -> Any:
    written = plain(value)
    if isinstance(written, str):
        raise TypeError(f"got {value!r}")
    return written

"""Of which neurodata type something stored is, and which types that one extends."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from ..session._columns import text

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEF, _INC = "neurodata_type_def", "neurodata_type_inc"


def lineage(item: Any, parents: dict[str, str]) -> tuple[str, ...]:
    """The type of ``item`` and all that it extends; what an unknown type looks like, where it is unknown."""
    kind = text(item.attrs.get("neurodata_type", ""))
    known = [kind] if kind else []
    while known and known[-1] in parents and parents[known[-1]] not in known:
        known.append(parents[known[-1]])
    core = [name for kind in known for name in _core(kind)]
    return tuple(dict.fromkeys([*known, *(core if core or not known else _looks_like(item))]))


def parents_in(root: Any) -> dict[str, str]:
    """Each type that the specifications kept in the file define, with the one that it extends."""
    found: dict[str, str] = {}
    for specification in _specifications(root.get("specifications")):
        try:
            found |= _defined(json.loads(specification))
        except (ValueError, RecursionError):
            continue  # A specification that cannot be read defines nothing.
    return found


def _specifications(group: Any) -> Iterator[str]:
    for name in group if group is not None and not hasattr(group, "shape") else ():
        item = group.get(name)
        if hasattr(item, "shape"):
            yield text(item[()])
        else:
            yield from _specifications(item)


def _defined(specification: Any) -> dict[str, str]:
    if isinstance(specification, list):
        return {name: parent for part in specification for name, parent in _defined(part).items()}
    if not isinstance(specification, dict):
        return {}
    found = _defined(list(specification.values()))
    # hdmf's own namespace says data_type where NWB says neurodata_type.
    defined = specification.get(_DEF, specification.get("data_type_def"))
    extended = specification.get(_INC, specification.get("data_type_inc"))
    if isinstance(defined, str) and isinstance(extended, str):
        found[defined] = extended
    return found


@cache
def _core(kind: str) -> tuple[str, ...]:
    """``kind`` and what it extends, if it is one of NWB's own types."""
    from pynwb import get_manager

    catalog = get_manager().type_map
    for namespace in ("core", "hdmf-common"):
        try:
            found = catalog.get_dt_container_cls(kind, namespace)
        except (ValueError, KeyError):
            continue
        return tuple(parent.__name__ for parent in found.__mro__)
    return ()


def _looks_like(item: Any) -> tuple[str, ...]:
    if hasattr(item, "shape"):
        return ()
    if item.name == "/units":
        return ("Units", "DynamicTable")
    if "colnames" in item.attrs:
        return ("TimeIntervals", "DynamicTable") if "start_time" in item else ("DynamicTable",)
    return ("TimeSeries",) if "data" in item and ("timestamps" in item or "starting_time" in item) else ()

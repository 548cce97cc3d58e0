"""An NWB file as it is stored: the few attributes of pynwb's objects that the readers use, and no more.

For files that pynwb refuses as a whole because of one odd part, and for those that it cannot open.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..session._columns import text
from ._lineage import lineage, parents_in
from ._zarr import Reference

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPE = "neurodata_type"


class StoredFile:
    """The root of the file, with every typed part in it."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._parents = parents_in(root)
        self.objects = {part.path: part for part in self._parts(root, set())}
        self.units = next((part for path, part in self.objects.items() if path == "/units"), None)

    def __getattr__(self, name: str) -> Any:
        places = (self._root.get(f"{folder}{name}") for folder in ("", "general/"))
        found = next((item for item in places if item is not None), None)
        if found is None or hasattr(found, "shape"):
            return None if found is None else text(found[()])
        return self.part(found)

    def part(self, item: Any) -> Part:
        """The typed part that is stored as ``item``."""
        kinds = lineage(item, self._parents)
        plain = Column if hasattr(item, "shape") else Part
        kind = next((kind for name, kind in _PARTS.items() if name in kinds), plain)
        return kind(item, kinds, self)

    def at(self, reference: Any) -> Part | None:
        """The part that a stored reference points to; None where that is nowhere."""
        try:
            return self.part(self._root[reference])
        except (KeyError, ValueError, TypeError, OSError, RuntimeError):
            return None

    def _parts(self, group: Any, seen: set[object]) -> Iterator[Part]:
        """Every typed part in ``group``, once, however many links lead to it."""
        for name in group:
            item = None if _is_soft_link(group, name) else group.get(name)
            if item is None or _identity(item) in seen:  # A link to nowhere, or back.
                continue
            seen.add(_identity(item))
            part = self.part(item)
            if part.types:
                yield part
            if not hasattr(item, "shape") and part.path != "/specifications":
                yield from self._parts(item, seen)


class Part:
    """A group or dataset with a type. What it does not have is None, as in pynwb."""

    def __init__(self, item: Any, types: tuple[str, ...], file: StoredFile) -> None:
        self.item, self.types, self.file = item, types, file
        self.path: str = item.name
        self.name = self.path.rsplit("/", 1)[-1]
        self.neurodata_type = text(item.attrs.get(TYPE, types[0] if types else ""))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self.item.attrs:
            return self._value(self.item.attrs[name])
        found = None if hasattr(self.item, "shape") else _linked(self.item, name)
        if found is None:
            return None
        if _is_soft_link(self.item, name):  # What is linked keeps its own name.
            found = self.item[self.item.get(name, getlink=True).path]
        if TYPE in found.attrs or not hasattr(found, "shape"):
            return self.file.part(found)
        return found if found.shape else self._value(found[()])

    def _value(self, value: Any) -> Any:
        if is_reference(value):
            return self.file.at(value)
        return text(value) if isinstance(value, bytes) else value

    @property
    def parent(self) -> Part:
        """The group that holds this part."""
        return self.file.part(self.item.parent)


class Column(Part):
    """A dataset; references in it are the parts that they point to."""

    @property
    def data(self) -> Any:
        """The values as they are stored."""
        return self.item

    def __len__(self) -> int:
        return int(self.item.shape[0])

    def __getitem__(self, rows: Any) -> Any:
        values = self.item[rows]
        if np.ndim(values) and len(values) and all(map(is_reference, values)):
            return [self.file.at(value) for value in values]
        return values


class Table(Part):
    """A table whose columns are datasets of one group."""

    @cached_property
    def colnames(self) -> list[str]:
        """Names of the columns; where the file does not list them, all datasets of the length of the ids."""
        listed = [text(name) for name in np.atleast_1d(self.item.attrs.get("colnames", []))]
        if listed:
            return [name for name in listed if name in self.item]
        return [name for name in self.item if name != "id" and not name.endswith("_index")]

    @property
    def columns(self) -> list[Part]:
        """The columns, and the indices of those that are ragged."""
        names = [name for name in self.item if name != "id" and self._belongs(name)]
        return [self.file.part(self.item[name]) for name in names]

    def _belongs(self, name: str) -> bool:
        stem = name
        while stem.endswith("_index") and stem not in self.colnames:
            stem = stem.removesuffix("_index")
        return stem in self.colnames

    @property
    def id(self) -> Part:
        """Ids of the rows; where there are none, their numbers."""
        if "id" in self.item:
            return self.file.part(self.item["id"])
        raise KeyError(f"table {self.name} has no ids")

    def __len__(self) -> int:
        return len(self.id)

    def __getitem__(self, name: Any) -> Any:
        if name not in self.item:
            raise KeyError(f"table {self.name} has no column {name}")
        index = f"{name}_index"
        if index not in self.item:
            return self.file.part(self.item[name])
        while f"{index}_index" in self.item:
            index += "_index"
        # By its name it is an index, even where it has lost its type: its numbers are not the column's.
        return Index(self.item[index], ("VectorIndex",), self.file)


class Index(Column):
    """Where the values of each row of a ragged column end."""

    @property
    def target(self) -> Any:
        """The column that this one indexes."""
        named = self.item.parent.get(self.name.removesuffix("_index"))
        return self.file.at(self.item.attrs["target"]) if named is None else self.file.part(named)


class Region(Column):
    """Rows of another table."""

    @property
    def table(self) -> Any:
        """The table that the rows are of."""
        return self.file.at(self.item.attrs["table"]) if "table" in self.item.attrs else None


class Series(Part):
    """A series of samples, regular or with a time for each."""

    @property
    def data(self) -> Any:
        """The samples as stored, before ``conversion`` and ``offset``."""
        return self.item.get("data")

    @property
    def unit(self) -> str:
        """Unit of the samples once converted."""
        return text(self._said("unit", ""))

    @property
    def conversion(self) -> float:
        """Factor from the samples as stored to ``unit``."""
        return float(self._said("conversion", 1.0))

    @property
    def offset(self) -> float:
        """What is added after that."""
        return float(self._said("offset", 0.0))

    @property
    def rate(self) -> float | None:
        """Samples per second, where they are regular."""
        start = self.item.get("starting_time")
        return float(start.attrs["rate"]) if start is not None and "rate" in start.attrs else None

    def _said(self, name: str, default: Any) -> Any:
        return default if self.data is None else self.data.attrs.get(name, default)


_PARTS: dict[str, type[Part]] = {
    "VectorIndex": Index,
    "DynamicTableRegion": Region,
    "DynamicTable": Table,
    "TimeSeries": Series,
}


def _linked(group: Any, name: str) -> Any:
    """What is called ``name`` in ``group``, as it is called where it lies; None where there is nothing."""
    return group.get(group.get(name, getlink=True).path if _is_soft_link(group, name) else name)


def _is_soft_link(group: Any, name: str) -> bool:
    """Whether another name of the same file leads to what is called ``name``."""
    import h5py

    return isinstance(group, h5py.Group) and isinstance(group.get(name, getlink=True), h5py.SoftLink)


def _identity(item: Any) -> object:
    import h5py

    if not isinstance(item, h5py.HLObject):
        return item.name
    info = h5py.h5o.get_info(item.id)
    return info.fileno, info.addr


def is_reference(value: Any) -> bool:
    """Whether a stored ``value`` points to another part of the file."""
    import h5py

    return isinstance(value, h5py.Reference | Reference)

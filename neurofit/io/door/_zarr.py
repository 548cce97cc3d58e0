"""An NWB recording in a Zarr folder, with the few attributes of h5py's groups that the readers use.

hdmf-zarr, which writes such folders, cannot be installed beside the Zarr library that neurofit needs, so they
are read as they are stored (https://hdmf-zarr.readthedocs.io/en/stable/storage.html). Columns of references
are kept as pickles there: pickles can run code, so they are not read.
"""

from __future__ import annotations

import json
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import MissingExtraError, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GROUP, ARRAY = ".zgroup", ".zarray"
_OBJECTS = "|O"
_SAFE = ("vlen-utf8", "vlen-bytes", "json2")


class Reference(str):
    """The path of another part of the same folder."""

    __slots__ = ()


class _Node:
    """A group or array at ``folder``, called ``name`` in the folder ``file``."""

    def __init__(self, folder: Path, name: str = "/", file: Group | None = None) -> None:
        self.folder, self.name, self._file = folder, name, file

    @property
    def file(self) -> Any:
        """The root group."""
        return self if self._file is None else self._file

    @property
    def parent(self) -> Any:
        """The group that holds this one."""
        return self.file[self.name.rpartition("/")[0] or "/"]

    @cached_property
    def attrs(self) -> dict[str, Any]:
        """Attributes; references among them as ``Reference``."""
        path = self.folder / ".zattrs"
        said = json.loads(path.read_bytes()) if path.is_file() else {}
        return {name: _referring(value) for name, value in said.items()}


class Group(_Node):
    """A group, with the links in it followed."""

    def ways_out(self) -> Iterator[tuple[str, str]]:
        """Links from this folder to anything outside it, each with where it goes."""
        for item in sorted(self.folder.rglob("*")):
            name = str(item.relative_to(self.folder))
            if item.is_symlink():
                yield name, str(item.readlink())
            elif item.name == ".zattrs":
                sources = [
                    link.get("source", ".") for link in json.loads(item.read_bytes()).get("zarr_link", [])
                ]
                yield from ((name, source) for source in sources if source != ".")

    def __iter__(self) -> Iterator[str]:
        own = [item.name for item in self.folder.iterdir() if _is_node(item)]
        yield from sorted({*own, *self._links})

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def get(self, name: str) -> Any:
        """What is called ``name``; None where there is no such thing."""
        try:
            return self[name]
        except KeyError:
            return None

    def __getitem__(self, path: str) -> Any:
        if path.startswith("/") and self is not self.file:
            return self.file[path]
        first, _, rest = path.strip("/").partition("/")
        if not first:
            return self
        found = self.file[self._links[first]] if first in self._links else self._own(first)
        return found[rest] if rest else found

    def _own(self, name: str) -> Any:
        folder = self.folder / name
        if name in (".", "..") or not _is_node(folder):
            raise KeyError(name)
        kind = Array if (folder / ARRAY).is_file() else Group
        return kind(folder, f"{self.name.rstrip('/')}/{name}", self.file)

    @cached_property
    def _links(self) -> dict[str, str]:
        links = self.attrs.get("zarr_link", [])
        return {link["name"]: link["path"] for link in links if link.get("source", ".") == "."}


class Array(_Node):
    """An array. Single values are stored as arrays of one."""

    @cached_property
    def _described(self) -> dict[str, Any]:
        return json.loads((self.folder / ARRAY).read_bytes())

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes; none for a single value."""
        return () if self.attrs.get("zarr_dtype") == "scalar" else tuple(self._described["shape"])

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values as they are stored."""
        return np.dtype(self._described["dtype"])

    def nbytes_stored(self) -> int:
        """Bytes on disk."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Any:
        values = self._objects() if self._described["dtype"] == _OBJECTS else self._numbers()
        return values[rows] if self.shape else np.asarray(values[:]).reshape(-1)[0]

    def _numbers(self) -> Any:
        try:
            import zarr
        except ImportError:
            raise MissingExtraError("zarr", "zarr", "reading Zarr") from None
        return zarr.open_array(self.folder, mode="r", zarr_format=2)

    def _objects(self) -> np.ndarray[Any, Any]:
        from numcodecs import get_codec

        (length,), (step,) = self._described["shape"], self._described["chunks"]
        filters = self._described["filters"] or []
        if any(one["id"] not in _SAFE for one in filters):
            raise OSError(f"{self.name} is kept as {filters[0]['id']}, which is not read")
        steps = [self._described["compressor"], *reversed(filters)]
        codecs = [get_codec(dict(one)) for one in steps if one is not None]
        values = np.full(length, "", dtype=object)
        for number in range(ceil(length / step)):
            chunk = self.folder / str(number)
            if chunk.is_file():
                content: Any = chunk.read_bytes()
                for codec in codecs:
                    content = codec.decode(content)
                own = values[number * step : (number + 1) * step]
                own[:] = np.asarray(content, dtype=object).reshape(-1)[: len(own)]
        return values


def root(path: Path) -> Group:
    """The root group of the Zarr folder at ``path``."""
    if not (path / GROUP).is_file():
        raise RecordingError(f"{path} is a folder in Zarr's format 3; NWB is kept in format 2")
    return Group(path)


def _is_node(folder: Path) -> bool:
    return (folder / GROUP).is_file() or (folder / ARRAY).is_file()


def _referring(value: Any) -> Any:
    target = value.get("value") if isinstance(value, dict) else None
    if not isinstance(target, dict) or "path" not in target:
        return value
    return Reference(target["path"]) if target.get("source", ".") == "." else None

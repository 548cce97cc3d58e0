"""Ways in which an NWB file can be odd or broken, by name: the registry, and how its entries are applied."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from ..errors import SchemaError
from ..registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    Quirk = Callable[[Path], None]

quirks: Registry[Quirk] = Registry("quirk")
_OF_BYTES: set[str] = set()


def in_hdf5(name: str, **options: Any) -> Callable[[Callable[[Any], None]], Quirk]:
    """Return a decorator that enters an edit of the open HDF5 file, opened with ``options``, as a quirk."""

    def enter(edit: Callable[[Any], None]) -> Quirk:
        @wraps(edit)
        def quirk(path: Path) -> None:
            import h5py

            with h5py.File(path, "r+", **options) as file:
                edit(file)

        return quirks.register(name)(quirk)

    return enter


def in_bytes(name: str) -> Callable[[Quirk], Quirk]:
    """Return a decorator that enters an edit of the closed file as a quirk, applied after all others."""
    _OF_BYTES.add(name)
    return quirks.register(name)


def ordered(names: Iterable[str]) -> list[str]:
    """``names`` in the order in which they are to be applied, each once; an unknown one raises."""
    known = {name: quirks[name] for name in names}
    return sorted(known, key=_OF_BYTES.__contains__)


def apply(path: Path, names: Sequence[str]) -> None:
    """Change the file at ``path`` in the ways of ``names``, one after the other."""
    for place, name in enumerate(names):
        try:
            quirks[name](path)
        except (KeyError, OSError, ValueError) as error:
            before = " and ".join(map(repr, names[:place])) or "anything"
            raise SchemaError(f"quirk {name!r} cannot follow {before}: {error}") from error


def replace(file: Any, name: str, values: Any = None, **storage: Any) -> None:
    """Store ``values`` under ``name`` instead of what is there; attributes and references to it are kept."""
    attrs = dict(file[name].attrs)
    del file[name]
    stored = file.create_dataset(name, data=values, **storage)
    stored.attrs.update(attrs)
    if f"{name}_index" in file:
        file[f"{name}_index"].attrs["target"] = stored.ref


def remove_column(file: Any, table: str, *names: str) -> None:
    """Take columns out of a table, and out of its list of columns."""
    for name in names:
        del file[table][name]
    listed = file[table].attrs["colnames"]
    file[table].attrs["colnames"] = [column for column in listed if column not in names]

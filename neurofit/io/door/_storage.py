"""What lies at a path or address: an HDF5 file here or on a server, or a Zarr folder, open for reading."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import RecordingError
from ._remote import opened_remotely
from ._zarr import root

if TYPE_CHECKING:
    from collections.abc import Iterator


def is_address(path: str | Path) -> bool:
    """Whether ``path`` is the address of a file on a server."""
    return str(path).startswith(("http://", "https://"))


def base_name(path: str | Path) -> str:
    """The last part of a path or address."""
    return str(path).split("?")[0].rstrip("/").rsplit("/", 1)[-1] if is_address(path) else Path(path).name


@contextmanager
def stored_at(path: str | Path) -> Iterator[Any]:
    """The root group of what is stored at ``path``, closed again at the end of the block."""
    import h5py

    if not is_address(path) and is_zarr(Path(path)):
        yield root(Path(path))
        return
    source = opened_remotely(str(path)) if is_address(path) else _local(Path(path))
    try:
        file = h5py.File(source, "r")
    except (OSError, RuntimeError, ValueError) as error:
        raise RecordingError(
            f"{path} cannot be opened: it is damaged, cut short or in use. HDF5 says: {error}"
        ) from error
    with file:
        yield file


def is_zarr(path: Path) -> bool:
    """Whether ``path`` is a folder that holds a Zarr group."""
    return any((path / name).is_file() for name in (".zgroup", "zarr.json"))


def _local(path: Path) -> Path:
    import h5py

    if path.is_dir():
        raise RecordingError(f"{path} is a folder; give the path of one NWB file")
    if not path.exists():
        raise RecordingError(f"there is no file {path}")
    if path.stat().st_size == 0:
        raise RecordingError(f"{path} is empty")
    if not h5py.is_hdf5(path):
        raise RecordingError(f"{path} is not an HDF5 file, so not an NWB file")
    return path

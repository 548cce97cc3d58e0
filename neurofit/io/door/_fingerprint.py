"""Which file it was: enough to notice another one under the same name."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import RecordingError
from ._remote import ends_of
from ._storage import is_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MIB = 2**20


def fingerprint(path: str | Path, *, full: bool = False) -> dict[str, Any]:
    """What tells the file at ``path`` from any other: its size, when it was changed, and hashes.

    Parameters
    ----------
    path
        A file, a Zarr folder, or an address on a server.
    full
        Whether to hash the whole file, rather than its first and last MiB.

    Returns
    -------
    dict
        ``size`` in bytes; ``modified`` (ns since 1970) or, from a server, ``etag``; ``ends_sha256`` of the
        first and the last MiB, no byte twice (of a folder: of the names and sizes of its files); ``sha256``
        of all bytes where ``full``.

    Raises
    ------
    RecordingError
        If there is nothing at ``path``, or its whole hash is asked of a server.

    Examples
    --------
    >>> fingerprint("no_such_file.nwb")
    Traceback (most recent call last):
    ...
    neurofit.errors.RecordingError: there is nothing at no_such_file.nwb
    """
    if is_address(path):
        if full:
            raise RecordingError(f"the SHA-256 of {path} needs the whole file; download it first")
        size, etag, ends = ends_of(str(path), MIB)
        return {"size": size, "etag": etag, "ends_sha256": _digest(ends)}
    path = Path(path)
    if not path.exists():
        raise RecordingError(f"there is nothing at {path}")
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    stats = [file.stat() for file in files]
    listed = [
        f"{file.relative_to(path)} {stat.st_size}\n".encode() for file, stat in zip(files, stats, strict=True)
    ]
    found: dict[str, Any] = {
        "size": sum(stat.st_size for stat in stats),
        "modified": max((stat.st_mtime_ns for stat in stats), default=0),
        "ends_sha256": _digest(listed if path.is_dir() else _ends(path)),
    }
    return found | ({"sha256": _digest(block for file in files for block in _blocks(file))} if full else {})


def _digest(blocks: Iterable[bytes]) -> str:
    """The SHA-256 of ``blocks``, one after the other, in hexadecimal digits."""
    state = sha256()
    for block in blocks:
        state.update(block)
    return state.hexdigest()


def _ends(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    with path.open("rb") as file:
        yield file.read(MIB)
        file.seek(max(size - MIB, MIB))
        yield file.read(MIB)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(MIB):
            yield block

"""The door to a file: what comes through is an NWB 2 file that can be read, and nothing outside it."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RecordingError, listing
from ._columns import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._report import Report

READABLE_VERSION = "2"


@dataclass(frozen=True)
class Recording:
    """An open NWB file as pynwb shows it (``nwb``), and as it is stored (``file``)."""

    nwb: Any
    file: Any
    manager: Any

    @property
    def version(self) -> str:
        """Version of the NWB format that the file was written in."""
        return text(self.file.attrs["nwb_version"])

    def all(self, kind: str) -> list[Any]:
        """Every part of the file of the neurodata type ``kind`` or of one that extends it."""
        return [part for part in self.nwb.objects.values() if is_a(part, kind)]

    def stored(self, container: Any) -> Any:
        """The HDF5 group that ``container`` was read from."""
        path: str = self.manager.get_builder(container).path
        return self.file[path.removeprefix("root")]


def is_a(container: Any, kind: str) -> bool:
    """Whether ``container`` is of the neurodata type ``kind``, such as ``"TimeSeries"``, or extends it."""
    return any(parent.__name__ == kind for parent in type(container).__mro__)


@contextmanager
def opened(path: str | Path, *, report: Report, allow_external: bool = False) -> Iterator[Recording]:
    """The NWB file at ``path``, closed again at the end of the block.

    What pynwb warns of, while opening and inside the block, goes into the report.
    """
    import h5py

    path = Path(path)
    _refuse_what_is_no_hdf5(path)
    with _noting_warnings(report):
        try:
            file = h5py.File(path, "r")
        except OSError as error:
            raise RecordingError(
                f"{path} cannot be opened: it is damaged, cut short or in use. HDF5 says: {error}"
            ) from error
        with file:
            _refuse_what_is_no_nwb(path, file)
            if not allow_external:
                _refuse_links_out(path, file)
            with _pynwb_io(path, file) as recording:
                yield recording


@contextmanager
def _pynwb_io(path: Path, file: Any) -> Iterator[Recording]:
    from pynwb import NWBHDF5IO

    # pynwb and hdmf raise nearly every type on files that break the format; the cause stays attached.
    try:
        io = NWBHDF5IO(file=file, mode="r")
        nwb = io.read()
    except Exception as error:
        raise RecordingError(f"{path} breaks the NWB format, pynwb cannot read it: {error}") from error
    with io:
        try:
            yield Recording(nwb, file, io.manager)
        except OSError as error:
            raise RecordingError(f"{path} holds data that cannot be read: {error}") from error


@contextmanager
def _noting_warnings(report: Report) -> Iterator[None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    told = [warning for warning in caught if not issubclass(warning.category, DeprecationWarning)]
    for message in dict.fromkeys(str(warning.message) for warning in told):
        # Schemas cached in the file that are older than pynwb's own say nothing about the data.
        if "cached namespace" not in message:
            report.note(message, where="pynwb")


def _refuse_what_is_no_hdf5(path: Path) -> None:
    import h5py

    if path.is_dir():
        raise RecordingError(f"{path} is a folder; give the path of one NWB file")
    if not path.exists():
        raise RecordingError(f"there is no file {path}")
    if path.stat().st_size == 0:
        raise RecordingError(f"{path} is empty")
    if not h5py.is_hdf5(path):
        raise RecordingError(f"{path} is not an HDF5 file, so not an NWB file")


def _refuse_what_is_no_nwb(path: Path, file: Any) -> None:
    # NWB 1 kept its version in a dataset, NWB 2 keeps it in an attribute.
    is_old = "nwb_version" in file and "nwb_version" not in file.attrs
    stored = file["nwb_version"][()] if is_old else file.attrs.get("nwb_version")
    if stored is None:
        raise RecordingError(
            f"{path} is an HDF5 file but not NWB: it has no nwb_version. It holds: {listing(file)}"
        )
    version = text(stored)
    if is_old or version.split(".")[0] != READABLE_VERSION:
        raise RecordingError(
            f"{path} is written in NWB version {version}; neurofit reads version 2. "
            "Files of version 1 have to be converted first."
        )


def _refuse_links_out(path: Path, file: Any) -> None:
    try:
        out = [f"{name} -> {where}" for name, where in _links_out(file)]
    except (OSError, RuntimeError, KeyError) as error:
        raise RecordingError(f"{path} is damaged: {error}") from error
    if out:
        raise RecordingError(
            f"{path} has parts that lie in other files: {listing(out, limit=10)}. "
            "If you trust them, open it with allow_external=True."
        )


def _links_out(file: Any) -> list[tuple[str, str]]:
    import h5py

    found: list[tuple[str, str]] = []

    def look_at_link(name: str, link: Any) -> None:
        if isinstance(link, h5py.ExternalLink):
            found.append((name, link.filename))

    def look_at_storage(name: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset):
            return
        found.extend((name, source[0]) for source in item.external or ())
        if item.is_virtual:
            outside = {source.file_name for source in item.virtual_sources()} - {"."}
            found.extend((name, source) for source in sorted(outside))

    file.visititems_links(look_at_link)
    file.visititems(look_at_storage)
    return found

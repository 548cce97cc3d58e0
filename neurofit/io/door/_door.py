"""The door to a file: what comes through is an NWB 2 file that can be read, and nothing outside it."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import NeurofitError, RecordingError
from ..session._columns import text
from ..session._report import Report
from ._storage import stored_at
from ._stored import StoredFile
from ._survey import look_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Read = TypeVar("Read")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recording:
    """An open NWB file as pynwb shows it (``nwb``), or as much of it, and as it is stored (``file``)."""

    nwb: Any
    file: Any
    path: str | Path
    manager: Any = None

    @property
    def version(self) -> str:
        """Version of the NWB format that the file was written in."""
        return text(self.file.attrs["nwb_version"])

    def all(self, kind: str) -> list[Any]:
        """Every part of the file of the neurodata type ``kind`` or of one that extends it."""
        return [part for part in self.nwb.objects.values() if is_a(part, kind)]

    def stored(self, container: Any) -> Any:
        """The HDF5 group that ``container`` was read from."""
        if self.manager is None:
            return container.item
        path: str = self.manager.get_builder(container).path
        return self.file[path.removeprefix("root")]


def is_a(container: Any, kind: str) -> bool:
    """Whether ``container`` is of the neurodata type ``kind``, such as ``"TimeSeries"``, or extends it."""
    types = getattr(container, "types", None)
    if types is None:
        types = [parent.__name__ for parent in type(container).__mro__]
    return kind in types


@contextmanager
def storage(path: str | Path, *, allow_external: bool = False, report: Report | None = None) -> Iterator[Any]:
    """The root group of the NWB file at ``path``, looked over before any of its bulk is read."""
    with stored_at(path) as file:
        look_over(path, file, allow_external=allow_external, report=report or Report())
        yield file


def read(
    path: str | Path, reader: Callable[[Recording], Read], *, report: Report, allow_external: bool = False
) -> Read:
    """What ``reader`` makes of the NWB file at ``path``; what pynwb warns of goes into the report.

    A file that pynwb cannot read, or not in the parts that ``reader`` asks for, is read as it is stored.
    """
    with _noting_warnings(report):
        with storage(path, allow_external=allow_external, report=report) as file:
            if not hasattr(file, "id"):  # pynwb by itself reads HDF5 only.
                return _as_stored(path, file, reader)
            known = len(report.entries)
            try:
                return reader(_through_pynwb(path, file))
            except NeurofitError:
                raise
            except Exception as error:  # pynwb and hdmf raise nearly every type on odd files.
                _log.info("%s is read as it is stored", path, exc_info=True)
                why = str(error).strip().split("\n")[0] or type(error).__name__
        report.forget(known)
        report.defect(f"pynwb cannot read it: {why}", where="file", action="read as it is stored")
        with stored_at(path) as file:  # For pynwb closes what it has opened.
            return _as_stored(path, file, reader, why)


def _through_pynwb(path: str | Path, file: Any) -> Recording:
    from pynwb import NWBHDF5IO

    io = NWBHDF5IO(file=file, mode="r")
    return Recording(io.read(), file, path, io.manager)


def _as_stored(path: str | Path, file: Any, reader: Callable[[Recording], Read], why: str = "") -> Read:
    try:
        return reader(Recording(StoredFile(file), file, path))
    except NeurofitError:
        raise
    except OSError as error:
        raise RecordingError(f"{path} holds data that cannot be read: {error}") from error
    except Exception as error:
        raise RecordingError(f"{path} breaks the NWB format or is damaged: {why or error}") from error


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

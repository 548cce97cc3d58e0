"""What a file is looked over for before its bulk is read: ways out of it, and claims that it cannot keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import RecordingError, listing
from ..session._columns import text
from ._storage import is_address

if TYPE_CHECKING:
    from ..session._report import Report

READABLE_VERSION = "2"
MOST_BYTES = 2**27  # What a dataset may claim to hold, however little of it is stored.
MOST_SQUEEZED = 1100  # No more than that many bytes in one stored byte: deflate reaches 1032.
MOST_ATTRIBUTES = 2**20  # Bytes of the attributes of one part, from where they are worth telling.


@dataclass
class Survey:
    """Links out of the file, and parts whose attributes are large."""

    out: list[tuple[str, str]] = field(default_factory=list)
    large: list[tuple[str, int]] = field(default_factory=list)


def look_over(path: object, root: Any, *, allow_external: bool, report: Report) -> None:
    """Refuse what is no NWB 2 file or reaches out of itself; report what is odd but harmless."""
    try:
        _refuse_what_is_no_nwb(path, root)
        survey = Survey(out=list(root.ways_out())) if hasattr(root, "ways_out") else _survey(root)
    except RecordingError:
        raise
    except Exception as error:  # HDF5 raises nearly every type on damaged files.
        raise RecordingError(f"{path} is damaged: {error}") from error
    for name, size in survey.large:
        report.defect(f"{size / 1e6:.0f} MB of attributes", where=name)
    if survey.out and not allow_external:
        out = [f"{name} -> {where}" for name, where in survey.out]
        raise RecordingError(
            f"{path} has parts that lie in other files: {listing(out, limit=10)}. "
            "If you trust them, open it with allow_external=True."
        )
    if hasattr(root, "ways_out"):
        for name, where in survey.out:
            action = "not followed" if name.endswith(".zattrs") else "kept"
            report.defect(f"leads to {where}", where=name, action=action)
        return
    # HDF5 fills in zeros for what lies in files that are not there.
    lost = [f"{name} -> {where}" for name, where in survey.out if not _is_there(path, where)]
    if lost:
        raise RecordingError(f"{path} has parts in files that are not there: {listing(lost, limit=10)}")


def _is_there(path: object, other: str) -> bool:
    return is_address(str(path)) or (Path(str(path)).parent / other).exists()


def shape_of(data: Any) -> tuple[int, ...]:
    """Shape of ``data`` as they are stored; nothing is read."""
    return tuple(map(int, getattr(data, "shape", None) or np.shape(data)))


def overclaims(data: Any) -> str | None:
    """Why ``data`` cannot hold as much as their shape says; None where they can."""
    if not hasattr(data, "shape") or not hasattr(data, "dtype"):
        return None
    claimed = prod(map(int, data.shape)) * max(int(getattr(data.dtype, "itemsize", 1)), 1)
    if claimed <= MOST_BYTES:
        return None
    stored = _stored_bytes(data)
    if stored is None or claimed <= MOST_SQUEEZED * stored:
        return None
    shape = " x ".join(map(str, data.shape))
    return f"claims {shape} values ({claimed / 1e9:,.1f} GB) but stores {stored:,} bytes"


def refuse_overclaims(data: Any, where: str) -> None:
    """Raise if ``data`` are said to be larger than what is stored can be."""
    wrong = overclaims(data)
    if wrong is not None:
        raise RecordingError(f"{where} {wrong}; refused before reading")


def _stored_bytes(data: Any) -> int | None:
    if hasattr(data, "nbytes_stored"):  # Zarr
        return int(data.nbytes_stored())
    if not hasattr(data, "id"):
        return None
    if data.is_virtual or data.external:  # Its values are stored elsewhere, where the user trusts them.
        return None
    return int(data.id.get_storage_size())


def _refuse_what_is_no_nwb(path: object, root: Any) -> None:
    # NWB 1 kept its version in a dataset, NWB 2 keeps it in an attribute.
    is_old = "nwb_version" in root and "nwb_version" not in root.attrs
    stored = root["nwb_version"][()] if is_old else root.attrs.get("nwb_version")
    if stored is None:
        raise RecordingError(f"{path} is not NWB: it has no nwb_version. It holds: {listing(root)}")
    version = text(stored)
    if is_old or version.split(".")[0] != READABLE_VERSION:
        raise RecordingError(
            f"{path} is written in NWB version {version}; neurofit reads version 2. "
            "Files of version 1 have to be converted first."
        )


def _survey(file: Any) -> Survey:
    import h5py

    survey = Survey()

    def look_at_link(name: str, link: Any) -> None:
        if isinstance(link, h5py.ExternalLink):
            survey.out.append((name, link.filename))

    def look_at_item(name: str, item: Any) -> None:
        size = _attribute_bytes(item)
        if size > MOST_ATTRIBUTES:
            survey.large.append((name, size))
        if not isinstance(item, h5py.Dataset):
            return
        survey.out.extend((name, source[0]) for source in item.external or ())
        if item.is_virtual:
            outside = {source.file_name for source in item.virtual_sources()} - {"."}
            survey.out.extend((name, source) for source in sorted(outside))

    file.visititems_links(look_at_link)
    look_at_item("/", file)
    file.visititems(look_at_item)
    return survey


def _attribute_bytes(item: Any) -> int:
    import h5py

    opened = (h5py.h5a.open(item.id, index=i) for i in range(h5py.h5a.get_num_attrs(item.id)))
    # HDF5 cannot tell the size of an attribute without values, such as the columns of a table that has none.
    return sum(own.get_storage_size() for own in opened if own.get_space().get_simple_extent_npoints())

"""A recording in the DANDI archive, streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import RecordingError, unknown_name
from ..door._remote import json_from
from ._open import open_nwb

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr

ARCHIVE = "https://api.dandiarchive.org/api"


def open_dandi(
    dandiset: str, path: str, *, version: str = "draft", archive: str = ARCHIVE, **options: Any
) -> xr.DataTree:
    """A session from a file in the DANDI archive; only what is read crosses the network.

    Parameters
    ----------
    dandiset
        Six digits, such as ``"000207"``.
    path
        The file's path in the dandiset.
    version
        A published version, such as ``"0.220216.0354"``; by default the draft.
    archive
        Where the archive answers.
    **options
        Those of ``open_nwb``: ``trials``, ``rename``, ``continuous``, ...

    Returns
    -------
    DataTree
        As ``open_nwb`` gives it.

    Raises
    ------
    UnknownNameError
        If the dandiset has no file of that path; the nearest is named.
    RecordingError
        If the archive cannot be reached, or has no such dandiset or version, or the file is kept as Zarr.
    MissingExtraError
        If ``remfile`` is not installed.
    """
    assets = f"{archive}/dandisets/{dandiset}/versions/{version}/assets/"
    found = next((asset for asset in _assets(assets, path) if asset["path"] == path), None)
    if found is None:
        folder = path.rpartition("/")[0]
        raise unknown_name(
            f"file in dandiset {dandiset}", path, [one["path"] for one in _assets(assets, folder)]
        )
    if found.get("zarr"):
        raise RecordingError(
            f"{path} is kept as Zarr, which is not streamed; download it and open the folder"
        )
    session = open_nwb(f"{archive}/assets/{found['asset_id']}/download/", **options)
    session.attrs["source"] = f"DANDI:{dandiset}/{version}/{path}"
    return session


def _assets(address: str, start: str) -> Iterator[dict[str, Any]]:
    """What the archive says of each file whose path begins with ``start``."""
    page = json_from(address, path=start)
    while True:
        yield from page["results"]
        if not page.get("next"):
            return
        page = json_from(page["next"])

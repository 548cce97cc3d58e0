"""Results on disk: NetCDF, or Zarr where that is installed; what is loaded is identical to what was saved."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from ..errors import MissingExtraError, RecordingError, ResultsExistError, unknown_name
from ._atomic import beside
from ._packing import pack, unpack

if TYPE_CHECKING:
    from ._packing import Result

ENGINES = {".nc": "h5netcdf", ".zarr": "zarr"}


def save(result: Result, path: str | Path, *, force: bool = False) -> Path:
    """Write ``result`` to a file, whole or not at all.

    Parameters
    ----------
    result
        DataArray, Dataset or DataTree.
    path
        Where to; ``.nc`` makes it NetCDF, ``.zarr`` Zarr.
    force
        Whether what is at ``path`` already may be replaced. While writing goes on it stays as it is.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    ResultsExistError
        If there is something at ``path`` and not ``force``.
    SchemaError
        If ``result`` holds what files have no place for: nested attributes, a MultiIndex, Python objects.
    MissingExtraError
        If Zarr is asked for and not installed.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> counts = xr.DataArray([[3, 1]], dims=("trial", "unit"), attrs={"units": "spikes"})
    >>> path = save(counts, Path(mkdtemp()) / "counts.nc")
    >>> load(path).identical(counts)
    True
    """
    path = Path(path)
    engine = _engine(path)
    if path.exists() and not force:
        raise ResultsExistError(f"there is already something at {path}; force=True replaces it")
    packed = pack(result)
    with beside(path) as unfinished:
        if engine == "zarr":
            # Text has no settled place in version 3 of the format.
            packed.to_zarr(unfinished, zarr_format=2)
        else:
            packed.to_netcdf(unfinished, engine="h5netcdf")
    return path


def load(path: str | Path) -> Result:
    """What ``save`` wrote, identical, and in memory.

    Parameters
    ----------
    path
        A ``.nc`` file or ``.zarr`` folder.

    Returns
    -------
    DataArray, Dataset or DataTree
        Whichever was saved.

    Raises
    ------
    RecordingError
        If there is no such file, it is damaged, or something else than ``save`` wrote it.

    Examples
    --------
    >>> load("lost.nc")
    Traceback (most recent call last):
    ...
    neurofit.errors.RecordingError: there is no file lost.nc
    """
    path = Path(path)
    if not path.exists():
        raise RecordingError(f"there is no file {path}")
    engine = _engine(path)
    try:
        with xr.open_datatree(path, engine=engine, decode_cf=False) as packed:
            packed.load()
    except (OSError, ValueError, KeyError) as error:
        raise RecordingError(f"{path} cannot be read as {engine}: {error}") from error
    return unpack(packed, str(path))


def _engine(path: Path) -> str:
    if path.suffix not in ENGINES:
        raise unknown_name("format of results", path.suffix, ENGINES)
    engine = ENGINES[path.suffix]
    if find_spec(engine) is None:
        raise MissingExtraError(engine, engine, f"{path.name}")
    return engine

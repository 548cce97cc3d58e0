"""Results back out: a new NWB file with all of a recording and what was computed from it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import provenance
from ..errors import RecordingError, ResultsExistError, SchemaError, unknown_name
from ._atomic import beside
from ._packing import name_of, pack
from ._result_tables import ATTRS, allowed, result_of, tables_of
from .door._door import storage
from .door._storage import is_address

if TYPE_CHECKING:
    from ._packing import Result
    from ._result_tables import Tables

MODULE = "neurofit"
PLACE = f"processing/{MODULE}"


def write_nwb(result: Result, source: str | Path, out: str | Path, *, name: str | None = None) -> Path:
    """Write a new NWB file: a recording as it is, and beside it what was computed from it.

    The result lies in the processing module ``neurofit``, as tables without any extension: ``<name>`` lists
    its variables with dims and units, ``<name>_attrs`` its attributes and history, and ``<name>_<dim>`` holds
    the values of all that has ``dim`` as its first. Everything else is, byte for byte, as in ``source``.

    Parameters
    ----------
    result
        DataArray, Dataset or DataTree.
    source
        The recording: an NWB file (HDF5), which may have results already. It is only read.
    out
        The file to write. It appears whole or not at all.
    name
        What to call the result; by default its own name, else that of the function that computed it.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    ResultsExistError
        If there is something at ``out``, ``source`` above all, or ``source`` has a result of that name.
    RecordingError
        If ``source`` is not a readable NWB file on this machine, or reaches into other files.
    SchemaError
        If ``result`` holds what NWB has no place for, or there is no name for it.

    Examples
    --------
    >>> import xarray as xr
    >>> write_nwb(xr.DataArray([1.0, 2.0], dims="unit"), "no_such.nwb", "out.nwb", name="depth")
    Traceback (most recent call last):
    ...
    neurofit.errors.RecordingError: there is no file no_such.nwb
    """
    out, name = Path(out), _name(result, name)
    tables = tables_of(pack(result), name)
    if out.exists():
        raise ResultsExistError(f"there is already something at {out}; results go into a new file")
    with _opened(source) as file:
        there = [table for table in tables if table in file.get(PLACE, ())]
    if there:
        raise ResultsExistError(f"{source} has a result called {name!r} already; give another name=")
    with beside(out) as unfinished:
        shutil.copyfile(source, unfinished)
        donor = unfinished.with_name("tables.nwb")
        _write(tables, name, donor)
        _graft(donor, unfinished)
    return out


def read_result(path: str | Path, *, name: str | None = None) -> Result:
    """What ``write_nwb`` wrote, identical, and in memory.

    Parameters
    ----------
    path
        An NWB file with results.
    name
        Which of them; it can be left out where there is one.

    Returns
    -------
    DataArray, Dataset or DataTree
        Whichever was written.

    Raises
    ------
    RecordingError
        If the file cannot be read, or has no result, or several and no ``name`` says which.
    UnknownNameError
        If there is no result of that name.

    Examples
    --------
    >>> read_result("no_such.nwb")
    Traceback (most recent call last):
    ...
    neurofit.errors.RecordingError: there is no file no_such.nwb
    """
    with _opened(path) as file:
        module = file.get(PLACE, {})
        names = [str(table) for table in module if f"{table}{ATTRS}" in module]
        if name is None and len(names) != 1:
            raise RecordingError(
                f"{path} has {len(names)} results: {', '.join(names) or 'none'}; give a name"
            )
        if name is not None and name not in names:
            raise unknown_name("result", name, names)
        return result_of(module, name or names[0], str(path))


def _opened(path: str | Path) -> Any:
    if is_address(path) or Path(path).is_dir():
        raise RecordingError(f"{path} is no HDF5 file on this machine; results are written beside such a one")
    return storage(path)


def _name(result: Result, name: str | None) -> str:
    steps = [step["step"].rpartition(".")[2] for step in provenance.history(result)]
    found = name or name_of(result) or (steps[-1] if steps else None)
    if not found:
        raise SchemaError("the result has no name; give one with name=")
    if allowed(str(found)) != str(found):
        raise SchemaError(f"{found!r} cannot be the name of a result: leave out / and :")
    return str(found)


def _write(tables: Tables, name: str, path: Path) -> None:
    """A file with nothing but the processing module and the ``tables`` in it."""
    from hdmf.common import DynamicTable, ElementIdentifiers, VectorData
    from pynwb import NWBHDF5IO, NWBFile

    holder = NWBFile("holds results", "results", datetime.now(UTC))
    module = holder.create_processing_module(MODULE, "results; neurofit.io.read_result reads them")
    listed = tables[name]
    told = zip(*(listed[key] for key in ("table", "column", "long_name", "units", "dims")), strict=True)
    said = {(table, column): f"{what} (units: {units}) {dims}" for table, column, what, units, dims in told}
    for table, columns in tables.items():
        held = [
            VectorData(name=column, description=said.get((table, column), column), data=data)
            for column, data in columns.items()
        ]
        ids = ElementIdentifiers(name="id", data=np.arange(len(held[0].data)))
        module.add(DynamicTable(name=table, description=f"part of the result {name}", id=ids, columns=held))
    with NWBHDF5IO(path, "w") as io:
        io.write(holder)


def _graft(donor: Path, into: Path) -> None:
    """Copy the tables as they are stored: pynwb, which cannot read every recording, need not read it."""
    import h5py

    with h5py.File(donor, "r") as given, h5py.File(into, "r+") as file:
        processing = file.require_group("processing")
        if MODULE not in processing:
            given.copy(PLACE, processing, name=MODULE)
            return
        for table in given[PLACE]:
            given.copy(f"{PLACE}/{table}", file[PLACE], name=table)

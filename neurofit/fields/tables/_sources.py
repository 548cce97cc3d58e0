"""What a table of weights may come in: all of it ends as rows of columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from ...errors import RecordingError, SchemaError, listing, unknown_name
from ...io.door import read
from ...io.nwb._tables import columns_of
from ...io.session._report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ...io.door import Recording

SEPARATORS = {".csv": ",", ".tsv": "\t"}
NWB = (".nwb", ".zarr")


def rows_of(table: Any, columns: Sequence[str], name: str | None) -> pd.DataFrame:
    """The wanted ``columns`` of a table, a row for each measurement; of a file, the table called ``name``."""
    import pandas as pd

    if isinstance(table, (str, Path)):
        return _from_file(Path(table), columns, name)
    if isinstance(table, pd.DataFrame):
        inner = [level for level in table.index.names if level in columns and level not in table.columns]
        return _chosen(table.reset_index(inner) if inner else table, columns, "the table")
    if isinstance(table, xr.DataArray):
        if table.name is None:
            raise SchemaError("the array has no name: give it one with .rename('weight'), or tell value=")
        table = table.to_dataset()
    if isinstance(table, xr.Dataset):
        known = [str(column) for column in table.variables]
        _all_there(columns, known, "the dataset")
        return _chosen(table[list(columns)].to_dataframe().reset_index(), columns, "the dataset")
    raise SchemaError(
        f"got {type(table).__name__}: a table of weights is a path, a DataFrame, a Dataset or a DataArray"
    )


def _from_file(path: Path, columns: Sequence[str], name: str | None) -> pd.DataFrame:
    ending = path.suffix.lower()
    if ending not in (*SEPARATORS, *NWB):
        raise RecordingError(f"{path} is no table: its name has to end in {listing((*SEPARATORS, *NWB))}")
    if not path.exists():
        raise RecordingError(f"there is no file {path}")
    if ending in NWB:
        return _from_nwb(path, columns, name)
    return _from_text(path, SEPARATORS[ending], columns)


def _from_text(path: Path, separator: str, columns: Sequence[str]) -> pd.DataFrame:
    """All cells as text, from a file as it is: nothing is unpacked or evaluated, others stay unread."""
    import pandas as pd

    options: dict[str, Any] = {"sep": separator, "compression": None, "encoding": "utf-8-sig"}
    try:
        with path.open("rb") as file:
            header = pd.read_csv(file, nrows=0, **options)
        _all_there(columns, list(header.columns), str(path))
        with path.open("rb") as file:
            found = pd.read_csv(file, usecols=list(columns), dtype=str, index_col=False, **options)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise RecordingError(
            f"{path} is no table of text with {separator!r} between cells: {error}"
        ) from error
    return _chosen(found, columns, str(path))


def _from_nwb(path: Path, columns: Sequence[str], name: str | None) -> pd.DataFrame:
    import pandas as pd

    report = Report()

    def reader(recording: Recording) -> pd.DataFrame:
        tables = recording.all("DynamicTable")
        if name is not None:
            names = [table.name for table in tables]
            if name not in names:
                raise unknown_name("table", name, names)
            chosen = [table for table in tables if table.name == name]
            _all_there(columns, list(chosen[0].colnames), f"table {name!r}")
        else:
            chosen = [table for table in tables if set(columns) <= set(table.colnames)]
        if len(chosen) != 1:
            there = "; ".join(f"{table.name!r} has {listing(table.colnames, limit=10)}" for table in tables)
            raise SchemaError(
                f"{len(chosen)} tables of {path} have the columns {listing(columns)}; tell name=, or the "
                f"names of columns. Tables: {there or 'none'}"
            )
        return pd.DataFrame(columns_of(recording, chosen[0], {}, report))

    return _chosen(read(path, reader, report=report), columns, str(path))


def _chosen(table: pd.DataFrame, columns: Sequence[str], where: str) -> pd.DataFrame:
    _all_there(columns, list(table.columns), where)
    return table[list(columns)].reset_index(drop=True)


def _all_there(columns: Sequence[str], known: Sequence[str], where: str) -> None:
    lacking = [column for column in columns if column not in known]
    if lacking:
        hint = str(unknown_name(f"column of {where}", lacking[0], known))
        also = f" Nor {listing(map(repr, lacking[1:]))}." if lacking[1:] else ""
        raise SchemaError(f"{hint}{also} Tell which columns hold what, as in synapse='spine_id'.")

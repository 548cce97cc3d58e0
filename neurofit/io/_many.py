"""Several recordings in: one tree with a session for each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from .. import provenance
from ..errors import NeurofitError, RecordingError, unknown_name
from ..names import STIMULUS_ID, TRIALS
from .door._storage import base_name
from .nwb._open import open_nwb
from .session._columns import names_of
from .session._report import Report

if TYPE_CHECKING:
    from collections.abc import Iterable


def open_many(paths: Iterable[str | Path], *, on: str | None = STIMULUS_ID, **same: Any) -> xr.DataTree:
    """Sessions from several NWB files, in one tree, and which stimuli they share.

    Parameters
    ----------
    paths
        NWB files, or addresses of them.
    on
        The column of the trials that tells the stimuli; None where there are none to be shared.
    **same
        Options of ``open_nwb``, the same for all.

    Returns
    -------
    DataTree with a node for each session, which is as ``open_nwb`` gives it, called by its ``session_id``
    (the name of the file where it has none). Names that come twice are numbered, as ``ingest_report`` tells.
    Attributes, as JSON: ``stimuli`` that all sessions share, and ``not_shared``, the others of each session.

    Raises
    ------
    RecordingError
        If any file cannot be opened or does not tell its stimuli; all that is wrong is told together.

    Examples
    --------
    >>> open_many(["monday.nwb", "tuesday.nwb"])
    Traceback (most recent call last):
    ...
    neurofit.errors.RecordingError: 2 of 2 recordings cannot be opened together:
      there is no file monday.nwb
      there is no file tuesday.nwb
    """
    paths = list(paths)
    sessions: list[xr.DataTree] = []
    shown: list[list[str]] = []
    problems: list[str] = []
    for path in paths:
        try:
            sessions.append(open_nwb(path, **same))
            shown.append([] if on is None else _stimuli(sessions[-1], on))
        except NeurofitError as error:
            said = str(error)
            problems.append(said if base_name(path) in said else f"{base_name(path)}: {said}")
    if problems or not paths:
        found = "\n  ".join(problems) or "there are none"
        count = f"{len(problems)} of {len(paths)}"
        raise RecordingError(f"{count} recordings cannot be opened together:\n  {found}")
    report = Report()
    names = _distinct([session.attrs["session_id"] for session in sessions], paths, report)
    common = sorted(set(shown[0]).intersection(*shown))
    others = {name: sorted(set(own) - set(common)) for name, own in zip(names, shown, strict=True)}
    attrs = {
        "on": on or "",
        "stimuli": json.dumps(common),
        "not_shared": json.dumps(others),
        "ingest_report": report.as_json(),
    }
    tree = xr.DataTree(xr.Dataset(attrs=attrs), dict(zip(names, sessions, strict=True)))
    return provenance.stamp(tree, "io.open_many", sources=sessions, on=on)


def _stimuli(session: xr.DataTree, on: str) -> list[str]:
    """The stimuli of the trials, as text, each once."""
    if TRIALS not in session.children:
        raise RecordingError("no table of trials; choose one with trials=")
    table = session.children[TRIALS].to_dataset()
    if on not in table:
        raise unknown_name("column of the trials", on, table.data_vars)
    return sorted({name for name in names_of(table[on].values).tolist() if name})


def _distinct(ids: list[str], paths: list[str | Path], report: Report) -> list[str]:
    """A name for each session that may stand in a tree; what had to be changed is told."""
    names: list[str] = []
    for row, (own, path) in enumerate(zip(ids, paths, strict=True)):
        wanted = own or Path(base_name(path)).stem
        plain = name = wanted.replace("/", "_")
        count = 1
        while name in names:
            count += 1
            name = f"{plain}_{count}"
        if name != wanted:
            told = "session_id comes twice" if name != plain else "session_id cannot name a group"
            report.note(told, where=base_name(path), rows=[row], action=f"called {name}")
        names.append(name)
    return names

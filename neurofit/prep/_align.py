"""Two data sets, stimulus by stimulus."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import xarray as xr

from .. import provenance
from ..errors import AlignmentError, listing, unknown_name
from ..names import STIMULUS_ID

First = TypeVar("First", xr.DataArray, xr.Dataset)
Second = TypeVar("Second", xr.DataArray, xr.Dataset)

EXTRA = ("raise", "drop")


def align(a: First, b: Second, *, on: str = STIMULUS_ID, extra: str = "raise") -> tuple[First, Second]:
    """``a``, and ``b`` in the order of ``a``, matched by name and never by position.

    Parameters
    ----------
    a, b
        Data that both have the coord ``on``. Names are compared as text: 5 and ``"5"`` are one stimulus.
    on
        The coord that says which entries belong together.
    extra
        What to do where ``b`` has entries that ``a`` lacks, such as a model's activations for stimuli that
        were never shown: ``"raise"`` or ``"drop"``. What ``b`` lacks is an error in any case.

    Returns
    -------
    tuple
        ``a`` as it came, and ``b`` reordered.

    Raises
    ------
    AlignmentError
        If a name is missing on either side, or occurs twice on one; all of them are listed.
    UnknownNameError
        If either has no coord ``on``.

    Examples
    --------
    >>> brain = xr.DataArray([1, 2], dims="stimulus", coords={"stimulus_id": ("stimulus", ["cat", "dog"])})
    >>> model = xr.DataArray([7, 8], dims="stimulus", coords={"stimulus_id": ("stimulus", ["dog", "cat"])})
    >>> align(brain, model)[1].values
    array([8, 7])
    """
    if extra not in EXTRA:
        raise unknown_name("way with extra entries", extra, EXTRA)
    names_a, names_b = _names(a, on), _names(b, on)
    place = {name: index for index, name in enumerate(names_b)}
    missing = [name for name in dict.fromkeys(names_a) if name not in place]
    unused = sorted(place.keys() - names_a)
    average = f"average over repeats first: prep.average(..., by={on!r})"
    problems = [
        _problem("missing from the second", missing, "add them there, or select the others in the first"),
        _problem(
            "missing from the first", unused if extra == "raise" else [], "extra='drop' leaves them out"
        ),
        _problem("more than once in the first", _repeated(names_a), average),
        _problem("more than once in the second", _repeated(names_b), average),
    ]
    if any(problems):
        raise AlignmentError(f"{on} does not match one to one:{''.join(problems)}")
    order = np.array([place[name] for name in names_a], dtype=np.int64)
    ordered = b.isel({b[on].dims[0]: order})
    return a, provenance.stamp(ordered, "prep.align", sources=[b], on=on, extra=extra)


def _names(data: xr.DataArray | xr.Dataset, on: str) -> list[str]:
    rows = [str(name) for name, coord in data.coords.items() if coord.ndim == 1]
    if on not in rows:
        raise unknown_name("coord", on, rows)
    return [str(name) for name in data[on].values.tolist()]


def _repeated(names: list[str]) -> list[str]:
    distinct, counts = np.unique(np.array(names, dtype=str), return_counts=True)
    return [str(name) for name in distinct[counts > 1]]


def _problem(what: str, names: list[str], advice: str) -> str:
    if not names:
        return ""
    return f"\n  {len(names)} {what}: {listing(names, limit=len(names))}\n    {advice}"

"""Where a result comes from: units, sources, versions, parameters and seeds, kept in its attributes.

Attributes hold only text and numbers, so that they survive NetCDF and Zarr; the history is JSON text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import xarray as xr

from ._version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

Labelled = TypeVar("Labelled", xr.DataArray, xr.Dataset)
Result = TypeVar("Result", xr.DataArray, xr.Dataset, xr.DataTree)

SELF = "neurofit, a toolkit that tells which objective, learning rule and architecture explain a recording"
FRAMEWORK = "Richards et al. 2019, Nature Neuroscience 22:1761, doi:10.1038/s41593-019-0520-2"


def label(array: Labelled, *, units: str, long_name: str) -> Labelled:
    """Copy of ``array`` that says what it is (``long_name``) and in which ``units``; ``"1"`` is none."""
    return array.assign_attrs(units=units, long_name=long_name)


def stamp(
    result: Result,
    step: str,
    *,
    sources: Iterable[Any] = (),
    references: Iterable[str] = (),
    **parameters: object,
) -> Result:
    """Copy of ``result`` that remembers the ``step`` that made it, with what, and from which ``sources``.

    Parameters
    ----------
    result
        What was computed.
    step
        The public function that computed it, such as ``"rsa.rdm"``.
    sources
        The labelled inputs: their references and history come along.
    references
        Who said so: author, year, journal, DOI.
    **parameters
        The options that ``step`` was called with, the seed among them.
    """
    inputs: list[dict[str, Any]] = [source.attrs for source in sources]
    inherited: list[str] = [line for attrs in inputs for line in attrs.get("references", "").splitlines()]
    steps: list[Any] = [entry for attrs in inputs for entry in json.loads(attrs.get("history", "[]"))]
    steps.append({"step": step, **{name: plain(value) for name, value in parameters.items()}})
    attrs = {
        "neurofit_version": __version__,
        "references": "\n".join(dict.fromkeys([*inherited, *references])),
        "history": json.dumps(_distinct(steps)),
    }
    if isinstance(result, xr.DataTree):
        result = result.copy()
        result.attrs.update(attrs)
        return result
    return result.assign_attrs(attrs)


def _distinct(entries: list[Any]) -> list[Any]:
    return list({json.dumps(entry, sort_keys=True): entry for entry in entries}.values())


def plain(value: object) -> Any:
    """``value`` as JSON can hold it; a random generator becomes the word for what it is."""
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(entry) for entry in value]
    return f"<{type(value).__name__}>"


def history(result: xr.DataArray | xr.Dataset | xr.DataTree) -> list[dict[str, Any]]:
    """The steps that led to ``result``, oldest first, each with its parameters."""
    steps: list[dict[str, Any]] = json.loads(result.attrs.get("history", "[]"))
    return steps


def cite(result: xr.DataArray | xr.Dataset | xr.DataTree) -> str:
    """What to cite for a result: neurofit with its version, and the source of each method used.

    Parameters
    ----------
    result
        Anything that neurofit computed, or loaded with ``neurofit.io.load``.

    Returns
    -------
    str
        One source a line.

    Examples
    --------
    >>> import xarray as xr
    >>> print(cite(stamp(xr.DataArray(1.0), "example", references=["Euclid, Elements, book I"])))
    neurofit, a toolkit that tells which objective, learning rule and architecture explain a recording, \
version 0.1.0
    Richards et al. 2019, Nature Neuroscience 22:1761, doi:10.1038/s41593-019-0520-2
    Euclid, Elements, book I
    """
    version = result.attrs.get("neurofit_version", __version__)
    lines = [f"{SELF}, version {version}", FRAMEWORK]
    return "\n".join(dict.fromkeys(lines + result.attrs.get("references", "").splitlines()))

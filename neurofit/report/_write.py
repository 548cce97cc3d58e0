"""Write a comparison to a folder: results, figures and the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .. import io, plot
from ..errors import ResultsExistError, listing
from ._page import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

RESULTS, PAGE = "results.nc", "report.html"


def prepare(out: str | Path, *, force: bool = False) -> Path:
    """Make the folder for results, or refuse one that has some.

    Parameters
    ----------
    out
        The folder.
    force
        Whether results in it may be replaced.

    Returns
    -------
    Path
        The folder, which exists.

    Raises
    ------
    ResultsExistError
        If there are results in it, or a file is in its place.
    """
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise ResultsExistError(f"{out} is a file; a folder is needed for the results.")
    there = [name for name in (RESULTS, PAGE) if (out / name).exists()]
    if there and not force:
        raise ResultsExistError(
            f"{out} holds results already: {listing(there)}. Choose another folder, or replace them with "
            "--force (in Python: force=True)."
        )
    out.mkdir(parents=True, exist_ok=True)
    return out


def write(
    result: xr.Dataset,
    out: str | Path,
    *,
    known: Mapping[str, str] | None = None,
    known_model: str | None = None,
    title: str = "Which layer explains which area?",
    command: str = "",
    force: bool = False,
) -> Path:
    """Write the result, its figures (SVG and PNG) and one self-contained page.

    Parameters
    ----------
    result
        As ``neurofit.compare.areas_to_layers`` gives it.
    out
        The folder to write to.
    known
        The layer that drives each area, where a simulation knows it.
    known_model
        The model of the kind that drives them, where a simulation knows it.
    title
        Heading of the page.
    command
        What was typed to get this, for the page's provenance.
    force
        Whether results in the folder may be replaced.

    Returns
    -------
    Path
        The page. Beside it: ``results.nc`` and the figures.

    Raises
    ------
    ResultsExistError
        If the folder has results already.
    """
    out = prepare(out, force=force)
    io.save(result, out / RESULTS, force=True)
    drawn = plot.figures(result)
    pictures = {name: plot.save(figure, out / name)[0] for name, figure in drawn.items()}
    page = render(result, pictures, known=known, known_model=known_model, title=title, command=command)
    with io.beside(out / PAGE) as unfinished:
        Path(unfinished).write_text(page, encoding="utf-8")
    return out / PAGE

"""The page: one HTML file that needs no network."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from ..provenance import cite, history
from . import _answer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import xarray as xr

CAPTIONS = {
    "similarity": (
        "Similarity of each area to each layer, with 95 % intervals over stimuli. Dashed: what a perfect "
        "model would reach with this noise. Grey: the same network before training."
    ),
    "layer_map": (
        "Similarity of every area to every layer. A frame marks the layer named for an area; where there is "
        "none, the data do not allow a name."
    ),
    "layer_position": (
        "Expected position of each area in the network, with the central 95 % over draws of stimuli. "
        "Hollow: inconclusive. Grey: the same network before training."
    ),
    "rdms": (
        "Above, the dissimilarities between stimuli in each area; below, those in its most similar layer."
    ),
    "models": (
        "How far each model's score on stimuli left out lies behind the best one's, averaged over areas, "
        "with 95 % intervals over stimuli. They hold for these networks, not for others trained alike."
    ),
}


def render(
    result: xr.Dataset,
    pictures: Mapping[str, Path],
    *,
    known: Mapping[str, str] | None,
    known_model: str | None,
    title: str,
    command: str,
) -> str:
    """The page's HTML, with the ``pictures`` (SVG files, by name) inside."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    page = Environment(
        loader=PackageLoader("neurofit.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    ).get_template("page.html")
    model = str(result.attrs["leading_model"])
    rows = _answer.findings(result, model, known)
    return page.render(
        title=title,
        headline=_answer.headline(rows),
        agreement=_answer.agreement(rows),
        model_agreement=_answer.model_agreement(result, known_model) if known_model else None,
        hierarchy=_answer.hierarchy(result, model),
        models=_answer.models(result),
        model=model,
        rows=rows,
        known=known,
        figures=[{"data": _inline(path), "caption": CAPTIONS[name]} for name, path in pictures.items()],
        odd=[*json.loads(result.attrs["ingest_report"]), *json.loads(result.attrs["left_out"])],
        steps=[_step(**entry) for entry in history(result)],
        command=command,
        version=result.attrs["neurofit_version"],
        sources=cite(result).splitlines(),
    )


def _inline(path: Path) -> str:
    return "data:image/svg+xml;base64," + b64encode(path.read_bytes()).decode()


def _step(step: str, **options: Any) -> dict[str, str]:
    return {
        "name": step,
        "options": ", ".join(f"{name} = {json.dumps(value)}" for name, value in options.items()),
    }

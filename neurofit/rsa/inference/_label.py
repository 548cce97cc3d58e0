"""The numbers of an evaluation, labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ... import provenance
from ...names import BOUND, BOUNDS, CORRECTION, MODEL, MODEL_B, SUBJECT
from ._tests import corrected, corrections, fisher_z, interval, p_above, p_either

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._trials import Numbers
    from ._spread import Contrasts, Spread

SAID = {
    "estimate": "Similarity of model and subjects",
    "standard_error": "Standard error of the similarity",
    "degrees_of_freedom": "Degrees of freedom of its variance",
    "interval": "95 % interval of the similarity",
    "p_zero": "p that the similarity is not above 0",
    "p_ceiling": "p that the model is not below the lower noise ceiling",
    "p_pairwise": "p that two models are equally similar",
    "similarity": "Similarity of model and subject",
    "ceiling_lower": "Lower noise ceiling",
    "ceiling_upper": "Upper noise ceiling",
    "ceiling_lower_error": "Standard error of the lower noise ceiling",
    "ceiling_upper_error": "Standard error of the upper noise ceiling",
    "agreement": "Similarity of subject and mean of the others",
}


def labelled(
    per_subject: Numbers,
    spread: Spread,
    contrasts: Contrasts,
    *,
    further: Sequence[str],
    names: Sequence[str],
    bounded: bool,
) -> xr.Dataset:
    """Dataset of scores (..., column, subject) and spread (..., contrast); ``further`` dims are first."""
    count = len(names)
    columns = per_subject.mean(axis=-1)
    value, error, degrees = contrasts.of(columns), np.sqrt(spread.variance), spread.degrees
    one = slice(count)
    scaled, its_error = value[..., one], error[..., one]
    if bounded:
        scaled, its_error = fisher_z(scaled, its_error)
    bounds = interval(scaled, its_error, degrees[..., one])
    pairs = slice(count + 2, count + 2 + count * (count - 1) // 2)
    below = slice(pairs.stop, None)
    models = (*further, MODEL)
    variables = {
        "estimate": (models, columns[..., :count]),
        "standard_error": (models, error[..., one]),
        "degrees_of_freedom": (models, degrees[..., one]),
        "interval": ((*models, BOUND), np.tanh(bounds) if bounded else bounds),
        "p_zero": ((*models, CORRECTION), _each(p_above(scaled, its_error, degrees[..., one]))),
        "p_ceiling": (
            (*models, CORRECTION),
            _each(p_above(-value[..., below], error[..., below], degrees[..., below])),
        ),
        "p_pairwise": (
            (*models, MODEL_B, CORRECTION),
            _square(_each(p_either(value[..., pairs], error[..., pairs], degrees[..., pairs])), count),
        ),
        "similarity": ((*models, SUBJECT), per_subject[..., :count, :]),
        "ceiling_lower": (further, columns[..., count]),
        "ceiling_upper": (further, columns[..., count + 1]),
        "ceiling_lower_error": (further, error[..., count]),
        "ceiling_upper_error": (further, error[..., count + 1]),
        "agreement": ((*further, SUBJECT), per_subject[..., count, :]),
    }
    coords = {MODEL: list(names), MODEL_B: list(names), BOUND: list(BOUNDS), CORRECTION: list(corrections)}
    result = xr.Dataset(variables, coords)
    for name, text in SAID.items():
        result[name] = provenance.label(result[name], units="1", long_name=text)
    return result


def _each(p: Numbers) -> Numbers:
    """Tests (..., test, correction), corrected for the tests of each entry."""
    if not p.shape[-1]:
        return np.empty((*p.shape, len(corrections)))
    rows = [corrected(row) for row in p.reshape(-1, p.shape[-1])]
    return np.reshape(rows, (*p.shape, len(corrections)))


def _square(p: Numbers, count: int) -> Numbers:
    """Tests (..., pair, correction) of pairs of models as (..., model, model_b, correction)."""
    first, second = np.triu_indices(count, 1)
    square = np.full((*p.shape[:-2], count, count, p.shape[-1]), np.nan)
    square[..., first, second, :] = square[..., second, first, :] = p
    return square

"""What each unit is tuned to, against what it would be by chance."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from ...errors import SchemaError, listing
from ...names import STIMULUS, TRIAL, UNIT, UNIT_ID
from ...provenance import label, stamp
from ._tunings import Null, Tuning, tunings

if TYPE_CHECKING:
    import xarray as xr

    from ._tunings import Array


def unit_tuning(
    responses: xr.DataArray,
    *,
    kind: str | Tuning = "orientation",
    alpha: float = 0.05,
    draws: int = 200,
    rng: int | np.random.Generator | None = None,
    progress: bool = True,
) -> xr.Dataset:
    """How strongly each unit is tuned, and whether more than by chance.

    Parameters
    ----------
    responses
        Responses or activations with dims ``unit`` and one of ``trial`` and ``stimulus``, and the coords of
        the latter that the kind needs.
    kind
        A name in ``compare.tunings``, or one with its options set, such as
        ``compare.tunings["place"](by=("east", "north"), shuffle="shift")``.
    alpha
        Chance of a unit without tuning to count as tuned.
    draws
        Shuffles, or random maps, of each unit; the smallest p is 1 / (draws + 1).
    rng
        Seed or generator of these.
    progress
        Whether to show a bar.

    Returns
    -------
    Dataset
        With dim ``unit``: ``statistic``; ``null``, its mean without tuning; ``p``; ``tuned`` (bool); and what
        the kind tells beside: ``preference`` and ``selectivity`` (orientation), ``preference`` and
        ``bandwidth`` (spatial_frequency), ``fields`` and ``largest_field`` (place), ``spacing`` (grid). A
        unit that does not vary has p = 1.

    Raises
    ------
    SchemaError
        If a dim is missing or too many, responses are not finite, or a coord holds no numbers.
    UnknownNameError
        If there is no such kind or coord.
    RecordingError
        If the stimuli cannot tell this kind of tuning; what is needed is said.

    References
    ----------
    Those of the kind: print ``neurofit.cite(result)``.

    Examples
    --------
    A response of 4 to vertical gratings alone: R = -4, so that the cosine has amplitude 2 and variance 2, and
    all four orientations together have variance 3.

    >>> import numpy as np, xarray as xr
    >>> angles = np.tile([0.0, 45.0, 90.0, 135.0], 20)
    >>> coords = {"orientation": ("trial", angles)}
    >>> rates = xr.DataArray((angles == 90)[:, None] * 4.0, coords, ("trial", "unit"))
    >>> found = unit_tuning(rates, rng=0, progress=False)
    >>> round(found.statistic.item(), 9), found.preference.item(), found.tuned.item()
    (0.666666667, 90.0, True)
    """
    if draws < 1:
        raise SchemaError(f"p needs one draw or more; got draws={draws}")
    tuning = kind if isinstance(kind, Tuning) else tunings[kind]()
    measured = tuning.measure(_rows_by_units(responses), Null(draws, np.random.default_rng(rng), progress))
    name = next(name for name, known in tunings.items() if known is type(tuning))
    measured["tuned"] = label(tuning.tuned(measured, alpha), units="1", long_name=f"whether tuned to {name}")
    return stamp(
        measured.assign_attrs(kind=name, alpha=alpha),
        "compare.unit_tuning",
        sources=[responses],
        references=tuning.references,
        kind=name,
        **asdict(tuning),
        alpha=alpha,
        draws=draws,
        rng=rng,
    )


def _rows_by_units(responses: xr.DataArray) -> xr.DataArray:
    """Responses (row, unit) in double precision, checked."""
    rows = [dim for dim in (TRIAL, STIMULUS) if dim in responses.dims]
    if UNIT not in responses.dims or len(rows) != 1 or responses.ndim != 2:
        raise SchemaError(
            f"tuning needs dims 'unit' and one of 'trial' and 'stimulus'; got {responses.dims}. Rename with "
            "data.rename(old='new'), and average over or choose from further dims."
        )
    matrix = responses.transpose(rows[0], UNIT).astype(np.float64)
    absent = ~np.isfinite(matrix.values).all(axis=0)
    if absent.any() or not matrix.size:
        raise SchemaError(
            f"responses are empty, or not finite in {absent.sum()} units: "
            f"{listing(_ids(matrix)[absent], limit=10)}; leave these out"
        )
    return matrix


def _ids(responses: xr.DataArray) -> Array:
    known = UNIT_ID in responses.coords
    return responses[UNIT_ID].values if known else np.arange(responses.sizes[UNIT])

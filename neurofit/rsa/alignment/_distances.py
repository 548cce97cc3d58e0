"""Distances between two sets of patterns: what is left after the best rotation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._measures import Procrustes, Shape
from ._scores import scored

if TYPE_CHECKING:
    import xarray as xr


def procrustes_distance(a: xr.DataArray, b: xr.DataArray) -> xr.DataArray:
    """Distance of two populations after the best rotation or reflection: min over Q of ``|A - B Q|``.

    A and B are centred patterns (stimulus, unit), and the norm is Frobenius', so that the distance is in the
    units of the responses and depends on their scale; ``rsa.shape_distance`` does not. It is 0 for a
    population and its rotation, and obeys the triangle inequality. The smaller population is padded by silent
    units, which changes none of its distances.

    Parameters
    ----------
    a, b
        Responses or activations, as in ``rsa.cka``.

    Returns
    -------
    DataArray
        Distance, 0 or more, over the further dims.

    Raises
    ------
    SchemaError, AlignmentError, RecordingError
        As in ``rsa.cka``.

    References
    ----------
    Schoenemann 1966, Psychometrika 31:1, doi:10.1007/BF02289451
    Williams et al. 2021, NeurIPS, doi:10.48550/arXiv.2110.14739

    Examples
    --------
    A square, and one of twice its size that is turned over: each corner is sqrt(2) off.

    >>> import xarray as xr
    >>> names = {"stimulus_id": ("stimulus", list("wxyz"))}
    >>> square = [[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0], [-1.0, 1.0]]
    >>> a = xr.DataArray(square, names, ("stimulus", "unit"))
    >>> round(procrustes_distance(a, -2 * a).item(), 6)
    2.828427
    """
    return scored(Procrustes(), a, b, step="rsa.procrustes_distance", what="Procrustes distance")


def shape_distance(
    a: xr.DataArray, b: xr.DataArray, *, alpha: float = 1.0, metric: str = "angular"
) -> xr.DataArray:
    """Distance between the shapes of two populations, after partial whitening and the best rotation.

    Centred patterns A with S = A' A of rank k become f(A) = A (alpha I + (1 - alpha) sqrt(tr S / k) S^-1/2).
    At ``alpha=1`` they stay as they are (Procrustes); at 0 they are white, which makes the angle that of
    canonical correlations r_i: arccos(sum_i r_i / sqrt(k_a k_b)). The factor sqrt(tr S / k), which the
    paper leaves out, keeps the total variance, so that a scale does not change the angle at any alpha.

    - ``angular``: arccos of the largest cosine of f(A) and f(B) Q over rotations and reflections Q, in
      radians, from 0 to pi / 2;
    - ``euclidean``: min over Q of ``|f(A) - f(B) Q|``, in the units of the responses.

    Both are 0 for a population and its rotation, and obey the triangle inequality. The smaller population
    is padded by silent units.

    Parameters
    ----------
    a, b
        Responses or activations, as in ``rsa.cka``.
    alpha
        From 0 (white) to 1 (as they are).
    metric
        ``"angular"`` or ``"euclidean"``.

    Returns
    -------
    DataArray
        Distance, 0 or more, over the further dims.

    Raises
    ------
    RecordingError
        If alpha is 0 and both together have as many dimensions as there are stimuli, so that white patterns
        share some for whatever data; and as in ``rsa.cka``.
    SchemaError, AlignmentError
        As in ``rsa.cka``.

    References
    ----------
    Williams et al. 2021, NeurIPS, doi:10.48550/arXiv.2110.14739

    Examples
    --------
    A square and one of its sides: (4 + 0) / sqrt(8 x 4) is the cosine of 45 degrees.

    >>> import xarray as xr
    >>> names = {"stimulus_id": ("stimulus", list("wxyz"))}
    >>> square = [[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0], [-1.0, 1.0]]
    >>> a = xr.DataArray(square, names, ("stimulus", "unit"))
    >>> round(shape_distance(a, a.isel(unit=[0])).item() * 180 / 3.14159265, 4)
    45.0
    """
    return scored(Shape(alpha, metric), a, b, step="rsa.shape_distance", what=f"Shape distance ({metric})")

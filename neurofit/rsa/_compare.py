"""How alike two RDMs, or two sets of them, are."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .. import provenance
from ..errors import AlignmentError, RecordingError, listing
from ..names import PAIR
from . import _sources
from ._kernels.comparison import FEWEST_PAIRS, Comparator, comparators
from ._pairs import align_pairs, all_pairs, stimuli_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from ._trials import Flags, Numbers


def compare(a: xr.DataArray, b: xr.DataArray, *, measure: str = "pearson") -> xr.DataArray:
    """Similarity of RDMs over their pairs of stimuli.

    - ``pearson``: correlation over pairs, for dissimilarities on an interval scale;
    - ``cosine``: the same without taking off means, for dissimilarities with a true zero, such as crossnobis;
    - ``rho_a``: the mean of Spearman's rho when ties are broken at random, for ranks;
    - ``spearman``: Spearman's rho, which favours models that predict ties;
    - ``tau_a``: Kendall's tau in which ties count as neither order; slower than rho_a, and tells the same;
    - ``tau_b``: Kendall's tau over those that are not tied, which favours models that predict ties.

    Parameters
    ----------
    a, b
        RDMs: dim ``pair``, coords ``stimulus_a``, ``stimulus_b``. Pairs are matched by these names, whatever
        their order. Dims that both have go together; each other dim is kept, so that areas are compared with
        layers all by all. A pair that is NaN in either RDM is left out of their comparison.
    measure
        Name of one of ``rsa.comparators``.

    Returns
    -------
    DataArray
        Similarity, at most 1, over all dims but ``pair``: shared ones first, then those of ``a`` and ``b``.
        NaN, with a warning that names the entry, where it is not defined.

    Raises
    ------
    SchemaError
        If one is no RDM.
    AlignmentError
        If pairs, or the coords of shared dims, do not match.
    RecordingError
        If no similarity is defined: RDMs are constant, or have fewer than 3 pairs in common.

    References
    ----------
    Schuett et al. 2023, eLife 12:e82566, doi:10.7554/eLife.82566

    Examples
    --------
    >>> pairs = {"stimulus_a": ("pair", list("aab")), "stimulus_b": ("pair", list("bcc"))}
    >>> a = xr.DataArray([1.0, 2.0, 3.0], dims="pair", coords=pairs)
    >>> compare(a, 10 - 2 * a).item()
    -1.0
    """
    comparator = comparators[measure]
    a, b = (all_pairs(rdm) for rdm in align_pairs(a, b))
    result = _over_other_dims(comparator, a, b)
    tell_undefined(result, f"{measure} similarity", stacklevel=3)
    result = provenance.label(result, units="1", long_name=f"RDM similarity ({measure})")
    return provenance.stamp(
        result, "rsa.compare", sources=[a, b], references=[_sources.RSA, _sources.COMPARISON], measure=measure
    )


def _over_other_dims(comparator: Comparator, *inputs: xr.DataArray) -> xr.DataArray:
    """Similarity of a and b: dims that they share go together, the rest all by all."""
    dims = [dim for array in inputs for dim in array.dims if dim != PAIR]
    own = [[dim for dim in array.dims if dims.count(dim) == 1] for array in inputs]
    _check_shared_coords(inputs, shared=set(dims) - {dim for names in own for dim in names})
    inputs = tuple(array.reset_coords(_pair_coords(array), drop=True).astype(np.float64) for array in inputs)

    def all_by_all(a: Numbers, b: Numbers) -> Numbers:
        rows_a, rows_b = (np.ascontiguousarray(array).reshape(-1, array.shape[-1]) for array in (a, b))
        once = np.ones((1, stimuli_of(a.shape[-1])))
        return comparator(rows_a, rows_b, once)[0].reshape(a.shape[:-1] + b.shape[:-1])

    result: xr.DataArray = xr.apply_ufunc(
        all_by_all,
        *inputs,
        input_core_dims=[[*names, PAIR] for names in own],
        output_core_dims=[[dim for names in own for dim in names]],
        vectorize=True,
    )
    return result


def _pair_coords(array: xr.DataArray) -> list[Hashable]:
    return [name for name, coord in array.coords.items() if PAIR in coord.dims]


def _check_shared_coords(inputs: Sequence[xr.DataArray], shared: set[Hashable]) -> None:
    """Raise where a dim that goes together is labelled differently: xarray drops labels without an index."""
    for dim in shared:
        labels = [
            (name, coord) for array in inputs for name, coord in array.coords.items() if coord.dims == (dim,)
        ]
        first = dict(reversed(labels))
        differ = {str(name) for name, coord in labels if not np.array_equal(coord.values, first[name].values)}
        if differ or len({array.sizes[dim] for array in inputs if dim in array.dims}) > 1:
            raise AlignmentError(
                f"both have dim {dim!r}, but not the same entries there; coords that differ: "
                f"{listing(sorted(differ)) or 'none'}. Select the same ones in the same order, or rename the "
                "dim of one to compare all by all."
            )


def tell_undefined(result: xr.DataArray, what: str, *, stacklevel: int) -> None:
    """Name the entries of ``result`` that are NaN; raise if it holds nothing else."""
    missing = np.isnan(result.values)
    if not missing.any():
        return
    reason = f"an RDM does not vary, or fewer than {FEWEST_PAIRS} pairs are in both"
    if missing.all():
        raise RecordingError(
            f"{what} is not defined: {reason}. Give RDMs of more stimuli, with distinct patterns."
        )
    entries = listing(_entries(result, missing), limit=10)
    warnings.warn(f"{what} is NaN at some entries, where {reason}: {entries}.", stacklevel=stacklevel)


def _entries(result: xr.DataArray, chosen: Flags) -> Iterator[str]:
    for index in np.argwhere(chosen):
        where = zip(result.dims, index, strict=True)
        names = (f"{dim}={result[dim].values[at] if dim in result.coords else at}" for dim, at in where)
        yield f"({', '.join(names)})"

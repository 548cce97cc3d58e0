"""How alike two RDMs, or two sets of them, are."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .. import provenance
from ..errors import AlignmentError, RecordingError, SchemaError, listing
from ..names import PAIR
from . import _sources
from ._kernels.comparison import UNDEFINED, comparators
from ._pairs import align_pairs, all_pairs, covariance_of_stimuli, stimuli_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from ._trials import Flags, Numbers

SOURCES = {
    "whitened_cosine": _sources.WHITENED,
    "whitened_pearson": _sources.WHITENED,
    "riemannian": _sources.RIEMANNIAN,
    "bures": _sources.BURES,
}


def compare(
    a: xr.DataArray, b: xr.DataArray, *, measure: str = "pearson", noise: xr.DataArray | None = None
) -> xr.DataArray:
    """Similarity of RDMs over their pairs of stimuli.

    With x and y the dissimilarities of n pairs, x_i and y_i, and d_x and d_y the same less their means:

    - ``pearson``: ``d_x'd_y / sqrt(d_x'd_x d_y'd_y)``, for dissimilarities on an interval scale;
    - ``cosine``: ``x'y / sqrt(x'x y'y)``, for dissimilarities with a true zero, such as crossnobis;
    - ``whitened_cosine``: ``x'V^-1 y / sqrt(x'V^-1 x y'V^-1 y)``. Dissimilarities that share a stimulus share
      its noise: with S the covariance of the noise of the patterns, and C the differences of stimuli, errors
      of squared distances (Euclidean, Mahalanobis, crossnobis) have covariance ``V = (C S C')^2``, entry by
      entry, where patterns differ little. With iid noise it is linear CKA [2]_;
    - ``whitened_pearson``: the same after ``m = 1'V^-1 x / (1'V^-1 1)``, the mean by generalised least
      squares, is taken off each, so that a constant added to an RDM changes nothing;
    - ``rho_a``: the mean of Spearman's rho when ties are broken at random, for ranks [1]_: with r_i and q_i
      the mid-ranks, ``12 sum(r_i q_i) / (n^3 - n) - 3 (n + 1) / (n - 1)``;
    - ``spearman``: Pearson's r of the mid-ranks, which favours models that predict ties;
    - ``tau_a``: Kendall's tau in which ties count as neither order, ``sum over i < j of sign(x_i - x_j)
      sign(y_i - y_j) / (n (n - 1) / 2)``; slower than rho_a, and tells the same [3]_;
    - ``tau_b``: the same sum over ``sqrt(m_x m_y)``, m those that are not tied; it favours models that
      predict ties;
    - ``riemannian``: minus a distance, so 0 at most [4]_. Squared distances D of m stimuli have the second
      moment ``G = -1/2 H D H, H = I - 1 1'/m``; it is ``-min over s, t >= 0 of sqrt(sum log^2 l)``, l the
      eigenvalues of ``G_b^-1 (s G_a + t S)`` but that of the mean: ``a`` is a model, which is given the best
      scale s and share t of noise S, and ``b`` the data. NaN unless G_b has positive eigenvalues only, as
      Euclidean and Mahalanobis RDMs from more units than stimuli have, and crossnobis ones often have not;
    - ``bures``: ``|G_a^1/2 G_b^1/2|_* / sqrt(tr G_a tr G_b)``, the sum of singular values; the cosine of the
      Procrustes angle between patterns [5]_. Negative eigenvalues of G count as 0.

    Pairs that are NaN in either RDM are left out, and V is that of the others. The last two need whole
    matrices: the stimulus that lacks most pairs is left out, until none is lacking.

    Parameters
    ----------
    a, b
        RDMs: dim ``pair``, coords ``stimulus_a``, ``stimulus_b``. Pairs are matched by these names, whatever
        their order. Dims that both have go together; each other dim is kept, so that areas are compared with
        layers all by all.
    measure
        Name of one of ``rsa.comparators``.
    noise
        For the whitened ones and ``riemannian``: S, with dims ``stimulus`` and ``stimulus_b``, coords
        ``stimulus_id`` and ``stimulus_id_b``; its scale does not matter. None: the same for all stimuli, and
        independent.

    Returns
    -------
    DataArray
        Similarity, at most 1, over all dims but ``pair``: shared ones first, then those of ``a`` and ``b``.
        NaN, with a warning that names the entry, where it is not defined.

    Raises
    ------
    SchemaError
        If one is no RDM, or the measure takes no noise and some is given.
    AlignmentError
        If pairs, the coords of shared dims, or the stimuli of ``noise`` do not match.
    RecordingError
        If no similarity is defined: RDMs are constant, or have fewer than 3 pairs in common. If ``noise`` is
        singular or not finite.

    References
    ----------
    .. [1] Schuett et al. 2023, eLife 12:e82566, doi:10.7554/eLife.82566
    .. [2] Diedrichsen et al. 2021, Neurons, Behavior, Data analysis, and Theory 5(3), doi:10.51628/001c.27664
    .. [3] Nili et al. 2014, PLoS Computational Biology 10:e1003553, doi:10.1371/journal.pcbi.1003553
    .. [4] Shahbazi et al. 2021, NeuroImage 239:118271, doi:10.1016/j.neuroimage.2021.118271
    .. [5] Harvey, Larsen & Williams 2024, UniReps, PMLR 243:11, arXiv:2311.11436

    Examples
    --------
    >>> pairs = {"stimulus_a": ("pair", list("aab")), "stimulus_b": ("pair", list("bcc"))}
    >>> a = xr.DataArray([1.0, 2.0, 3.0], dims="pair", coords=pairs)
    >>> compare(a, 10 - 2 * a).item()
    -1.0
    """
    a, b = (all_pairs(rdm) for rdm in align_pairs(a, b))
    covariance = noise_for(measure, noise, a)
    result = _over_other_dims(measure, a, b, noise=covariance)
    tell_undefined(result, f"{measure} similarity", reason=comparators[measure].undefined, stacklevel=3)
    result = provenance.label(result, units="1", long_name=f"RDM similarity ({measure})")
    sources = [a, b] if noise is None else [a, b, noise]
    references = [_sources.RSA, SOURCES.get(measure, _sources.COMPARISON)]
    given = None if noise is None else noise.attrs.get("long_name", "given")
    return provenance.stamp(
        result, "rsa.compare", sources=sources, references=references, measure=measure, noise=given
    )


def noise_for(measure: str, noise: xr.DataArray | None, rdm: xr.DataArray) -> Numbers | None:
    """The covariance of the noise of an aligned RDM's stimuli, for a comparator that takes it."""
    if noise is None:
        comparators[measure]
        return None
    if not comparators[measure].takes_noise:
        those = listing(name for name, comparator in comparators.items() if comparator.takes_noise)
        raise SchemaError(f"{measure} takes no noise. Those that do: {those}.")
    return covariance_of_stimuli(noise, rdm)


def _over_other_dims(measure: str, *inputs: xr.DataArray, noise: Numbers | None) -> xr.DataArray:
    """Similarity of a and b: dims that they share go together, the rest all by all."""
    dims = [dim for array in inputs for dim in array.dims if dim != PAIR]
    own = [[dim for dim in array.dims if dims.count(dim) == 1] for array in inputs]
    check_shared_coords(inputs, shared=set(dims) - {dim for names in own for dim in names})
    inputs = tuple(array.reset_coords(_pair_coords(array), drop=True).astype(np.float64) for array in inputs)

    def all_by_all(a: Numbers, b: Numbers) -> Numbers:
        rows_a, rows_b = (np.ascontiguousarray(array).reshape(-1, array.shape[-1]) for array in (a, b))
        once = np.ones((1, stimuli_of(a.shape[-1])))
        similarity = comparators[measure](rows_a, rows_b, once, noise)[0]
        return similarity.reshape(a.shape[:-1] + b.shape[:-1])

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


def check_shared_coords(inputs: Sequence[xr.DataArray], shared: set[Hashable]) -> None:
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


def tell_undefined(result: xr.DataArray, what: str, *, reason: str = UNDEFINED, stacklevel: int) -> None:
    """Name the entries of ``result`` that are NaN; raise if it holds nothing else."""
    missing = np.isnan(result.values)
    if not missing.any():
        return
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

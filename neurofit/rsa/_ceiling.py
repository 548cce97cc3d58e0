"""How well the best model could do, as far as subjects agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .. import provenance, schema
from ..errors import RecordingError, SchemaError
from ..names import PAIR, SUBJECT
from . import _sources
from ._compare import SOURCES, compare, noise_for
from ._kernels.pooling import poolings
from ._pairs import align_pairs, all_pairs

if TYPE_CHECKING:
    from ._kernels.pooling import Pooling

POOLED_BY = {
    "pearson": "z_scores",
    "cosine": "unit_length",
    "whitened_pearson": "z_scores",
    "whitened_cosine": "whitened_length",
    "rho_a": "ranks",
    "spearman": "ranks",
    "tau_a": "ranks",
    "tau_b": "ranks",
    "riemannian": "unit_length",
    "bures": "unit_length",
}


def noise_ceiling(
    rdm: xr.DataArray,
    *,
    measure: str = "pearson",
    dim: str = SUBJECT,
    noise: xr.DataArray | None = None,
    pooling: str | None = None,
) -> xr.Dataset:
    """Lower and upper bound of the similarity that the true model would have with single subjects.

    The mean RDM of all subjects is close to them as only an RDM that knows them can be: its mean similarity
    with each is the upper bound. The mean RDM of the others knows nothing of a subject: its mean similarity
    with the subject left out is the lower bound. RDMs are brought to one scale before they are averaged.

    Where the mean is the best of all RDMs, attr ``upper_bound`` is ``"exact"``: for ``pearson`` (z-scores),
    ``cosine`` (unit length), ``whitened_cosine`` (x'V^-1 x = 1) and ``rho_a`` (ranks), as long as no pair is
    missing. Elsewhere it is ``"approximate"``, and some RDM may lie above it: for ``spearman`` and Kendall's
    taus (ranks), for ``riemannian`` and ``bures`` (unit length), and for ``whitened_pearson``, where z-scores
    stand by default, as in published figures; ``pooling="whitened_z_scores"`` makes it exact.

    Parameters
    ----------
    rdm
        RDMs of several subjects: dims ``dim`` and ``pair``. Further dims are kept. Pairs that are NaN in some
        subjects are averaged over the others.
    measure
        Name of one of ``rsa.comparators``.
    dim
        What the noise is over: ``"subject"``, or sessions.
    noise
        As in ``rsa.compare``.
    pooling
        How RDMs are brought to one scale: one of ``z_scores``, ``unit_length``, ``ranks``,
        ``whitened_z_scores``, ``whitened_length``. By default as said above.

    Returns
    -------
    Dataset
        ``lower`` and ``upper``; attr ``upper_bound``.

    Raises
    ------
    SchemaError
        If these are no RDMs, there is no such dim, or the measure takes no noise and some is given.
    RecordingError
        If there is one subject only: it has no ceiling.

    References
    ----------
    Nili et al. 2014, PLoS Computational Biology 10:e1003553, doi:10.1371/journal.pcbi.1003553

    Examples
    --------
    >>> pairs = {"stimulus_a": ("pair", list("aab")), "stimulus_b": ("pair", list("bcc"))}
    >>> alike = xr.DataArray([[1.0, 2.0, 4.0], [2.0, 4.0, 8.0]], pairs, ("subject", "pair"))
    >>> noise_ceiling(alike).lower.item()
    1.0
    """
    schema.check(rdm, "rdm")
    if dim not in rdm.dims:
        raise SchemaError(f"a ceiling needs RDMs along dim {dim!r}; got dims {rdm.dims}")
    count = rdm.sizes[dim]
    if count < 2:
        raise RecordingError(
            f"one entry along {dim!r} has no ceiling: it takes two to see how far they agree"
        )
    ordered = all_pairs(align_pairs(rdm)[0]).astype(float)
    covariance = noise_for(measure, noise, ordered)
    used = pooling or POOLED_BY[measure]
    scaled = _scaled(ordered, poolings[used], covariance)
    pooled = scaled.mean(dim)
    found: dict[str, list[xr.DataArray]] = {"lower": [], "upper": []}
    for entry in range(count):
        own = ordered.isel({dim: entry}, drop=True)
        others = scaled.drop_isel({dim: entry}).mean(dim)
        found["lower"].append(compare(others, own, measure=measure, noise=noise))
        found["upper"].append(compare(pooled, own, measure=measure, noise=noise))
    bounds = {
        name: provenance.label(
            xr.concat(values, dim).mean(dim), units="1", long_name=f"{name} noise ceiling ({measure})"
        )
        for name, values in found.items()
    }
    exact = measure in poolings[used].best_for and not bool(ordered.isnull().any())
    return provenance.stamp(
        xr.Dataset(bounds, attrs={"upper_bound": "exact" if exact else "approximate"}),
        "rsa.noise_ceiling",
        sources=[rdm] if noise is None else [rdm, noise],
        references=[_sources.RSA, _sources.CEILING, SOURCES.get(measure, _sources.COMPARISON)],
        measure=measure,
        dim=dim,
        noise=None if noise is None else noise.attrs.get("long_name", "given"),
        pooling=used,
    )


def _scaled(rdm: xr.DataArray, pooling: Pooling, noise: np.ndarray | None) -> xr.DataArray:
    rows = np.ascontiguousarray(rdm.values).reshape(-1, rdm.sizes[PAIR])
    return rdm.copy(data=pooling(rows, noise).reshape(rdm.shape))

"""How well the best model could do, as far as subjects agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr
from scipy.stats import rankdata

from .. import provenance, schema
from ..errors import RecordingError, SchemaError
from ..names import PAIR, SUBJECT
from ..registry import Registry
from . import _sources
from ._compare import compare

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._trials import Numbers

poolings: Registry[Callable[[xr.DataArray], xr.DataArray]] = Registry("pooling")


def noise_ceiling(rdm: xr.DataArray, *, measure: str = "pearson", dim: str = SUBJECT) -> xr.Dataset:
    """Lower and upper bound of the similarity that the true model would have with single subjects.

    The mean RDM of all subjects is as close to them as any RDM can be: its mean similarity with each is the
    upper bound. The mean RDM of the others knows nothing of a subject: its mean similarity with the subject
    left out is the lower bound. RDMs are brought to one scale before they are averaged: z-scores for
    ``pearson``, unit length for ``cosine``, ranks for the others. For ``cosine`` and ``pearson`` that mean is
    the best RDM; for ``spearman``, too, and for ``rho_a`` without ties; for Kendall's taus the upper bound is
    approximate, and the best RDM may lie above it.

    Parameters
    ----------
    rdm
        RDMs of several subjects: dims ``dim`` and ``pair``. Further dims are kept. Pairs that are NaN in some
        subjects are averaged over the others.
    measure
        Name of one of ``rsa.comparators``.
    dim
        What the noise is over: ``"subject"``, or sessions.

    Returns
    -------
    Dataset
        ``lower`` and ``upper``.

    Raises
    ------
    SchemaError
        If these are no RDMs, or there is no such dim.
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
    scaled = poolings[measure](rdm.astype(float))
    pooled = scaled.mean(dim)
    found: dict[str, list[xr.DataArray]] = {"lower": [], "upper": []}
    for entry in range(count):
        own = rdm.isel({dim: entry}, drop=True)
        others = scaled.drop_isel({dim: entry}).mean(dim)
        found["lower"].append(compare(others, own, measure=measure))
        found["upper"].append(compare(pooled, own, measure=measure))
    bounds = {
        name: provenance.label(
            xr.concat(values, dim).mean(dim), units="1", long_name=f"{name} noise ceiling ({measure})"
        )
        for name, values in found.items()
    }
    return provenance.stamp(
        xr.Dataset(bounds),
        "rsa.noise_ceiling",
        sources=[rdm],
        references=[_sources.RSA, _sources.CEILING],
        measure=measure,
        dim=dim,
    )


@poolings.register("pearson")
def _standardised(rdm: xr.DataArray) -> xr.DataArray:
    """Mean 0 and standard deviation 1 over pairs."""
    return (rdm - rdm.mean(PAIR)) / rdm.std(PAIR)


@poolings.register("cosine")
def _normalised(rdm: xr.DataArray) -> xr.DataArray:
    """Length 1 over pairs."""
    return rdm / ((rdm**2).sum(PAIR) ** 0.5)


@poolings.register("spearman")
@poolings.register("rho_a")
@poolings.register("tau_a")
@poolings.register("tau_b")
def _ranked(rdm: xr.DataArray) -> xr.DataArray:
    """Ranks over pairs, ties in the middle."""

    def ranks(values: Numbers) -> Numbers:
        return rankdata(values, axis=-1, nan_policy="omit")

    return xr.apply_ufunc(ranks, rdm, input_core_dims=[[PAIR]], output_core_dims=[[PAIR]])

"""Similarities of two sets of patterns that no rotation of the units changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._measures import Cka, Pwcca, Rv, Svcca
from ._scores import scored

if TYPE_CHECKING:
    import xarray as xr


def cka(a: xr.DataArray, b: xr.DataArray, *, debiased: bool = True) -> xr.DataArray:
    """Linear centred kernel alignment: how alike two populations are up to a rotation and a scale.

    With K = A A' and L = B B' the products of the patterns of each pair of stimuli, it is
    ``HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))``. As first defined, HSIC is tr(K H L H) with H the centring
    matrix, which patterns of many units over few stimuli bring near 1 whatever they are; debiased, it is the
    unbiased estimate of Song et al., and unrelated patterns have 0 on average. Debiased values may be
    negative. Either way, noise that repeats have not averaged out makes data sets less alike than they are.

    Parameters
    ----------
    a, b
        Responses or activations with dims ``stimulus`` (or ``trial``, averaged over repeats) and ``unit``,
        and coord ``stimulus_id``, by which they are matched; units need not be the same. Further dims, such
        as ``time``, that both have go together; the others are compared all by all.
    debiased
        Whether HSIC is unbiased.

    Returns
    -------
    DataArray
        Similarity, at most 1 (up to chance, where debiased), over the further dims.

    Raises
    ------
    SchemaError
        If one lacks dims or coords.
    AlignmentError
        If stimuli, or the entries of dims that both have, do not match; they are listed.
    RecordingError
        If there are fewer than 4 stimuli, NaN, or patterns that do not differ between stimuli.

    References
    ----------
    Kornblith et al. 2019, ICML, doi:10.48550/arXiv.1905.00414
    Song et al. 2012, Journal of Machine Learning Research 13:1393
    Nguyen et al. 2021, ICLR, doi:10.48550/arXiv.2010.15327

    Examples
    --------
    Two orthogonal contrasts of four stimuli: biased, they share nothing; debiased, less than by chance.

    >>> import xarray as xr
    >>> names = {"stimulus_id": ("stimulus", list("wxyz"))}
    >>> a = xr.DataArray([[1.0], [1.0], [-1.0], [-1.0]], names, ("stimulus", "unit"))
    >>> b = xr.DataArray([[1.0], [-1.0], [1.0], [-1.0]], names, ("stimulus", "unit"))
    >>> cka(a, b, debiased=False).item(), round(cka(a, b).item(), 6)
    (0.0, -0.5)
    """
    return scored(Cka(debiased), a, b, step="rsa.cka", what="Linear centred kernel alignment")


def rv(a: xr.DataArray, b: xr.DataArray) -> xr.DataArray:
    """RV coefficient: ``tr(A A' B B') / sqrt(tr((A A')^2) tr((B B')^2))`` of centred patterns A and B.

    It is linear CKA without debiasing, and like it near 1 for any patterns of many units over few stimuli.
    Its modified form, which leaves out the diagonals of A A' and B B' (Smilde et al. 2009), keeps a bias:
    centred products are negative off the diagonal, on average. ``rsa.cka`` is the corrected coefficient.

    Parameters
    ----------
    a, b
        Responses or activations, as in ``rsa.cka``.

    Returns
    -------
    DataArray
        Similarity in [0, 1], over the further dims.

    Raises
    ------
    SchemaError, AlignmentError, RecordingError
        As in ``rsa.cka``.

    References
    ----------
    Robert & Escoufier 1976, Applied Statistics 25:257, doi:10.2307/2347233
    Smilde et al. 2009, Bioinformatics 25:401, doi:10.1093/bioinformatics/btn634

    Examples
    --------
    Of single units it is the squared correlation.

    >>> import xarray as xr
    >>> names = {"stimulus_id": ("stimulus", list("wxyz"))}
    >>> a = xr.DataArray([[0.0], [0.0], [1.0], [1.0]], names, ("stimulus", "unit"))
    >>> b = xr.DataArray([[0.0], [1.0], [1.0], [2.0]], names, ("stimulus", "unit"))
    >>> round(rv(a, b).item(), 6)
    0.5
    """
    return scored(Rv(), a, b, step="rsa.rv", what="RV coefficient")


def svcca(a: xr.DataArray, b: xr.DataArray, *, explained: float = 0.99) -> xr.DataArray:
    """Mean canonical correlation of the leading principal components of two populations.

    The components that explain a share of the variance of each are kept; the mean is over as many
    correlations as the smaller set has components. Chance raises it: with k_a and k_b components of n
    stimuli, unrelated patterns have correlations around sqrt(max(k_a, k_b) / n). ``rsa.evaluate_alignment``
    measures that level.

    Parameters
    ----------
    a, b
        Responses or activations, as in ``rsa.cka``.
    explained
        Share of the variance over stimuli that the components of each keep.

    Returns
    -------
    DataArray
        Similarity in [0, 1], over the further dims.

    Raises
    ------
    RecordingError
        If the kept components of both are as many as there are stimuli, so that some correlations are 1 for
        whatever data; and as in ``rsa.cka``.
    SchemaError, AlignmentError
        As in ``rsa.cka``.

    References
    ----------
    Raghu et al. 2017, NeurIPS, doi:10.48550/arXiv.1706.05806

    Examples
    --------
    Of single units it is the absolute correlation.

    >>> import xarray as xr
    >>> names = {"stimulus_id": ("stimulus", list("wxyz"))}
    >>> a = xr.DataArray([[0.0], [0.0], [1.0], [1.0]], names, ("stimulus", "unit"))
    >>> b = xr.DataArray([[0.0], [-1.0], [-1.0], [-2.0]], names, ("stimulus", "unit"))
    >>> round(svcca(a, b).item() ** 2, 6)
    0.5
    """
    return scored(Svcca(explained), a, b, step="rsa.svcca", what="Mean canonical correlation")


def pwcca(a: xr.DataArray, b: xr.DataArray, *, explained: float = 1.0) -> xr.DataArray:
    """Mean canonical correlation, each weighed by how much of the first population goes along it.

    The weight of the canonical variate h_i of ``a`` is ``sum_j |h_i . z_j|`` over the units z_j of ``a``, so
    that ``pwcca(a, b)`` is not ``pwcca(b, a)``, and that a rotation of the units of ``a`` changes it.

    Parameters
    ----------
    a, b
        Responses or activations, as in ``rsa.cka``.
    explained
        Share of the variance over stimuli that the components of each keep; 1 is all.

    Returns
    -------
    DataArray
        Similarity in [0, 1], over the further dims.

    Raises
    ------
    RecordingError
        As in ``rsa.svcca``.
    SchemaError, AlignmentError
        As in ``rsa.cka``.

    References
    ----------
    Morcos et al. 2018, NeurIPS, doi:10.48550/arXiv.1806.05759

    Examples
    --------
    >>> import xarray as xr
    >>> names = {"stimulus_id": ("stimulus", list("wxyz"))}
    >>> a = xr.DataArray([[0.0], [0.0], [1.0], [1.0]], names, ("stimulus", "unit"))
    >>> b = xr.DataArray([[0.0], [-1.0], [-1.0], [-2.0]], names, ("stimulus", "unit"))
    >>> round(pwcca(a, b).item() ** 2, 6)
    0.5
    """
    return scored(
        Pwcca(explained), a, b, step="rsa.pwcca", what="Projection-weighted mean canonical correlation"
    )

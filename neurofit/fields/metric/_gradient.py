"""The metric in which a field is the gradient of something, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ... import provenance
from ...errors import SchemaError
from ...names import DRAW, SYNAPSE, SYNAPSE_B
from ...provenance import label
from .._spectral import spectral_index
from ._jacobian import ids, square
from ._search import antisymmetric_share, metric_kinds, seen_from

if TYPE_CHECKING:
    from ._search import Found, Search

Numbers = np.ndarray
SURE = 0.05
SOURCES = (
    "Osborne 1960, Journal of the ACM 7:338, doi:10.1145/321043.321048",
    "Kelly 1979, Reversibility and Stochastic Networks, ISBN 978-0-471-27601-1",
)


def gradient_metric(
    jacobian: xr.DataArray,
    *,
    kind: str = "full",
    standard_error: xr.DataArray | float | None = None,
    draws: int = 200,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    r"""The constant metric in which a field is a gradient, or a certificate that there is none.

    f = G^-1 grad F has a Jacobian J with G J symmetric, for a positive definite G. With J = V L V^-1, L real,
    all of them are G = V^-T D V^-1, D > 0. Of these, and of those that come nearest where there is none, the
    result has the least

    .. math:: |G^{1/2} J G^{-1/2}|^2, \quad\text{then}\quad \operatorname{tr} G - \log\det G,

    the least antisymmetric part and then the least divergence from the identity (of Gaussians with these
    precisions): G is the sum of the orthogonal projectors on the left eigenspaces. ``"diagonal"`` allows a
    learning rate for each synapse, f = diag(rates) grad F, which needs J_ij J_ji >= 0 and
    J_ij J_jk J_ki = J_ik J_kj J_ji along every loop (Kolmogorov's criterion); rates balance the matrix.

    Noise makes real eigenvalues complex. With draws or standard errors, a certificate is given only if the
    antisymmetric part that is left under the best metric is larger than in 95 % of Jacobians that have such
    a metric, the nearest one with the noise of the draws.

    Parameters
    ----------
    jacobian
        d f_i / d w_j, (``synapse``, ``synapse_b``). With dim ``draw``, estimates of it as from a bootstrap:
        their mean is taken, and their spread is its noise.
    kind
        ``"full"`` or ``"diagonal"`` (see ``metric_kinds``).
    standard_error
        Of each entry, in place of draws: one for all, or with the dims of ``jacobian``.
    draws
        Number of Jacobians to draw from standard errors.
    rng
        Seed or generator of them.

    Returns
    -------
    Dataset
        ``exists``: True, unless a certificate says that there is none; attr ``verdict`` is ``"exists"``,
        ``"does not exist"``, or with noise ``"not excluded"``, and ``reason`` says why. ``metric`` (synapse,
        synapse_b), its ``condition`` number; ``share_before`` and ``share_after``, the gradient shares
        \|S\|^2/\|J\|^2 with the identity and with the metric, not corrected for noise; ``spectral_index``,
        the sum of \|Im\|^2 over that of \|l\|^2 of eigenvalues, what a full metric leaves; ``rates``
        (synapse), of mean logarithm 0, if the metric is diagonal. With noise, ``p`` of the antisymmetric
        part that is left, and ``certificate_share`` of draws that have a certificate by themselves: in large
        fields most have, also where there is a metric.

    Raises
    ------
    SchemaError
        If dims, ids or sizes do not fit, or values are not finite.
    RecordingError
        If the Jacobian is all 0.

    References
    ----------
    Osborne 1960, Journal of the ACM 7:338, doi:10.1145/321043.321048 (balancing); Kelly 1979, Reversibility
    and Stochastic Networks, ISBN 978-0-471-27601-1 (Kolmogorov's criterion)

    Examples
    --------
    The second synapse learns four times as fast: not symmetric, yet a gradient.

    >>> import numpy as np, xarray as xr
    >>> J = xr.DataArray([[-2.0, 1.0], [4.0, -8.0]], dims=("synapse", "synapse_b"))
    >>> found = gradient_metric(J, kind="diagonal")
    >>> found.verdict, float(found.rates[1] / found.rates[0]).__round__(6)
    ('exists', 4.0)
    >>> turning = xr.DataArray([[-1.0, 1.0], [-1.0, -1.0]], dims=("synapse", "synapse_b"))
    >>> gradient_metric(turning).verdict
    'does not exist'
    """
    seed, rng = rng, np.random.default_rng(rng)
    search = metric_kinds[kind]
    values = square(jacobian, "jacobian")
    noise = _noise(values, jacobian, standard_error, draws, rng)
    mean = values.mean(axis=0) if values.ndim == 3 else values  # noqa: PLR2004, a stack of squares
    spread = np.zeros_like(mean) if noise is None else noise.var(axis=0)
    found = search(mean, spread)
    told = _told(mean, found)
    exists, verdict, reason = not found.against, "exists", found.against
    if found.against:
        verdict = "does not exist"
    if noise is not None:
        p, certified = _tested(search, mean, found.root, noise)
        exists, verdict = p >= SURE, "not excluded" if p >= SURE else "does not exist"
        reason = f"{found.against or 'the best estimate has a metric'} (p {p:.3f})"
        told |= {
            "p": ((), p, "p of the antisymmetric part under the metric"),
            "certificate_share": ((), certified, "share of draws without a metric"),
        }
    told["exists"] = ((), exists, "whether there may be a metric")
    if kind == "diagonal":
        told["rates"] = ((SYNAPSE,), 1 / np.diag(found.metric), "learning rate")
    result = xr.Dataset(
        {
            name: label(xr.DataArray(data, dims=dims), units="1", long_name=text)
            for name, (dims, data, text) in told.items()
        },
        ids(jacobian),
        {"verdict": verdict, "reason": reason},
    )
    options = {"kind": kind, "draws": draws, "rng": seed}
    return provenance.stamp(
        result, "fields.gradient_metric", sources=[jacobian], references=SOURCES, **options
    )


def _told(jacobian: Numbers, found: Found) -> dict[str, tuple[tuple[str, ...], object, str]]:
    """What a metric does to a Jacobian."""
    after = seen_from(jacobian, found.root)
    return {
        "metric": ((SYNAPSE, SYNAPSE_B), found.metric, "metric"),
        "condition": ((), np.linalg.cond(found.metric), "condition number of the metric"),
        "share_before": ((), 1 - antisymmetric_share(jacobian), "gradient share as synapses are measured"),
        "share_after": ((), 1 - antisymmetric_share(after), "gradient share under the metric"),
        "spectral_index": (
            (),
            spectral_index(np.linalg.eigvals(jacobian)),
            "share of imaginary parts in squared eigenvalues",
        ),
    }


def _noise(
    values: Numbers,
    jacobian: xr.DataArray,
    standard_error: xr.DataArray | float | None,
    draws: int,
    rng: np.random.Generator,
) -> Numbers | None:
    """What is added to a Jacobian by noise, (draw, synapse, synapse); None if there is none."""
    if DRAW in jacobian.dims:
        if standard_error is not None:
            raise SchemaError("draws tell the noise already: leave out 'standard_error'.")
        return values - values.mean(axis=0)
    if standard_error is None:
        return None
    return rng.normal(size=(draws, *values.shape)) * _error(standard_error, values, jacobian)


def _error(error: xr.DataArray | float, values: Numbers, jacobian: xr.DataArray) -> Numbers | float:
    if not isinstance(error, xr.DataArray):
        return float(error)
    if set(error.dims) != set(jacobian.dims) or error.size != values.size:
        raise SchemaError(f"'standard_error' has {dict(error.sizes)}, not {dict(jacobian.sizes)}.")
    return error.transpose(SYNAPSE, SYNAPSE_B).values


def _tested(search: Search, mean: Numbers, root: Numbers, noise: Numbers) -> tuple[float, float]:
    """P of what the best metric leaves, and the share of noisy draws that have a certificate."""
    nearest = seen_from(mean, root)
    symmetric = (nearest + nearest.T) / 2
    null = np.linalg.solve(root, symmetric @ root)
    left, spread = ((nearest - nearest.T) ** 2).sum(), noise.var(axis=0)
    chance = [_left(search, null + part, spread) for part in noise]
    certified = [bool(search(mean + part, spread).against) for part in noise]
    p = (1 + sum(one >= left * (1 - 1e-9) for one in chance)) / (1 + len(noise))
    return float(p), float(np.mean(certified))


def _left(search: Search, jacobian: Numbers, spread: Numbers) -> float:
    """Square of the antisymmetric part under the best metric, times 4."""
    found = seen_from(jacobian, search(jacobian, spread).root)
    return float(((found - found.T) ** 2).sum())

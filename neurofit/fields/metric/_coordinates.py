"""The same field in other coordinates: logarithms of weights, or lengths by a given metric."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ... import provenance
from ...errors import RecordingError, SchemaError
from ...names import DRAW, SYNAPSE, SYNAPSE_B
from ...provenance import label
from ._jacobian import ids, root_of, square
from ._search import antisymmetric_share

LOEWENSTEIN = "Loewenstein, Kuras & Rumpel 2011, Journal of Neuroscience 31:9481, "
LOEWENSTEIN += "doi:10.1523/JNEUROSCI.6130-10.2011"


def log_weights(
    W: xr.DataArray,  # noqa: N803, they are the paper's names
    dW: xr.DataArray,  # noqa: N803
) -> xr.Dataset:
    r"""Weights and changes as logarithms, in which a change counts by its ratio.

    u = log\|w\| and the exact step log\|w + dw\| - log\|w\|, which has no term of second order to correct,
    as dw / w has. Spines change in proportion to their size, more nearly than by equal amounts.

    Parameters
    ----------
    W
        Weights, with any dims.
    dW
        Their changes, with the same dims.

    Returns
    -------
    Dataset
        ``weights`` and ``changes``, NaN where a weight is 0, becomes 0 or changes its sign, and ``left_out``,
        the number of these.

    Raises
    ------
    SchemaError
        If dims or sizes differ.
    RecordingError
        If nothing is left.

    References
    ----------
    Loewenstein, Kuras & Rumpel 2011, Journal of Neuroscience 31:9481, doi:10.1523/JNEUROSCI.6130-10.2011

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> w = xr.DataArray([1.0, -2.0, 1.0], dims="synapse")
    >>> found = log_weights(w, xr.DataArray([1.0, 1.0, -3.0], dims="synapse"))
    >>> np.exp(found.changes.values).round(6).tolist(), int(found.left_out)
    ([2.0, 0.5, nan], 1)
    """
    if set(W.dims) != set(dW.dims) or any(W.sizes[dim] != dW.sizes[dim] for dim in W.dims):
        raise SchemaError(f"'W' has {dict(W.sizes)}, 'dW' {dict(dW.sizes)}: both have to have the same.")
    before = W.astype(float)
    after = (before + dW.transpose(*W.dims).values).astype(float)
    kept = before * after > 0
    known = np.isfinite(before) & np.isfinite(after)
    if not kept.any():
        raise RecordingError(
            "no weight has a logarithm before and after its change: all are 0 or change sign."
        )
    weights = W.copy(data=np.log(abs(before.where(kept).values)))
    changes = W.copy(data=np.log(abs(after.where(kept).values))) - weights
    result = xr.Dataset(
        {
            "weights": label(weights, units="1", long_name="logarithm of the size of weights"),
            "changes": label(changes, units="1", long_name="change of the logarithm"),
            "left_out": label((known & ~kept).sum(), units="1", long_name="weights without a logarithm"),
        }
    )
    return provenance.stamp(result, "fields.log_weights", sources=[W, dW], references=[LOEWENSTEIN])


def in_metric(jacobian: xr.DataArray, metric: xr.DataArray) -> xr.Dataset:
    r"""A Jacobian, and how much of it is gradient, where lengths are measured by a given metric.

    In coordinates v = G^{1/2} w, where \|v\|^2 = w' G w, the Jacobian is G^{1/2} J G^{-1/2}. It is symmetric
    where f = G^-1 grad F.

    Parameters
    ----------
    jacobian
        d f_i / d w_j, (``synapse``, ``synapse_b``).
    metric
        G, (``synapse``, ``synapse_b``), positive definite; or its diagonal, (``synapse``): one over the
        learning rate of each synapse.

    Returns
    -------
    Dataset
        ``jacobian`` in the coordinates v, ``gradient_share`` \|S\|^2/\|J\|^2, ``curl_norm`` sqrt(2)\|A\|, and
        ``divergence``, which is the same in all metrics. None is corrected for noise.

    Raises
    ------
    SchemaError
        If dims, sizes or ids do not fit, or the metric is not symmetric and positive definite.

    References
    ----------
    Amari 1998, Neural Computation 10:251, doi:10.1162/089976698300017746

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> J = xr.DataArray([[-2.0, 1.0], [4.0, -8.0]], dims=("synapse", "synapse_b"))
    >>> found = in_metric(J, xr.DataArray([4.0, 1.0], dims="synapse"))
    >>> float(found.gradient_share), found.jacobian.values.tolist()
    (1.0, [[-2.0, 2.0], [2.0, -8.0]])
    """
    if DRAW in jacobian.dims:
        raise SchemaError("one Jacobian at a time: take a draw with .isel(draw=...), or the mean.")
    values, root = square(jacobian, "jacobian"), root_of(metric, jacobian)
    seen = root @ np.linalg.solve(root.T, values.T).T
    turning = antisymmetric_share(seen)
    told: dict[str, tuple[tuple[str, ...], object, str]] = {
        "jacobian": ((SYNAPSE, SYNAPSE_B), seen, "Jacobian in coordinates of the metric"),
        "gradient_share": ((), 1 - turning, "share of the symmetric part"),
        "divergence": ((), np.trace(seen), "divergence"),
        "curl_norm": ((), np.sqrt(2 * turning * (seen**2).sum()), "norm of the curl"),
    }
    result = xr.Dataset(
        {
            name: label(xr.DataArray(data, dims=dims), units=_unit(name), long_name=text)
            for name, (dims, data, text) in told.items()
        },
        ids(jacobian),
    )
    return provenance.stamp(result, "fields.in_metric", sources=[jacobian, metric], references=[AMARI])


AMARI = "Amari 1998, Neural Computation 10:251, doi:10.1162/089976698300017746"


def _unit(name: str) -> str:
    return "1" if name == "gradient_share" else "1 / time"

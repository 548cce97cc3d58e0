"""What a field looks like where some synapses are not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import SchemaError
from ..names import SYNAPSE, SYNAPSE_B
from ..provenance import label, stamp
from ._sources import OLS

if TYPE_CHECKING:
    import xarray as xr


def effective_jacobian(
    jacobian: xr.DataArray, covariance: xr.DataArray, *, recorded: xr.DataArray
) -> xr.DataArray:
    r"""The Jacobian that recorded synapses show, where others that vary with them are hidden.

    With o recorded and h hidden, :math:`E[w_h \mid w_o] = C_{ho} C_{oo}^{-1} w_o`, so that

    .. math:: J_\text{eff} = J_{oo} + J_{oh}\, C_{ho}\, C_{oo}^{-1} .

    It is J_oo where perturbations are designed, for then hidden synapses do not vary with those recorded. A
    gradient of all synapses need not be one of those recorded, and the other way round.

    Parameters
    ----------
    jacobian
        Of all synapses (synapse, synapse_b).
    covariance
        Of their weights (synapse, synapse_b).
    recorded
        Which ones are seen (synapse,), bool.

    Returns
    -------
    DataArray
        (synapse, synapse_b) of those recorded.

    Raises
    ------
    SchemaError
        If dims or sizes do not fit, or none is recorded.

    References
    ----------
    Greene 2018, Econometric Analysis, 8th edition, section 4.3.2 (omitted variables)

    Examples
    --------
    >>> import xarray as xr
    >>> both = ("synapse", "synapse_b")
    >>> J = xr.DataArray([[-1.0, 2.0], [0.0, -1.0]], dims=both)
    >>> C = xr.DataArray([[1.0, 0.5], [0.5, 1.0]], dims=both)
    >>> effective_jacobian(J, C, recorded=xr.DataArray([True, False], dims="synapse")).values.tolist()
    [[0.0]]
    """
    for name, array in (("jacobian", jacobian), ("covariance", covariance)):
        if set(array.dims) != {SYNAPSE, SYNAPSE_B} or array.sizes[SYNAPSE] != array.sizes[SYNAPSE_B]:
            raise SchemaError(f"{name} has to have dims (synapse, synapse_b), of one size; got {array.sizes}")
    seen = np.asarray(recorded, dtype=bool)
    if seen.shape != (jacobian.sizes[SYNAPSE],) or not seen.any():
        raise SchemaError(
            f"recorded says of each of {jacobian.sizes[SYNAPSE]} synapses whether it is seen, and one has to "
            f"be; got shape {seen.shape} with {int(seen.sum())} seen"
        )
    all_of_it = jacobian.transpose(SYNAPSE, SYNAPSE_B).values
    spread = covariance.transpose(SYNAPSE, SYNAPSE_B).values
    if len(spread) != len(all_of_it):
        raise SchemaError(f"covariance is of {len(spread)} synapses, and the Jacobian of {len(all_of_it)}")
    if np.linalg.matrix_rank(spread[np.ix_(seen, seen)]) < seen.sum():
        raise SchemaError(
            "the covariance of recorded synapses is singular: some are sums of others, leave them out"
        )
    carried = np.linalg.solve(spread[np.ix_(seen, seen)], spread[np.ix_(seen, ~seen)])
    values = all_of_it[np.ix_(seen, seen)] + all_of_it[np.ix_(seen, ~seen)] @ carried.T
    result = jacobian.transpose(SYNAPSE, SYNAPSE_B).isel({SYNAPSE: seen, SYNAPSE_B: seen}).copy(data=values)
    named = label(result, units=jacobian.attrs.get("units", "1"), long_name="effective Jacobian")
    return stamp(named, "fields.effective_jacobian", sources=[jacobian, covariance], references=[OLS])

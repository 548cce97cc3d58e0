"""A smooth field from scattered samples of weights and of their changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import RecordingError
from ._field import Field
from ._inputs import samples
from ._kinds import field_kinds
from ._methods import Scaled, methods

if TYPE_CHECKING:
    import xarray as xr

    from ._inputs import Samples

MOST_SYNAPSES = 50  # of a restricted kind, whose synapses have to be solved for together


def fit(
    W: xr.DataArray,
    dW: xr.DataArray,
    *,
    kind: str = "full",
    method: str = "auto",
    centres: int | None = None,
    rng: int | np.random.Generator | None = 0,
) -> Field:
    r"""The field f(w) = E[dw | w] that samples of weights and of their changes come from.

    .. math:: f(w) = b + B (w - \bar w) + \sum_c K(w - c)\, a_c

    with a matrix-valued kernel K around centres c, and a free trend of the same kind. With the Gaussian
    :math:`\varphi(d) = e^{-|d|^2 / 2 l^2}`, its Hessian H and n synapses, K is

    - ``"full"``: :math:`\varphi I`, any field;
    - ``"curl_free"``: :math:`-l^2 H`, with B symmetric: the gradient of a potential;
    - ``"divergence_free"``: :math:`l^2 (H - \mathrm{tr}(H) I) / (n - 1)`, with tr B = 0.

    All have the same variance at 0. Length scale l and ridge are optimised as continuous numbers.

    Parameters
    ----------
    W
        Weights (sample, synapse), where the samples' dim may have any name.
    dW
        Their changes per unit of time, with the same dims. Where both have coords of these dims, they are
        matched by them.
    kind
        Name in ``fields.field_kinds``.
    method
        ``"nystroem"``: kernels around some of the samples, by generalised cross-validation;
        ``"gaussian_process"``: around all samples, which is exact, by marginal likelihood; ``"held_out"``:
        around some, by the error of samples left out. ``"auto"`` is the last for restricted kinds, whose
        misfit is no noise; for a full field the Gaussian process up to 1,500 numbers in ``dW``.
    centres
        How many, unless all samples are; by default at most 100 + 10 n^2, and at most 1,000 coefficients
        that have to be solved for together.
    rng
        Seed or generator of which samples are centres.

    Returns
    -------
    Field
        Call it with weights; ``.jacobian(w)``, ``.divergence(w)``, ``.curl(w)``, ``.potential(w)``,
        ``.fixed_points()``, ``.posterior_share()``. One scale for all synapses is taken off first: the answer
        does not depend on units, but does on units that differ between synapses.

    Raises
    ------
    SchemaError
        If dims or sizes do not fit, or values are not finite.
    AlignmentError
        If samples or synapses of one array are missing in the other.
    RecordingError
        If there are fewer than 2 (n + 1) samples or 2 synapses, a weight never changes, weights are sums of
        one another, nothing changes, or a restricted kind is asked for with more than 50 synapses.

    References
    ----------
    Micchelli & Pontil 2005, Neural Computation 17:177, doi:10.1162/0899766052530802;
    Narcowich & Ward 1994, Mathematics of Computation 63:661, doi:10.1090/S0025-5718-1994-1254147-6;
    Golub, Heath & Wahba 1979, Technometrics 21:215, doi:10.1080/00401706.1979.10489751

    Examples
    --------
    >>> import xarray as xr
    >>> w = np.random.default_rng(0).normal(size=(60, 2))
    >>> W = xr.DataArray(w, dims=("trial", "synapse"))
    >>> found = fit(W, -2 * W, kind="curl_free")
    >>> found.divergence(np.zeros(2)).round(3)
    np.float64(-4.0)
    """
    rng = np.random.default_rng(rng)
    return fitted(samples(W, dW), kind, method, centres, rng, str(W.attrs.get("units", "1")))


def fitted(
    given: Samples, kind: str, method: str, centres: int | None, rng: np.random.Generator, units: str = "1"
) -> Field:
    """``fit`` of arrays that were checked."""
    n = len(given.ids)
    if kind != "full" and n > MOST_SYNAPSES:
        raise RecordingError(
            f"a {kind.replace('_', '-')} field of {n} synapses has too many coefficients: at most "
            f"{MOST_SYNAPSES} synapses. Leave some out, or ask for kind='full', which takes more."
        )
    scaled = Scaled.of(given.w, given.dw)
    solution = methods[method](field_kinds[kind], scaled.w, scaled.dw, centres, rng)
    attrs = {
        "length_scale": solution.frame.length * scaled.scale,
        "ridge": solution.ridge,
        "criterion": solution.score,
        "centres": len(solution.frame.centres),
        "noise_sd": float(np.sqrt(solution.spectrum.noise(solution.ridge))),
    }
    return Field(kind, attrs, given.ids, solution, scaled.origin, scaled.scale, scaled.w, units)

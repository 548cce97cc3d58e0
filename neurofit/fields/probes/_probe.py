"""What a known rule is, a gradient or not, from probes of its Jacobian."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy.stats import t

from ...errors import SchemaError
from ...names import BOUND, BOUNDS, SYNAPSE
from ...provenance import label, stamp
from ._kernels import Drawn, Known, basis, jackknife

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._products import Products

Numbers = np.ndarray
FEWEST = 4  # draws, for an interval over them
DEFLATED = 16  # draws from which it pays to learn the strongest directions first
HUTCHINSON = "Hutchinson 1990, Communications in Statistics 19:433, doi:10.1080/03610919008812866"
HUTCHPP = (
    "Meyer, Musco, Musco & Woodruff 2021, SIAM Symposium on Simplicity in Algorithms, "
    "doi:10.1137/1.9781611976496.16"
)
NO_SPECTRUM = "eigenvalues do not follow from probes: form the Jacobian for the spectral index"
SAYS = {
    "jacobian_norm": "Frobenius norm of the Jacobian",
    "gradient_share": "share of the symmetric part in the square of the Jacobian",
    "divergence": "trace of the Jacobian",
    "curl_norm": "norm of the curl as a 2-form",
    "reciprocity": "reciprocity of pairs of different synapses",
}
LIMITS = {
    "jacobian_norm": (0, np.inf),
    "gradient_share": (0, 1),
    "curl_norm": (0, np.inf),
    "reciprocity": (-1, 1),
}


def probe(
    rule: Callable[[Any], Any],
    w: Any,
    *,
    draws: int = 40,
    rng: int | np.random.Generator | None = None,
    progress: bool = True,
) -> xr.Dataset:
    r"""Whether a known rule is a gradient at some weights, without forming its Jacobian.

    With random signs v, and J = S + A the Jacobian of the rule,

    .. math::

        \mathrm{tr} J = E[v^\top J v], \qquad
        |S|^2 = E \left| \tfrac12 (J v + J^\top v) \right|^2, \qquad
        |A|^2 = E \left| \tfrac12 (J v - J^\top v) \right|^2 .

    Jacobians of networks act in few directions. From 16 draws on, a quarter of the draws finds such
    directions, half of them tells what J does there, and random vectors only what is left. For up to
    ``draws`` synapses the answer is exact.

    Where torch cannot differentiate the rule, central differences give Jv alone, and
    :math:`\mathrm{tr} J^2` comes from pairs of different vectors, :math:`(v_k \cdot J v_l)(v_l \cdot J v_k)`,
    which takes more draws; the attr ``reason`` says so.

    Parameters
    ----------
    rule
        A callable from weights, a tensor (synapse,), to their change, (synapse,): the mean change a unit of
        time. One for arrays will do, with finite differences. It has to be the same at each call.
    w
        The weights, (synapse,).
    draws
        Number of vectors that J, and its transpose, are multiplied with; at least 4.
    rng
        Seed or generator of the vectors.
    progress
        Whether to show a bar, where there are many.

    Returns
    -------
    Dataset
        ``jacobian_norm``, ``gradient_share``, ``divergence``, ``curl_norm``, ``reciprocity`` (sum of
        J_ij J_ji over that of J_ij^2, i other than j), each with a 95 % ``..._interval`` (bound) over random
        vectors; ``gradient_share_null``, of a random Jacobian, (n + 1) / 2n; ``drift`` (synapse), the change
        at w; ``spectral_index``, NaN, as it needs eigenvalues; ``identified``, False where J is 0. Attr
        ``reason``: why not, or how derivatives were taken.

    Raises
    ------
    SchemaError
        If weights are no row of finite numbers, the rule gives another shape or NaN, or draws are too few.

    References
    ----------
    Hutchinson 1990, Communications in Statistics 19:433, doi:10.1080/03610919008812866;
    Meyer, Musco, Musco & Woodruff 2021, SIAM Symposium on Simplicity in Algorithms,
    doi:10.1137/1.9781611976496.16

    Examples
    --------
    >>> import torch
    >>> turn = torch.tensor([[-1.0, -2.0], [2.0, -1.0]], dtype=torch.float64)
    >>> found = probe(lambda w: turn @ w, [0.5, 0.5], rng=0)
    >>> found.gradient_share.item(), found.divergence.item()
    (0.2, -2.0)
    """
    from ._products import Products

    weights = _weights(w, draws)
    seed, rng = rng, np.random.default_rng(rng)
    products = Products(rule, weights, progress=progress)
    known, drawn = (_with_both if products.transposed else _forth_alone)(products, len(weights), draws, rng)
    found = _label(jackknife(known, drawn), len(drawn.trace), products, w)
    return stamp(found, "fields.probe", references=[HUTCHINSON, HUTCHPP], draws=draws, rng=seed)


def _with_both(products: Products, n: int, draws: int, rng: np.random.Generator) -> tuple[Known, Drawn]:
    """The strongest directions, and what is left, from products with J and J'."""
    if n <= draws:
        rows = np.eye(n)
    else:
        sketch = draws // 4 if draws >= DEFLATED else 0
        rows = basis(np.concatenate(products.both(rng.normal(size=(sketch, n)))))
        draws -= sketch + len(rows)
    known = Known.of(rows, *products.both(rows))
    signs = rng.choice([-1.0, 1.0], size=(0 if n == len(rows) else draws, n))
    return known, Drawn.both(known, signs, *products.both(known.without(signs)))


def _forth_alone(products: Products, n: int, draws: int, rng: np.random.Generator) -> tuple[Known, Drawn]:
    """As much from products with J alone; all of it where they give J itself."""
    if n <= draws:
        jacobian = products.forth(np.eye(n)).T
        known = Known.of(np.eye(n), jacobian.T, jacobian)
        return known, Drawn.both(known, *np.zeros((3, 0, n)))
    nothing = Known.of(*np.zeros((3, 0, n)))
    signs = rng.choice([-1.0, 1.0], size=(draws, n))
    return nothing, Drawn.forth(signs, products.forth(signs))


def _label(estimate: tuple[Numbers, Numbers], count: int, products: Products, w: Any) -> xr.Dataset:
    values, errors = estimate
    reach = t.ppf(0.975, count - 1) * errors if count else errors
    n = len(products.change)
    arrays: dict[str, tuple[Any, Any, str]] = {}
    for name, value, width in zip(SAYS, values, reach, strict=True):
        interval = np.clip([value - width, value + width], *LIMITS.get(name, (-np.inf, np.inf)))
        arrays[name] = ((), value, SAYS[name])
        arrays[f"{name}_interval"] = (BOUND, interval, f"95 % interval: {SAYS[name]}")
    identified = bool(values[0] > 0 and values[0] > reach[0])
    arrays |= {
        "gradient_share_null": ((), (n + 1) / (2 * n), "gradient share of a random Jacobian"),
        "drift": (SYNAPSE, products.change, "change of the weight a unit of time, at w"),
        "spectral_index": ((), np.nan, NO_SPECTRUM),
        "identified": ((), identified, "whether the Jacobian is known to differ from 0"),
    }
    flat = "the change does not depend on weights near w, as far as probes tell"
    reason = "; ".join(filter(None, [products.reason, "" if identified else flat]))
    result = xr.Dataset(
        {
            name: label(xr.DataArray(value, dims=dims), units="1", long_name=long_name)
            for name, (dims, value, long_name) in arrays.items()
        },
        {BOUND: list(BOUNDS)},
    )
    coords = w.coords if isinstance(w, xr.DataArray) else {}
    return result.assign_coords(coords).assign_attrs(reason=reason)


def _weights(w: Any, draws: int) -> Numbers:
    given = w.numpy(force=True) if hasattr(w, "detach") else w
    weights = np.asarray(given).astype(float)
    wanted = {
        f"w has shape {weights.shape}; it has to be a row, (synapse,)": weights.ndim == 1
        and weights.size > 0,
        "w has entries that are not finite": bool(np.isfinite(weights).all()),
        f"draws must be {FEWEST} or more, not {draws}": draws >= FEWEST,
    }
    wrong = [phrase for phrase, fine in wanted.items() if not fine]
    if wrong:
        raise SchemaError("; ".join(wrong))
    return weights

"""A field of weight changes that is known everywhere, with its derivatives."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ... import provenance
from ...errors import AlignmentError, SchemaError, listing
from ...names import BOUND, BOUNDS, SYNAPSE, SYNAPSE_B
from ...provenance import label
from ._fixed import fixed_points
from ._norms import Norms

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._solution import Coefficients, Solution

Numbers = np.ndarray
MOST_POINTS = 200  # at which the posterior distribution is drawn


@dataclass(frozen=True, eq=False)
class Field:
    r"""A smooth field f(w) = E[dw | w] with its Jacobian; made by ``fields.fit``.

    Weights ``w`` are given as a DataArray with dim ``synapse`` and any others, which come back, or as a plain
    array (..., synapse), for which plain arrays come back.

    Attributes
    ----------
    kind
        ``"full"``, ``"curl_free"`` or ``"divergence_free"``.
    attrs
        Length scale (in units of w), ridge, criterion (its value), number of centres, standard deviation of
        the noise.

    Examples
    --------
    >>> from neurofit.fields.regression import fit
    >>> w = np.random.default_rng(0).normal(size=(60, 2))
    >>> W = xr.DataArray(w, dims=("trial", "synapse"))
    >>> rotation = np.array([[0.0, -1.0], [1.0, 0.0]])
    >>> found = fit(W, W.copy(data=w @ rotation.T))
    >>> found.jacobian(np.zeros(2)).round(2) + 0.0
    array([[ 0., -1.],
           [ 1.,  0.]])
    """

    kind: str
    attrs: dict[str, float]
    _ids: Numbers = field(repr=False)
    _solution: Solution = field(repr=False)
    _origin: Numbers = field(repr=False)
    _scale: float = field(repr=False)
    _samples: Numbers = field(repr=False)
    _units: str = field(repr=False, default="1")

    @cached_property
    def _best(self) -> Coefficients:
        return self._solution.coefficients

    def __call__(self, w: xr.DataArray | Numbers) -> xr.DataArray | Numbers:
        """Expected change of weights, (..., synapse)."""
        return self._at(w, self._values, (SYNAPSE,), "expected change of weights")

    def jacobian(self, w: xr.DataArray | Numbers) -> xr.DataArray | Numbers:
        """Derivative of f_i by w_j, (..., synapse, synapse_b)."""
        return self._at(w, self._jacobian, (SYNAPSE, SYNAPSE_B), "Jacobian")

    def divergence(self, w: xr.DataArray | Numbers) -> xr.DataArray | Numbers:
        """Trace of the Jacobian, (...)."""
        return self._at(w, lambda u: np.trace(self._jacobian(u), axis1=1, axis2=2), (), "divergence")

    def curl(self, w: xr.DataArray | Numbers) -> xr.DataArray | Numbers:
        """Curl as a 2-form: derivative of f_j by w_i less that of f_i by w_j, (..., synapse, synapse_b)."""

        def curl(u: Numbers) -> Numbers:
            jacobian = self._jacobian(u)
            return np.swapaxes(jacobian, 1, 2) - jacobian

        return self._at(w, curl, (SYNAPSE, SYNAPSE_B), "curl")

    def potential(self, w: xr.DataArray | Numbers) -> xr.DataArray | Numbers:
        """F whose gradient is the field, or the curl-free part of a full one; 0 at the mean of the samples.

        The curl-free part of a sum of Gaussians is that over the whole space, where it is unique (Helmholtz);
        of the linear trend it is the symmetric part of the matrix.

        Raises
        ------
        RecordingError
            If the field is divergence-free.
        """

        def potential(u: Numbers) -> Numbers:
            zero = np.zeros((1, u.shape[1]))
            both = self._solution.frame.potential(np.concatenate([zero, u]), self._best)
            return self._scale * (both[1:] - both[0])

        return self._at(w, potential, (), "potential")

    def fixed_points(self, *, starts: xr.DataArray | Numbers | None = None) -> xr.Dataset:
        """Where the field is 0, among the samples, and of which type.

        Newton's method runs from ``starts`` (all samples by default, at most 500); what leaves the box that
        the samples span is dropped.

        Returns
        -------
        Dataset
            ``position`` (point, synapse); ``type`` (point): attractor, repeller, saddle, attracting spiral,
            repelling spiral, centre or flat; ``growth``, the largest real part of the eigenvalues, and
            ``frequency``, the largest imaginary part.
        """
        u = self._samples[:500] if starts is None else self._flat(starts)[0]
        box = self._samples.min(axis=0), self._samples.max(axis=0)
        found = fixed_points(self._values, self._scaled_jacobian, u, box, self._scale)
        result = found.assign(position=self._origin + self._scale * found.position).assign_coords(
            {SYNAPSE: self._ids}
        )
        result["position"] = label(result.position, units=self._units, long_name="weights at the fixed point")
        return provenance.stamp(result, "fields.Field.fixed_points")

    def posterior_share(
        self,
        w: xr.DataArray | Numbers | None = None,
        *,
        draws: int = 200,
        rng: int | np.random.Generator | None = None,
    ) -> xr.Dataset:
        """Share of the symmetric part of the Jacobian, means of squares, with what is not known of it.

        Fields are drawn from the posterior distribution, with length scale and ridge as they are, and the
        share is taken over points ``w`` (the samples by default, at most 200 of them).

        Returns
        -------
        Dataset
            ``share`` (posterior mean), ``share_sd``, ``share_interval`` (bound; central 95 %).
        """
        seed, rng = rng, np.random.default_rng(rng)
        shares = np.array([norms.share for norms in self.drawn(w, draws, rng)])
        told = {
            "share": ((), shares.mean(), "share of the symmetric part"),
            "share_sd": ((), shares.std(ddof=1), "posterior standard deviation of the share"),
            "share_interval": ((BOUND,), np.quantile(shares, [0.025, 0.975]), "95 % interval of the share"),
        }
        result = xr.Dataset(
            {
                name: label(xr.DataArray(values, dims=dims), units="1", long_name=what)
                for name, (dims, values, what) in told.items()
            },
            {BOUND: list(BOUNDS)},
        )
        return provenance.stamp(result, "fields.Field.posterior_share", draws=draws, rng=seed)

    def norms(self, w: xr.DataArray | Numbers) -> Norms:
        """Norms of Jacobians at ``w``."""
        return Norms.of(self._jacobian(self._flat(w)[0]))

    def drawn(self, w: xr.DataArray | Numbers | None, draws: int, rng: np.random.Generator) -> list[Norms]:
        """Norms of Jacobians at ``w``, of draws from the posterior distribution."""
        points = self._samples[:MOST_POINTS] if w is None else self._flat(w)[0]
        frame = self._solution.frame
        return [
            Norms.of(frame.jacobian(points, one) / self._scale) for one in self._solution.draws(draws, rng)
        ]

    def _values(self, u: Numbers) -> Numbers:
        return self._solution.frame.values(u, self._best)

    def _jacobian(self, u: Numbers) -> Numbers:
        return self._scaled_jacobian(u) / self._scale

    def _scaled_jacobian(self, u: Numbers) -> Numbers:
        return self._solution.frame.jacobian(u, self._best)

    def _flat(self, w: xr.DataArray | Numbers) -> tuple[Numbers, xr.DataArray]:
        """Scaled points (point, synapse), and what to give the results the shape of."""
        if not isinstance(w, xr.DataArray):
            w = xr.DataArray(np.asarray(w), dims=[*(f"_{axis}" for axis in range(np.ndim(w) - 1)), SYNAPSE])
        if SYNAPSE not in w.dims or w.sizes[SYNAPSE] != len(self._ids):
            raise SchemaError(
                f"got dims {w.dims} and shape {w.shape}; the field is one of {len(self._ids)} synapses: "
                "dim 'synapse' has to have as many."
            )
        if SYNAPSE in w.coords:
            unknown = sorted(set(self._ids.tolist()) - set(w[SYNAPSE].values.tolist()), key=str)
            if unknown:
                raise AlignmentError(f"no weights for 'synapse' {listing(unknown, limit=5)}.")
            w = w.sel({SYNAPSE: self._ids})
        w = w.transpose(..., SYNAPSE)
        if not np.isfinite(w.values).all():
            raise SchemaError("weights are not finite: leave out points with NaN.")
        return (w.values.reshape(-1, len(self._ids)) - self._origin) / self._scale, w

    def _at(
        self,
        w: xr.DataArray | Numbers,
        function: Callable[[Numbers], Numbers],
        dims: tuple[str, ...],
        long_name: str,
    ) -> xr.DataArray | Numbers:
        u, shaped = self._flat(w)
        outer = shaped.shape[:-1]
        found = function(u)
        found = found.reshape((*outer, *found.shape[1:]))
        if not isinstance(w, xr.DataArray):
            return found
        kept = {name: coord for name, coord in shaped.coords.items() if SYNAPSE not in coord.dims}
        result = xr.DataArray(
            found, {**kept, **dict.fromkeys(dims, self._ids)}, (*shaped.dims[:-1], *dims), name=None
        )
        result = label(result, units="1", long_name=long_name)
        return provenance.stamp(result, f"fields.Field.{long_name.split(maxsplit=1)[0].lower()}", sources=[w])

"""A field of weight changes, f(w) = E[dw | w], from whatever shows some of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .. import provenance
from ..errors import SchemaError
from ..names import SAMPLE, SESSION_INDEX, STEP, SYNAPSE, SYNAPSE_B, TRAJECTORY, TRIAL
from ._checks import changing, finite, responding, table
from ._decompose import decompose_all
from ._sessions import covariance_of, duration, evenly, lag_of, times_of
from ._sources import MARBLESTONE, SARGAN, SONG

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, eq=False)
class WeightField:
    r"""Weight changes :math:`f(w) = E[dw \mid w]` per unit of time, as data show them.

    Make one with ``from_trials`` (designed perturbations), ``from_trajectory`` (weights over sessions),
    ``from_activity`` (weights read from activity) or ``from_samples`` (weights and their changes anywhere).

    Parameters
    ----------
    data
        The labelled arrays. Further dims, such as ``session_id`` or ``area``, are as many fields.
    kind
        ``"trials"``, ``"trajectory"`` or ``"samples"``.
    """

    data: xr.Dataset
    kind: str
    core: tuple[str, ...] = field(repr=False)

    @classmethod
    def from_trials(
        cls,
        w0: xr.DataArray | None,
        delta: xr.DataArray,
        dw: xr.DataArray,
        *,
        dt: float = 1.0,
        covariance: xr.DataArray | float | None = None,
    ) -> WeightField:
        """From changes of weights after designed perturbations of them.

        Parameters
        ----------
        w0
            Weights (synapse,) that perturbations start from; None where nobody knows, for metrics that do
            not ask.
        delta
            Perturbations (trial, synapse): random, drawn independently, with mean 0.
        dw
            Changes that followed (trial, synapse).
        dt
            Time that the changes took.
        covariance
            Of the design of perturbations: a variance, one for each synapse (synapse,), or (synapse,
            synapse_b). By default white, of the mean square of ``delta``.

        Raises
        ------
        SchemaError, AlignmentError, RecordingError
            If dims or labels do not fit, values are missing, or a synapse is never perturbed.
        """
        given = {"delta": delta, "dw": dw}
        data = table(given, (TRIAL, SYNAPSE))
        finite(data, ("delta", "dw"), TRIAL)
        changing(data["delta"], "the perturbation")
        responding(data["dw"])
        like = data["delta"].isel({TRIAL: 0}, drop=True)
        data["w0"] = table({"delta": like, "w0": xr.zeros_like(like) if w0 is None else w0}, (SYNAPSE,))["w0"]
        finite(data, ("w0",), SYNAPSE)
        data["covariance"] = covariance_of(data["delta"], covariance)
        return cls(
            data.assign_attrs(dt=duration(dt), knows_w0=int(w0 is not None)), "trials", (TRIAL, SYNAPSE)
        )

    @classmethod
    def from_trajectory(
        cls,
        weights: xr.DataArray,
        times: xr.DataArray | None = None,
        *,
        instrument: str | xr.DataArray = "lag1",
        rate: str = "logarithm",
    ) -> WeightField:
        """From weights over sessions, with noise in their measurement.

        Parameters
        ----------
        weights
            Weights (session_index or step, synapse), several times over with a dim ``trajectory``. Missing
            ones are NaN.
        times
            Of the sessions, dates in days; by default the labels of the sessions, or 0, 1, 2, ... A gap of
            whole intervals counts as missing sessions.
        instrument
            What tells weights apart from noise in them: ``"lag1"``, the weights of the session before
            (``"lag2"``: of two before); a second measurement of the same weights, like ``weights``; or
            ``"none"``, right where weights are known without noise. Noise in weights alone looks like a
            gradient.
        rate
            ``"logarithm"``: J = log(step) / dt, right for intervals of any length, as long as they are equal
            and weights turn by less than half a turn in them. ``"difference"``: (step - 1) / dt, right for
            short ones, equal or not.

        Returns
        -------
        WeightField

        Raises
        ------
        SchemaError, AlignmentError, RecordingError
            If dims or labels do not fit, intervals are not equal, or a synapse is constant or never seen.
        """
        axis = STEP if isinstance(weights, xr.DataArray) and STEP in weights.dims else SESSION_INDEX
        if rate not in ("logarithm", "difference"):
            raise SchemaError(f"rate is 'logarithm' or 'difference', not {rate!r}")
        given = {"weights": weights}
        lag = lag_of(instrument)
        if isinstance(instrument, xr.DataArray):
            given["instrument"] = instrument
        data = table(given, (axis, SYNAPSE)).rename({axis: SESSION_INDEX})
        changing(data["weights"], "the weight")
        data = evenly(data, times_of(data, times, axis), rate)
        core = (*((TRAJECTORY,) if TRAJECTORY in data.dims else ()), SESSION_INDEX, SYNAPSE)
        return cls(data.assign_attrs(lag=lag, exact=int(rate == "logarithm")), "trajectory", core)

    @classmethod
    def from_activity(
        cls, pre: xr.DataArray, post: xr.DataArray, times: xr.DataArray | None = None, **options: Any
    ) -> WeightField:
        """From activity on both sides of synapses that nobody sees: effective weights of each session.

        Parameters
        ----------
        pre
            Activity (session_index, trial, unit) of presynaptic cells.
        post
            Activity (session_index, trial, unit_b) of postsynaptic cells, of the same trials.
        times
            Of the sessions.
        **options
            ``rate``, as in ``from_trajectory``.

        Returns
        -------
        WeightField
            Of the regression coefficients of each post on all pre, from odd trials, with those from even
            trials as instruments: the noise of coefficients looks like a gradient otherwise.

        Raises
        ------
        SchemaError, RecordingError
            As in ``from_trajectory``, or if trials are not more than twice as many as presynaptic cells.
        """
        from ._effective import effective_weights

        odd, even = effective_weights(pre, post)
        return cls.from_trajectory(odd, times, instrument=even, **options)

    @classmethod
    def from_samples(cls, weights: xr.DataArray, dw: xr.DataArray, *, dt: float = 1.0) -> WeightField:
        """From weights and their changes anywhere, for fields that are not linear.

        Parameters
        ----------
        weights, dw
            Weights, and their changes (sample, synapse), or (trial, synapse).
        dt
            Time that changes took.

        Returns
        -------
        WeightField
        """
        axis = TRIAL if isinstance(weights, xr.DataArray) and TRIAL in weights.dims else SAMPLE
        data = table({"weights": weights, "dw": dw}, (axis, SYNAPSE))
        finite(data, ("weights", "dw"), axis)
        changing(data["weights"], "the weight")
        return cls(data.assign_attrs(dt=duration(dt)), "samples", (axis, SYNAPSE))

    def isel(self, rows: Mapping[str, Any]) -> WeightField:
        """The field of some synapses, trials, or sessions, by position along dims as in xarray.

        Dims of the field itself are kept.
        """
        kept = {dim: [at] if dim in self.core and isinstance(at, int) else at for dim, at in rows.items()}
        data = self.data.isel(kept)
        if SYNAPSE in kept and SYNAPSE_B in data.dims:
            data = data.isel({SYNAPSE_B: kept[SYNAPSE]})
        return self.with_data(data)

    def with_data(self, data: xr.Dataset) -> WeightField:
        """The same kind of field with other ``data``."""
        return WeightField(data, self.kind, self.core)

    def decompose(
        self,
        *,
        estimator: str = "auto",
        metric: str | xr.DataArray = "euclidean",
        ci: str = "jackknife",
        draws: int = 999,
        rng: int | np.random.Generator | None = None,
        workers: int | None = None,
        progress: bool = True,
    ) -> xr.Dataset:
        r"""Is the field the gradient of anything? Its symmetric against its antisymmetric part.

        Of the Jacobian J = S + A of f, S is what a gradient can have, and A what none can:

        .. math:: \text{gradient share} = \frac{|S|^2}{|J|^2}
            = \frac12\left(1 + \frac{\mathrm{tr} J^2}{|J|^2}\right), \qquad
            |\mathrm{curl}|^2 = 2 |A|^2 .

        A random J has a share of (n + 1) / 2n, not 0. Every sum is without the bias that noise gives it.

        Parameters
        ----------
        estimator
            A name in ``field_estimators``, or ``"auto"``, which tells which it took and why.
        metric
            In which a gradient is one: a name in ``field_metrics``, a constant metric G (synapse,
            synapse_b) for f = G^-1 grad F, or its diagonal (synapse,), the inverse of learning rates.
        ci
            ``"jackknife"``, over trials or over blocks of sessions.
        draws
            Number of sign-flipped samples for p-values.
        rng
            Seed or generator.
        workers
            Number of processes where there are several fields.
        progress
            Whether to show a bar then.

        Returns
        -------
        Dataset
            For each field, scalars: ``gradient_share``, ``divergence``, ``curl_norm`` and ``reciprocity``,
            each with its 95 % ``..._interval`` (bound); ``gradient_share_null``; ``p_curl``; ``p_memory``;
            ``spectral_index``, and ``spectral_index_null``, which noise makes of a real spectrum in 5 % of
            cases; ``drift`` (synapse), apart; ``identified``, ``verdict`` (gradient, partly, not, or not
            identifiable) and its ``reason``. With more rows than synapses also ``jacobian``, its error and
            ``curl_form`` (synapse, synapse_b), eigenvalues (mode), ``fixed_point`` (from w0 or mean weights)
            and its kind, and ``potential`` where weights were. All in coordinates of the metric.

        Raises
        ------
        RecordingError
            If there are too few trials (how many are needed is told), or perturbations are not as told.
        SchemaError, AlignmentError, UnknownNameError
            If options do not fit.

        References
        ----------
        Marblestone, Wayne & Kording 2016, Frontiers in Computational Neuroscience 10:94,
        doi:10.3389/fncom.2016.00094; Song et al. 2012, Journal of Machine Learning Research 13:1393;
        Sargan 1958, Econometrica 26:393, doi:10.2307/1907619
        """
        if ci != "jackknife":
            raise SchemaError(f"ci is 'jackknife', not {ci!r}")
        if isinstance(metric, str) and metric == "log" and not self.data.attrs.get("knows_w0", 1):
            raise SchemaError("metric 'log' needs the weights w0 that perturbations start from")
        first = next(iter(self.data.data_vars.values()))
        further = first.isel(dict.fromkeys(self.core, 0), drop=True)
        result = decompose_all(
            self.data,
            self.kind,
            further,
            options={"estimator": estimator, "metric": metric, "draws": draws},
            rng=np.random.default_rng(rng),
            workers=workers,
            progress=progress,
        )
        return provenance.stamp(
            result,
            "fields.decompose",
            sources=[self.data],
            references=[MARBLESTONE, SARGAN if self.kind == "trajectory" else SONG],
            estimator=estimator,
            metric=metric if isinstance(metric, str) else "given",
            draws=draws,
            rng=rng,
        )

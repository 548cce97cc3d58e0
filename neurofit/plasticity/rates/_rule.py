"""The estimator that users call."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...names import UNIT
from ...parallel import apply
from ...provenance import stamp
from ._alternatives import alternatives
from ._comparison import compare
from ._diagnostics import diagnose, floor
from ._families import Family, families
from ._inputs import Unit, prepare, thinned, unit_of
from ._label import comparison_of, curve_of, diagnostics_of, threshold_of
from ._marginal import described
from ._pool import judge, pool
from ._registry import rate_methods

if TYPE_CHECKING:
    import xarray as xr

    from ._comparison import Compared
    from ._methods import Estimate


class _Task(NamedTuple):
    unit: Unit  # as the method takes it
    whole: Unit  # with all trials
    rng: np.random.Generator


class RateRule:
    """How plasticity depends on the post-synaptic rate, from two distributions of rates.

    Novel stimuli give a unit the inputs h, of mean 0 and variance 1, and the rates phi(h). Other stimuli,
    that have become familiar, give it h + dh, where the rule makes dh a function of the novel rate:

        dh = A f(phi(h)),  f(r) = (2 q - 1 + tanh(beta_f (r - x_f))) / 2.

    Where dh crosses from depression to potentiation is the threshold.

    Parameters
    ----------
    method
        Name of one of ``plasticity.rate_methods``. ``"quantile"`` reads equal ranks as inputs;
        ``"crossing"`` gives the threshold without a transfer function; ``"deconvolution"`` first takes the
        scatter of counts out of both distributions; ``"marginal"`` maximises the likelihood of the counts,
        sum over stimuli of log integral Poisson(k; n T phi(h + dh)) N(h) dh.
    family
        Transfer function of ``"marginal"`` and of the comparison, one of ``plasticity.rate_families``:
        ``"sigmoid"``, or ``"spline"``, which takes more stimuli and any rising form.
    pool
        ``"hierarchical"``: units share a prior that is learned from all of them, in normalised units, and
        there is a verdict for all units together. For ``method="marginal"``.
    draws
        Draws for the intervals; with 0 there are none.
    folds
        Parts of the stimuli for the held-out likelihood of the alternatives; with 0 there is none.
    random_state
        Seed of thinning and of draws.
    workers
        Local processes over which units are spread; an active ``dask.distributed`` client is used anyway.
    progress
        Whether to show a bar.

    Attributes
    ----------
    curve_
        Dataset (unit, input): ``change`` with its 95 % ``interval``, the novel ``rate`` that it belongs to,
        the ``familiar_rate`` of the same rank, ``extrapolated`` where it is not known; ``offset`` and
        ``gain`` (unit): dh ~ offset + gain h.
    threshold_
        Dataset (unit): ``hz``, ``sd`` and ``input`` with intervals. NaN where the curve does not cross, or,
        by ``"crossing"``, only once noise is taken off. An interval is infinite, or starts at 0 Hz, on a
        side where it may lie beyond the curve. That of ``"marginal"`` holds the thresholds under which the
        counts are nearly as likely as under the best one (Venzon & Moolgavkar 1988), which takes four times
        as long as the rule itself; with ``draws=0`` it is not sought. With ``pool`` it is that of draws.
    comparison_
        Dataset (unit, alternative): ``log_likelihood``, ``bic`` and ``held_out`` of none, constant, gain and
        rule, by the likelihood of the counts whatever the method; ``chosen`` (unit), that of the lowest BIC.
        With ``pool``: ``log_evidence`` and ``probability`` (alternative) for all units, and attr ``verdict``,
        which is ``"inconclusive"`` under a probability of .95.
    diagnostics_
        Dataset (unit): trials, ties, Fano factor, share of noise, of inputs whose rank is not kept, of inputs
        that are extrapolated; ``sampling_floor`` (input), the error that remains without noise.

    References
    ----------
    Lim et al. 2015, Nature Neuroscience 18:1804, doi:10.1038/nn.4158
    Pereira & Brunel 2018, Neuron 99:227, doi:10.1016/j.neuron.2018.05.038
    Doksum & Sievers 1976, Biometrika 63:421, doi:10.1093/biomet/63.3.421
    Cook & Stefanski 1994, JASA 89:1314, doi:10.1080/01621459.1994.10476871
    Kiefer & Wolfowitz 1956, Annals of Mathematical Statistics 27:887, doi:10.1214/aoms/1177728066
    Silverman et al. 1990, JRSS B 52:271, doi:10.1111/j.2517-6161.1990.tb01788.x
    Venzon & Moolgavkar 1988, Applied Statistics 37:87, doi:10.2307/2347496

    Examples
    --------
    Familiar stimuli whose counts are those of the novel ones show no change.

    >>> import xarray as xr
    >>> novel = np.arange(1, 41)
    >>> counts = xr.DataArray(
    ...     np.tile(novel, 2)[None, :, None],
    ...     {"familiar": ("stimulus", np.repeat([False, True], 40))},
    ...     ("unit", "stimulus", "trial"),
    ...     attrs={"window": 0.1},
    ... )
    >>> rule = RateRule(method="quantile", draws=0, folds=0).fit(counts)
    >>> rule.curve_.change.max().round(6).item()
    0.0
    """

    def __init__(
        self,
        method: str = "marginal",
        *,
        family: str = "sigmoid",
        pool: str | None = None,
        draws: int = 200,
        folds: int = 5,
        random_state: int | np.random.Generator | None = None,
        workers: int | None = 1,
        progress: bool = False,
    ) -> None:
        self.method = method
        self.family = family
        self.pool = pool
        self.draws = draws
        self.folds = folds
        self.random_state = random_state
        self.workers = workers
        self.progress = progress

    def fit(self, counts: xr.DataArray) -> RateRule:
        """Estimate the rule of each unit.

        Parameters
        ----------
        counts
            Spike counts (unit, stimulus, trial), NaN where a stimulus was not shown as often as others; coord
            ``familiar(stimulus)``; attr ``window``, the seconds in which spikes were counted.

        Returns
        -------
        RateRule
            This object.

        Raises
        ------
        SchemaError
            If dims, ``familiar`` or ``window`` are missing, or counts are negative or no integers.
        RecordingError
            If there are fewer than 20 novel or familiar stimuli, or a unit is silent.

        Warns
        -----
        UserWarning
            If trials are left out because stimuli have unequal numbers of them.
        """
        method, family = rate_methods[self.method], families[self.family]
        _check_pool(self.pool, self.method)
        values, familiar, window = prepare(counts)
        streams = np.random.default_rng(self.random_state).spawn(len(values))
        whole = [unit_of(one, familiar, window) for one in values]
        thin = [method.thins and not one.even for one in whole]
        _say_thinned(sum(thin), len(whole))
        tasks = [
            _Task(unit_of(thinned(one, rng), familiar, window) if less else unit, unit, rng)
            for one, unit, less, rng in zip(values, whole, thin, streams, strict=True)
        ]
        text = f"rules by {self.method}"
        draws = 0 if self.pool else self.draws
        work = partial(_work, method=self.method, family=family, draws=draws, folds=self.folds)
        found = apply(work, tasks, workers=self.workers, progress=self.progress, description=text)
        estimates, compared = map(list, zip(*found, strict=True))
        verdict = None
        if self.pool:
            pooled = {name: pool(whole, name, family=family) for name in alternatives}
            verdict = judge(pooled)
            fits = zip(tasks, pooled["rule"].fits, strict=True)
            estimates = [
                described(task.unit, fitted, self.draws, task.rng, family=family) for task, fitted in fits
            ]
        rows = [
            diagnose(task.unit, estimate, thinned=less)
            for task, estimate, less in zip(tasks, estimates, thin, strict=True)
        ]
        self.curve_ = self._finished(curve_of(estimates, method.units), counts)
        self.threshold_ = self._finished(threshold_of(estimates), counts)
        self.comparison_ = self._finished(comparison_of(compared, verdict), counts)
        self.diagnostics_ = self._finished(diagnostics_of(rows, floor(whole[0])), counts)
        return self

    def _finished(self, result: xr.Dataset, counts: xr.DataArray) -> xr.Dataset:
        coords = {name: coord for name, coord in counts.coords.items() if coord.dims == (UNIT,)}
        return stamp(
            result.assign_coords(coords),
            "plasticity.RateRule",
            sources=[counts],
            references=rate_methods[self.method].references,
            method=self.method,
            family=self.family,
            pool=self.pool,
            draws=self.draws,
            folds=self.folds,
            random_state=self.random_state,
        )


def _work(task: _Task, *, method: str, family: Family, draws: int, folds: int) -> tuple[Estimate, Compared]:
    chosen = rate_methods[method]
    options = {"family": family} if chosen.family else {}
    estimate = chosen.estimate(task.unit, draws, task.rng, **options)
    return estimate, compare(task.whole, folds, task.rng, family=family, rule=estimate.likeliest)


def _check_pool(pool: str | None, method: str) -> None:
    if pool not in {None, "hierarchical"} or (pool and method != "marginal"):
        raise ValueError(
            f"pool={pool!r} with method={method!r}: pool is None, or 'hierarchical' with method='marginal', "
            "which has parameters to pool."
        )


def _say_thinned(number: int, of: int) -> None:
    if number:
        warnings.warn(
            f"stimuli of {number} of {of} units have unequal numbers of trials: trials were left out at "
            "random until all had as many as the least shown one. method='marginal' uses them all.",
            stacklevel=3,
        )

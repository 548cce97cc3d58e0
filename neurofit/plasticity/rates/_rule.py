"""The estimator that users call."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...names import UNIT
from ...parallel import apply
from ...provenance import stamp
from ._diagnostics import diagnose, floor
from ._inputs import Unit, prepare, thinned, unit_of
from ._label import curve_of, diagnostics_of, threshold_of
from ._registry import rate_methods

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

    from ._methods import Estimate


class _Task(NamedTuple):
    unit: Unit
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
        ``"crossing"`` gives the threshold without a transfer function; ``"marginal"`` maximises the
        likelihood of the counts, sum over stimuli of log integral Poisson(k; n T phi(h + dh)) N(h) dh.
    draws
        Draws for the intervals; with 0 there are none.
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
        ``extrapolated`` where it is not known; ``offset`` and ``gain`` (unit): dh ~ offset + gain h.
    threshold_
        Dataset (unit): ``hz``, ``sd`` and ``input`` with intervals. NaN where the curve does not cross.
    diagnostics_
        Dataset (unit): trials, ties, Fano factor, share of noise, of inputs whose rank is not kept, of inputs
        that are extrapolated; ``sampling_floor`` (input), the error that remains without noise.

    References
    ----------
    Lim et al. 2015, Nature Neuroscience 18:1804, doi:10.1038/nn.4158
    Pereira & Brunel 2018, Neuron 99:227, doi:10.1016/j.neuron.2018.05.038
    Doksum & Sievers 1976, Biometrika 63:421, doi:10.1093/biomet/63.3.421

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
    >>> rule = RateRule(method="quantile", draws=0).fit(counts)
    >>> rule.curve_.change.max().round(6).item()
    0.0
    """

    def __init__(
        self,
        method: str = "marginal",
        *,
        draws: int = 200,
        random_state: int | np.random.Generator | None = None,
        workers: int | None = 1,
        progress: bool = False,
    ) -> None:
        self.method = method
        self.draws = draws
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
        method = rate_methods[self.method]
        values, familiar, window = prepare(counts)
        streams = np.random.default_rng(self.random_state).spawn(len(values))
        units = [unit_of(one, familiar, window) for one in values]
        uneven = [
            not (
                unit.novel.trials.min() == unit.familiar.trials.max()
                and unit.novel.even
                and unit.familiar.even
            )
            for unit in units
        ]
        thin = [bool(method.thins and one) for one in uneven]
        _say_thinned(sum(thin), len(units))
        tasks = [
            _Task(unit_of(thinned(one, rng), familiar, window) if less else unit, rng)
            for one, unit, less, rng in zip(values, units, thin, streams, strict=True)
        ]
        estimates = self._estimates(tasks)
        rows = [
            diagnose(task.unit, found, thinned=less)
            for task, found, less in zip(tasks, estimates, thin, strict=True)
        ]
        self.curve_ = self._finished(curve_of(estimates, method.units), counts)
        self.threshold_ = self._finished(threshold_of(estimates), counts)
        self.diagnostics_ = self._finished(diagnostics_of(rows, floor(units[0])), counts)
        return self

    def _estimates(self, tasks: Sequence[_Task]) -> list[Estimate]:
        work = partial(_estimate, method=self.method, draws=self.draws)
        text = f"rules by {self.method}"
        return apply(work, tasks, workers=self.workers, progress=self.progress, description=text)

    def _finished(self, result: xr.Dataset, counts: xr.DataArray) -> xr.Dataset:
        coords = {name: coord for name, coord in counts.coords.items() if coord.dims == (UNIT,)}
        return stamp(
            result.assign_coords(coords),
            "plasticity.RateRule",
            sources=[counts],
            references=rate_methods[self.method].references,
            method=self.method,
            draws=self.draws,
            random_state=self.random_state,
        )


def _estimate(task: _Task, *, method: str, draws: int) -> Estimate:
    return rate_methods[method].estimate(task.unit, draws, task.rng)


def _say_thinned(number: int, of: int) -> None:
    if number:
        warnings.warn(
            f"stimuli of {number} of {of} units have unequal numbers of trials: trials were left out at "
            "random until all had as many as the least shown one. method='marginal' uses them all.",
            stacklevel=3,
        )

"""The learning rule behind choices made trial by trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...names import SESSION_ID, TRIAL
from ...provenance import stamp
from ._evidence import fit
from ._inputs import behaviour_of
from ._result import labelled
from ._rules import policy_rules

if TYPE_CHECKING:
    from typing import Self

    import xarray as xr

SOURCES = (
    "Ashwood, Roy, Bak & Pillow 2020, Advances in Neural Information Processing Systems 33:3442",
    "Roy, Bak, Akrami, Brody & Pillow 2021, Neuron 109:597, doi:10.1016/j.neuron.2020.12.004",
    "Chung, Rabe-Hesketh, Dorie, Gelman & Liu 2013, Psychometrika 78:685, doi:10.1007/s11336-013-9328-2",
)


class PolicyRule:
    """A rule by which an animal's choices and rewards change its policy, fitted to its choices.

    With regressors x_t and weights w_t of trial t,

        y_t ~ Bernoulli(logistic(w_t . x_t)),   w_{t+1} = w_t + rule(w_t, x_t, y_t, r_t) + N(0, walk_sd^2).

    Weights are the most probable ones (Newton's method on a banded Hessian), given the most probable
    parameters by Laplace's evidence around the weights: standard deviations and learning rates (one for each
    weight), with exponential priors of mean 0.1 and 0.2, and the rule's baseline or decay, with a uniform
    prior between the least and the largest reward, or 0 and .98. Errors of parameters are from the curvature
    there, of what is above 0 on the scale of its logarithm; errors of weights allow for them.

    Parameters
    ----------
    kind
        Name of one of ``policy_rules``; ``"random_walk"`` is the alternative that learns nothing.
    initial_sd
        Standard deviation of the weights before the first trial, around 0.

    Attributes
    ----------
    result_
        Dataset: ``weight`` and ``probability`` of each trial, ``walk_sd``, ``learning_rate``, ``baseline`` or
        ``decay``, with standard errors and 95 % intervals; ``log_evidence`` at these parameters, and
        ``log_marginal`` whatever they are, by which rules compare.
    weights_, rates_
        The weights (trial, regressor), and the learning rates (regressor) of a rule that learns.
    log_evidence_
        The evidence at the most probable parameters, in nats.

    References
    ----------
    Ashwood, Roy, Bak & Pillow 2020, Advances in Neural Information Processing Systems 33:3442
    Roy, Bak, Akrami, Brody & Pillow 2021, Neuron 109:597, doi:10.1016/j.neuron.2020.12.004
    Chung, Rabe-Hesketh, Dorie, Gelman & Liu 2013, Psychometrika 78:685, doi:10.1007/s11336-013-9328-2

    Examples
    --------
    >>> from neurofit.plasticity.policy import simulate_choices
    >>> made = simulate_choices("delta", rates=0.1, trials=600, rng=0)
    >>> rule = PolicyRule(kind="delta").fit(made.choice, rewards=made.reward, stimuli=made.stimuli)
    >>> walk = PolicyRule(kind="random_walk").fit(made.choice, stimuli=made.stimuli)
    >>> rule.log_evidence_ > walk.log_evidence_
    True
    """

    result_: xr.Dataset
    weights_: xr.DataArray
    rates_: xr.DataArray | None
    log_evidence_: float

    def __init__(self, kind: str = "reinforce", *, initial_sd: float = 4.0) -> None:
        self.kind = kind
        self.initial_sd = initial_sd

    def fit(
        self, choices: xr.DataArray, *, stimuli: xr.DataArray, rewards: xr.DataArray | None = None
    ) -> Self:
        """Fit the rule.

        Parameters
        ----------
        choices
            0 or 1 (trial). Where a coord ``session_id`` changes, traces of earlier trials end.
        stimuli
            Regressors (trial, regressor), in units that make them about 1. A bias is a column of ones.
        rewards
            What each choice brought (trial); not needed for the random walk.

        Returns
        -------
        PolicyRule
            Itself.

        Raises
        ------
        SchemaError
            If dims do not suit, or rewards are needed and missing.
        RecordingError
            If choices are not 0 and 1, trials are missing, regressors do not vary or add up to one another,
            rewards are all alike, or there are fewer than 20 trials for each regressor.
        UnknownNameError
            If there is no such rule.
        """
        learns = policy_rules[self.kind].learns
        behaviour = behaviour_of(choices, rewards, stimuli, learns=learns)
        found = fit(self.kind, behaviour, initial_sd=self.initial_sd)
        result = labelled(self.kind, found, behaviour)
        kept = {name: coord for name, coord in choices.coords.items() if name in (TRIAL, SESSION_ID)}
        given = [array for array in (choices, rewards, stimuli) if array is not None]
        self.result_ = stamp(
            result.assign_coords(kept),
            "plasticity.PolicyRule",
            sources=given,
            references=SOURCES,
            kind=self.kind,
            initial_sd=self.initial_sd,
        )
        self.weights_ = self.result_.weight
        self.rates_ = self.result_.learning_rate if learns else None
        self.log_evidence_ = found.posterior.log_evidence
        return self

"""Learning rules of a policy: how a choice and its reward change the weights behind the next one.

All of them change the weights along one vector, with the probability p_t = logistic(w_t . x_t) of choice 1:

    e_t = decay * e_{t-1} + (target_t - p_t) x_t,        change of w_k = rate_k * gain_t * e_{t,k}

so that a rule is its gain, its target, and whether it has a decay.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...registry import Registry

if TYPE_CHECKING:
    Numbers = np.ndarray[Any, np.dtype[np.float64]]

policy_rules: Registry[type[PolicyLearning]] = Registry("rule of behaviour")

LARGEST_DECAY = 0.98  # beyond, traces outlast fifty trials and cannot be told from a drift of the weights


class PolicyLearning(ABC):
    """A rule by which choices and rewards change the weights of a policy."""

    learns: ClassVar[bool] = True
    further: ClassVar[str | None] = None  # name of the parameter beside the rates, if there is one

    @staticmethod
    @abstractmethod
    def gain(rewards: Numbers, further: float) -> Numbers:
        """What the change is multiplied by on each trial."""

    @staticmethod
    def target(choices: Numbers, rewards: Numbers) -> Numbers:
        """The choice towards which a positive gain moves the policy on each trial: the one made."""
        return choices

    @staticmethod
    def decay(further: float) -> float:
        """Share of the trace that is left a trial later."""
        return 0.0

    @staticmethod
    def bounds(rewards: Numbers) -> tuple[float, float]:
        """Between what the further parameter lies, with the same probability everywhere beforehand."""
        return 0.0, 0.0


@policy_rules.register("random_walk")
class RandomWalk(PolicyLearning):
    """No learning: weights drift whatever is chosen and rewarded."""

    learns = False

    @staticmethod
    def gain(rewards: Numbers, further: float) -> Numbers:
        """Nothing."""
        return np.zeros_like(rewards)


@policy_rules.register("reinforce")
class Reinforce(PolicyLearning):
    """Rewarded choices become more likely: rate * r (y - p) x (Williams 1992)."""

    @staticmethod
    def gain(rewards: Numbers, further: float) -> Numbers:
        """The reward."""
        return rewards


@policy_rules.register("reinforce_baseline")
class ReinforceBaseline(PolicyLearning):
    """As reinforce, with rewards measured from a baseline: rate * (r - baseline) (y - p) x."""

    further = "baseline"

    @staticmethod
    def gain(rewards: Numbers, further: float) -> Numbers:
        """The reward beyond the baseline."""
        return rewards - further

    @staticmethod
    def bounds(rewards: Numbers) -> tuple[float, float]:
        """The least and the largest reward that came."""
        return float(rewards.min()), float(rewards.max())


@policy_rules.register("delta")
class Delta(PolicyLearning):
    """The expected reward of the choice becomes the one that came: rate * (r - P(y)) x, signed by the choice.

    With rewards of 0 and 1 that is the delta rule of a supervised learner: the target is the choice made
    where it was rewarded, the other one where it was not.
    """

    @staticmethod
    def gain(rewards: Numbers, further: float) -> Numbers:
        """One."""
        return np.ones_like(rewards)

    @staticmethod
    def target(choices: Numbers, rewards: Numbers) -> Numbers:
        """The choice that was, or would have been, rewarded."""
        return rewards * choices + (1 - rewards) * (1 - choices)


@policy_rules.register("eligibility")
class Eligibility(PolicyLearning):
    """As reinforce, for earlier choices too, whose traces decay trial by trial (Baxter & Bartlett 2001)."""

    further = "decay"

    @staticmethod
    def gain(rewards: Numbers, further: float) -> Numbers:
        """The reward."""
        return rewards

    @staticmethod
    def decay(further: float) -> float:
        """The further parameter itself."""
        return further

    @staticmethod
    def bounds(rewards: Numbers) -> tuple[float, float]:
        """From no trace to a long one."""
        return 0.0, LARGEST_DECAY

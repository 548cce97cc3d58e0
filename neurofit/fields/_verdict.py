"""What is said of a field in one word and one sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .jacobian import Estimate, Indices, Spectrum

GRADIENT, PARTLY, NOT, UNKNOWN = "gradient", "partly", "not", "not identifiable"
SURE = 0.05
NEARLY = 0.9  # of a field, that a gradient has to explain to be called one
MEMORY = 0.01
FAR = 100  # times as many rows, beyond which no number is told
LASTING = 20.0  # times of the field that a trajectory has to last for a bias of about a tenth
HALF_TURN = 0.75  # of half a turn in one interval, from which faster turns may hide
WEAK = 4.0  # standard errors that the weakest canonical correlation with the instruments has to have


@dataclass(frozen=True)
class Verdict:
    """One word, whether the field is identified, and why."""

    word: str
    identified: bool
    reason: str


@dataclass(frozen=True)
class Limits:
    """What an estimate can be trusted with.

    Parameters
    ----------
    rows
        Number of trials or steps, and what they are called.
    power
        The error of a square falls with the number of rows to this power.
    synapses
        How many there are: a random field has a share of (n + 1) / 2n.
    problems
        What stands against any verdict.
    """

    rows: int
    noun: str
    power: float
    synapses: int
    problems: tuple[str, ...] = field(default=())

    @property
    def otherwise(self) -> str:
        """What else makes changes depend on those before."""
        if self.noun == "steps":
            return ", or noise is in the weights without an instrument"
        return ", or perturbations or noise of one trial depend on those of the one before"

    @property
    def null(self) -> float:
        """Gradient share of a random field."""
        return (self.synapses + 1) / (2 * self.synapses)

    def needed(self, square: float, reach: float) -> str:
        """Rows from which the interval of a square of that size would leave 0 out."""
        size = square if square > 0 else square + reach
        times = max(reach / max(size, 1e-300), 1.0) ** (1 / self.power)
        return (
            f"more than {FAR} times as many"
            if times > FAR
            else f"at least about {np.ceil(self.rows * times):.0f}"
        )


def verdict(limits: Limits, estimate: Estimate, low: Indices, high: Indices, found: Indices) -> Verdict:
    """Gradient, partly, not, or not identifiable."""
    problems = list(limits.problems)
    if not low.square > 0:
        needed = limits.needed(float(found.square), float(high.square - found.square))
        problems.append(f"the interval of |J|^2 holds 0: needs {needed} {limits.noun}, and has {limits.rows}")
    if estimate.memory < MEMORY:
        problems.append(
            f"changes depend on the {limits.noun[:-1]} before (p = {estimate.memory:.3g}): the rule has a "
            f"hidden state{limits.otherwise}; there is no field in the weights alone"
        )
    if problems:
        return Verdict(UNKNOWN, False, "; ".join(problems))
    share, p = float(found.gradient_share), estimate.p_curl
    bounds = f"{max(float(low.gradient_share), 0):.2f} to {min(float(high.gradient_share), 1):.2f}"
    said = f"a gradient has {min(max(share, 0.0), 1.0):.2f} ({bounds}) of the field, p = {p:.3g} for no curl"
    if p >= SURE:
        if low.gradient_share >= NEARLY:
            return Verdict(GRADIENT, True, said)
        return Verdict(
            UNKNOWN, True, f"{said}: no curl is found, and it is not ruled out; needs more {limits.noun}"
        )
    if low.gradient_share > limits.null:
        return Verdict(PARTLY, True, f"{said}; a random field has {limits.null:.2f}")
    if high.gradient_share < (1 + limits.null) / 2:
        half = "less than half way from a random field to a gradient"
        return Verdict(NOT, True, f"{said}: {half}, for a random one has {limits.null:.2f}")
    more = f"a random field has {limits.null:.2f}, which is not ruled out; needs more {limits.noun}"
    return Verdict(UNKNOWN, True, f"{said}; {more}")


def verdict_of_share(
    limits: Limits, share: float, interval: tuple[float, float], size: tuple[float, float]
) -> Verdict:
    """The same from an interval of the share alone, where there is no test of curl."""
    low, high = interval
    said = f"a gradient has {share:.2f} ({low:.2f} to {high:.2f}) of the field, curl is not tested"
    null = f"a random field has {limits.null:.2f}"
    if not size[0] > 0:
        return Verdict(UNKNOWN, False, f"the interval of |J|^2 holds 0: needs more {limits.noun}")
    if low >= NEARLY:
        return Verdict(GRADIENT, True, said)
    if low > limits.null and high < NEARLY:
        return Verdict(PARTLY, True, f"{said}; {null}")
    if high < (1 + limits.null) / 2:
        return Verdict(NOT, True, f"{said}: less than half way from a random field to a gradient, for {null}")
    return Verdict(
        UNKNOWN, True, f"{said}; {null}: too wide an interval for a verdict; needs more {limits.noun}"
    )


def turning(spectrum: Spectrum, interval: float) -> str:
    """Whether weights turn so far between two sessions that faster turns would look the same."""
    share = float(np.abs(spectrum.values.imag).max() * interval / np.pi)
    if share < HALF_TURN:
        return ""
    return (
        f"weights turn by {share:.2f} of half a turn between sessions: faster turns would look the same, and "
        "intervals have to be shorter"
    )


def short(sessions: float, turned: float) -> str:
    """Whether weights are seen for so short a time that their own mean looks like what pulls them.

    The mean of T sessions has a share of 1 / T of each: it adds about -2 / (T dt) to the diagonal of J
    (Nickell 1981, Econometrica 49:1417). ``turned`` is how far a field goes in an interval, |J| dt / sqrt(n).
    """
    if sessions * turned >= LASTING:
        return ""
    needed = f"about {np.ceil(LASTING / turned):.0f}" if turned > 0 else "more"
    return (
        f"weights are seen for too short a time, of {sessions:.0f} sessions each, so that their own mean "
        f"looks like what pulls them: needs {needed} sessions in a row"
    )

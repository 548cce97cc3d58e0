"""What an agent can bring about, and what it can still learn: objectives that need no reward."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ..errors import SchemaError
from ..names import ACTION, STATE
from ..provenance import label, stamp
from . import _kernels as kernels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ._mdp import MDP

SEQUENCES = 20_000
KLYUBIN = (
    "Klyubin, Polani & Nehaniv 2005, Empowerment: a universal agent-centric measure of control, IEEE CEC"
)
BLAHUT = "Blahut 1972, IEEE Transactions on Information Theory 18:460, doi:10.1109/TIT.1972.1054855"
LINDLEY = "Lindley 1956, Annals of Mathematical Statistics 27:986, doi:10.1214/aoms/1177728069"
SUN = "Sun, Gomez & Schmidhuber 2011, Planning to be surprised, Artificial General Intelligence"


def empowerment(
    mdp: MDP, *, steps: int = 1, tolerance: float = 1e-6, iterations: int = 20_000
) -> xr.DataArray:
    r"""How much of what comes after some actions is up to the agent: a channel's capacity.

    .. math:: E_n(s) = \max_{p(a_1 \ldots a_n)} I(A_1 \ldots A_n;\, S_n \mid S_0 = s)

    Where nothing is left to chance it is the log of the number of states that can be reached in exactly
    ``steps`` decisions. The sequence is chosen beforehand, without looking. Sequences with the same outcomes
    count once, which changes no capacity and keeps them few where actions commute. Ends are not minded:
    after the decision taken there the world goes on.

    Parameters
    ----------
    mdp
        A world; rewards are not used.
    steps
        Number of actions, n.
    tolerance
        In bits: where to stop, by the bounds of Blahut and Arimoto.
    iterations
        After how many to stop in any case.

    Returns
    -------
    DataArray
        Bits (state), a lower bound; the attr ``gap`` says how far above it, at most, the capacity of any
        state is.

    Raises
    ------
    SchemaError
        If ``steps`` is below 1, or there are more than 20,000 sequences with distinct outcomes.

    References
    ----------
    Klyubin, Polani & Nehaniv 2005, Empowerment: a universal agent-centric measure of control, IEEE CEC

    Blahut 1972, IEEE Transactions on Information Theory 18:460, doi:10.1109/TIT.1972.1054855

    Examples
    --------
    >>> from neurofit import worlds
    >>> grid = worlds.gridworld(5, slip=0, stay=True)
    >>> bits = empowerment(grid)
    >>> [round(2 ** float(bits[state]), 6) for state in (0, 1, 12)]
    [3.0, 4.0, 5.0]
    """
    if steps < 1:
        raise SchemaError(f"steps must be 1 or more, not {steps}")
    table = mdp.dense
    found = []
    for state in range(mdp.n_states):
        channel = kernels.outcomes(table, state, steps, SEQUENCES)
        if len(channel) > SEQUENCES:
            raise SchemaError(
                f"{steps} steps from state {state} have more than {SEQUENCES} outcomes: ask for fewer steps"
            )
        found.append(kernels.capacity(channel[:, channel.any(axis=0)], tolerance, iterations))
    bits, gap = np.array(found).T
    result = xr.DataArray(bits, dims=STATE, coords=_of_states(mdp), name="empowerment")
    result = label(result, units="bit", long_name=f"empowerment over {steps} steps")
    stamped = stamp(result, "worlds.empowerment", references=[KLYUBIN, BLAHUT], steps=steps)
    return stamped.assign_attrs(gap=float(gap.max()))


def information_gain(
    counts: ArrayLike, *, pseudocount: float = 0.5, possible: np.ndarray | None = None
) -> xr.DataArray:
    r"""How much an action is expected to teach about where it leads.

    With :math:`\alpha = n + c` for the transitions seen so far, Dirichlet beliefs and one more transition
    to :math:`s'`, the expected Bayesian surprise is the information between what comes and what is unknown:

    .. math::

        G(s, a) = \sum_{s'} \frac{\alpha_{s'}}{\alpha_0}\,
        D_{KL}\big(\mathrm{Dir}(\alpha + e_{s'}) \,\|\, \mathrm{Dir}(\alpha)\big)
        = H\!\left[\frac{\alpha}{\alpha_0}\right]
        + \sum_{s'} \frac{\alpha_{s'}}{\alpha_0} \left(\psi(\alpha_{s'} + 1) - \psi(\alpha_0 + 1)\right)

    It falls as :math:`(K - 1) / 2 \alpha_0` nats with what was seen of K outcomes. It is a gain now; to seek
    what lies further off, plan with it as reward, as Sun et al. do:
    ``value_iteration(mdp.with_rewards(gain))``.

    Parameters
    ----------
    counts
        Transitions seen (state, action, next_state), such as ``count_transitions`` gives.
    pseudocount
        :math:`c`, the Dirichlet parameter of every possible transition before anything is seen; above 0.
    possible
        Whether a transition can be, of the shape of ``counts``; by default all can.

    Returns
    -------
    DataArray
        Bits (state, action).

    Raises
    ------
    SchemaError
        If counts are not (state, action, next_state) and non-negative, or the pseudocount is not above 0.

    References
    ----------
    Lindley 1956, Annals of Mathematical Statistics 27:986, doi:10.1214/aoms/1177728069

    Sun, Gomez & Schmidhuber 2011, Planning to be surprised, Artificial General Intelligence

    Examples
    --------
    >>> counts = np.array([[[0, 0], [9, 9]]])
    >>> information_gain(counts, pseudocount=1.0).values.round(3).tolist()
    [[0.279, 0.035]]
    """
    seen = np.asarray(counts, dtype=float)
    can_be = np.ones(seen.shape, bool) if possible is None else np.asarray(possible, bool)
    problems = []
    if seen.ndim != 3:
        problems.append(f"counts are (state, action, next_state), not {seen.shape}")
    if can_be.shape != seen.shape or not can_be.any(axis=-1).all():
        problems.append("possible must have the shape of counts, and hold somewhere for each action")
    if not np.isfinite(seen).all() or (seen < 0).any():
        problems.append("counts must be finite and not negative")
    if not pseudocount > 0:
        problems.append(f"pseudocount must be above 0, not {pseudocount}")
    if problems:
        raise SchemaError(f"no information gain: {'; '.join(problems)}")
    bits = kernels.expected_surprise(seen + pseudocount, can_be)
    result = xr.DataArray(bits, dims=(STATE, ACTION), name="information_gain")
    result = label(result, units="bit", long_name="expected information gain of one transition")
    return stamp(result, "worlds.information_gain", references=[LINDLEY, SUN], pseudocount=pseudocount)


def _of_states(mdp: MDP) -> dict[str, object]:
    return {name: coord for name, coord in mdp.labels.items() if name != ACTION}

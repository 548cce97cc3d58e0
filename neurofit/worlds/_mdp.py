"""A world: states, actions, where they lead, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from ..errors import SchemaError, listing
from ..names import ACTION, NEXT_STATE, STATE
from ._counts import checked, count_transitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False, repr=False)
class MDP:
    r"""A Markov decision process.

    In state :math:`s` action :math:`a` earns :math:`r(s, a)` and leads to :math:`s'` with probability
    :math:`T(s' \mid s, a)`; a reward :math:`t` decisions ahead is worth :math:`\gamma^t` of one now. Where
    states are terminal, the decision taken there earns its reward and is the last one.

    Parameters
    ----------
    transitions
        Probabilities (state, action, next_state), or the same as a CSR matrix (state x action, next_state).
    initial
        Probability of each state at the first decision.
    rewards
        Of each decision, (state, action); None where nothing is said of them.
    discount
        :math:`\gamma`, in [0, 1].
    terminal
        Whether an episode ends with the decision taken in each state; nowhere where None.
    actions
        Their names; numbers where None.
    coords
        Where each state is, by the name of the coordinate: such as ``x`` and ``y``.

    Raises
    ------
    SchemaError
        If anything does not fit; every problem is listed.

    Examples
    --------
    >>> world = MDP.from_arrays([[[0.0, 1.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]])
    >>> world.n_states, world.n_actions, world.initial.tolist()
    (2, 2, [0.5, 0.5])
    """

    transitions: Any
    initial: np.ndarray
    rewards: np.ndarray | None = None
    discount: float = 0.95
    terminal: np.ndarray | None = None
    actions: tuple[str, ...] | None = None
    coords: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = _problems(self)
        if problems:
            raise SchemaError(f"no world: {'; '.join(problems)}")

    @classmethod
    def from_arrays(
        cls,
        transitions: ArrayLike,
        *,
        initial: ArrayLike | None = None,
        rewards: ArrayLike | None = None,
        **options: Any,
    ) -> MDP:
        """A world from its transitions.

        Parameters
        ----------
        transitions
            (state, action, next_state): an array, a DataArray with these dims, or a ``scipy.sparse`` array.
        initial
            Probability of each state at the first decision; by default all are as likely.
        rewards
            (state,), (state, action) or (state, action, next_state), as for ``with_rewards``.
        **options
            ``discount``, ``terminal``, ``actions``, ``coords``.

        Returns
        -------
        MDP
        """
        if sparse.issparse(transitions):
            states, actions, following = transitions.shape  # type: ignore[union-attr]
            table = sparse.csr_array(transitions.reshape(states * actions, following))  # type: ignore[union-attr]
        else:
            named = getattr(transitions, "dims", ())
            ordered = transitions.transpose(STATE, ACTION, NEXT_STATE) if named else transitions  # type: ignore[union-attr]
            table = np.asarray(ordered, dtype=float)
            states = len(table)
        first = np.full(states, 1 / states) if initial is None else np.asarray(initial, dtype=float)
        if options.get("terminal") is not None:
            options["terminal"] = np.asarray(options["terminal"], dtype=bool)
        world = cls(table, first, **options)
        return world if rewards is None else world.with_rewards(rewards)

    @classmethod
    def from_transitions(
        cls,
        state: ArrayLike,
        action: ArrayLike,
        *,
        pseudocount: float = 0.5,
        length: ArrayLike | None = None,
        n_states: int | None = None,
        n_actions: int | None = None,
        possible: np.ndarray | None = None,
        **options: Any,
    ) -> MDP:
        r"""The most probable world, given what was done in it.

        With :math:`n(s, a, s')` the number of times that :math:`a` led from :math:`s` to :math:`s'`, and a
        Dirichlet prior with parameter :math:`1 + c`, the maximum a posteriori is

        .. math:: \hat T(s' \mid s, a) = \frac{n(s, a, s') + c}{\sum_k n(s, a, k) + c}

        It is also the posterior mean under a Dirichlet prior with parameter :math:`c`. An action that was
        never tried leads anywhere that is possible.

        Parameters
        ----------
        state, action
            Whole numbers (trajectory, decision), or (decision,) for one trajectory; below 0 where a
            trajectory has ended.
        pseudocount
            :math:`c`, what every possible transition is given beforehand.
        length
            Number of decisions of each trajectory.
        n_states, n_actions
            How many there are; by default as many as were seen.
        possible
            Whether a transition can be, (state, action, next_state); by default all can.
        **options
            ``discount``, ``actions``, ``coords``.

        Returns
        -------
        MDP
            Its initial distribution is estimated the same way.
        """
        counts = count_transitions(state, action, length=length, n_states=n_states, n_actions=n_actions)
        known = counts + pseudocount * (np.ones(counts.shape, bool) if possible is None else possible)
        total = known.sum(axis=2, keepdims=True)
        if (total == 0).any():
            empty = [f"({s}, {a})" for s, a in np.argwhere(total[..., 0] == 0)]
            raise SchemaError(
                f"no transition is known of (state, action) {listing(empty, limit=5)}: "
                "give a pseudocount above 0, or what is possible there"
            )
        seen, _ = checked(state, action, length)
        start = np.bincount(seen[seen[:, 0] >= 0, 0], minlength=len(counts)) + float(pseudocount)
        return cls(known / total, start / start.sum(), **options)

    def with_rewards(self, rewards: ArrayLike) -> MDP:
        """The same world with other rewards.

        Parameters
        ----------
        rewards
            For each decision taken in a state (state,); for each action there (state, action); or also by
            where it leads (state, action, next_state), of which the expectation is kept.

        Returns
        -------
        MDP
        """
        given = np.asarray(rewards, dtype=float)
        if given.ndim == 1:
            given = np.repeat(given[:, None], self.n_actions, axis=1)
        elif given.shape == (self.n_states, self.n_actions, self.n_states):
            given = (self.dense * given).sum(axis=2)
        return replace(self, rewards=given)

    @property
    def n_states(self) -> int:
        """Number of states."""
        return int(self.transitions.shape[-1])

    @property
    def n_actions(self) -> int:
        """Number of actions, the same in every state."""
        return int(self.flat.shape[0] // self.n_states)

    @property
    def flat(self) -> Any:
        """Transitions as one matrix (state x action, next_state), dense or CSR."""
        if sparse.issparse(self.transitions):
            return self.transitions
        return self.transitions.reshape(-1, self.transitions.shape[-1])

    @property
    def dense(self) -> np.ndarray:
        """Transitions (state, action, next_state)."""
        full = self.flat.toarray() if sparse.issparse(self.transitions) else self.transitions
        return full.reshape(self.n_states, self.n_actions, self.n_states)

    @property
    def keep(self) -> np.ndarray:
        """What the future is worth in each state: the discount, and 0 where an episode ends."""
        ends = np.zeros(self.n_states, bool) if self.terminal is None else self.terminal
        return np.where(ends, 0.0, float(self.discount))

    @property
    def labels(self) -> dict[str, Any]:
        """Coordinates of states and actions, for labelled results."""
        names = self.actions or tuple(str(action) for action in range(self.n_actions))
        where = {name: (STATE, np.asarray(values)) for name, values in self.coords.items()}
        return {STATE: np.arange(self.n_states), ACTION: list(names), **where}

    def __repr__(self) -> str:
        kind = "no rewards" if self.rewards is None else "with rewards"
        return f"MDP: {self.n_states} states, {self.n_actions} actions, discount {self.discount}, {kind}"


def _problems(world: MDP) -> list[str]:
    table = world.transitions
    if not sparse.issparse(table) and (np.ndim(table) != 3 or table.shape[0] != table.shape[2]):
        return [f"transitions must be (state, action, next_state), not {np.shape(table)}"]
    if sparse.issparse(table) and table.shape[0] % table.shape[1]:
        return [f"sparse transitions must be (state x action, next_state), not {table.shape}"]
    states, actions = world.n_states, world.n_actions
    shapes = {"initial": (world.initial, (states,)), "rewards": (world.rewards, (states, actions))}
    shapes |= {"terminal": (world.terminal, (states,))}
    shapes |= {f"coord {name!r}": (values, (states,)) for name, values in world.coords.items()}
    problems = [
        f"{name} must have shape {shape}, not {np.shape(values)}"
        for name, (values, shape) in shapes.items()
        if values is not None and np.shape(values) != shape
    ]
    if world.actions is not None and len(world.actions) != actions:
        problems.append(f"{len(world.actions)} names for {actions} actions")
    if not 0 <= world.discount <= 1:
        problems.append(f"discount must be in [0, 1], not {world.discount}")
    if world.rewards is not None and not np.isfinite(world.rewards).all():
        problems.append("rewards hold NaN or infinite values")
    problems += _improbable("initial", np.asarray(world.initial)[None], lambda _: "")
    entries = table.data if sparse.issparse(table) else world.flat
    sums = np.asarray(world.flat.sum(axis=1)).ravel()
    problems += _improbable(
        "transitions", entries, lambda row: f" of {divmod(int(row), actions)} (state, action)", sums
    )
    return problems


def _improbable(name: str, entries: np.ndarray, where: Any, sums: np.ndarray | None = None) -> list[str]:
    if not np.isfinite(entries).all():
        return [f"{name} hold NaN or infinite values"]
    problems = [f"{name} hold negative values"] if (entries < 0).any() else []
    totals = entries.sum(axis=1) if sums is None else sums
    wrong = np.flatnonzero(np.abs(totals - 1) > 1e-8)
    if wrong.size:
        told = [f"{totals[row]:.6g}{where(row)}" for row in wrong]
        problems.append(f"{name} must sum to 1, not to {listing(told, limit=5)}")
    return problems

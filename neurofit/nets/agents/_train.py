"""Train an agent: an environment, an architecture, a drive and a learning rule, each chosen by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
import xarray as xr

from ...errors import TrainingError
from ...names import STEP
from ...parallel import bar
from ...provenance import label, stamp
from .._choice import as_json, make
from .._descent import MEASUREMENTS, _copied, _finite, _tensors, optimizers
from .._network import Network
from .._stages import draw, forward, moved, readout
from .._threads import one_thread
from .._train import _fitting, _seed
from ..circuits import architectures
from ._drives import drives
from ._environment import Episodes, environments
from ._rule import Experience, agent_rules

if TYPE_CHECKING:
    from .._choice import Choice
    from .._stages import Params, Stage
    from ._drives import Drive
    from ._environment import Environment
    from ._rule import AgentRule


def train_agent(  # noqa: PLR0913 - the four choices and how to learn are what a user says
    environment: Choice,
    *,
    architecture: Choice = "mlp",
    drive: Choice = "reward",
    rule: Choice = "actor_critic",
    start: Network | None = None,
    steps: int = 1000,
    episodes: int = 16,
    learning_rate: float | None = None,
    optimizer: str | None = None,
    rng: int | np.random.Generator | None = None,
    device: str = "cpu",
    progress: bool = True,
) -> Network:
    r"""Train a network to act.

    At each step it acts once in each of several episodes that run side by side, and the rule makes a change
    of what was done, seen and felt: :math:`W \leftarrow W + \eta\, \langle \delta_t z_t \rangle` for most.

    What is chosen by name may have options: ``{"name": "gridworld", "size": 8}``.

    Parameters
    ----------
    environment
        Where to act: a name in ``nets.environments``.
    architecture
        A name in ``nets.architectures``. ``{"name": "mlp", "hidden": []}`` is one layer: in a gridworld, a
        table with an entry for each state.
    drive
        What is felt as reward: a name in ``nets.drives``.
    rule
        A name in ``nets.agent_rules``.
    start
        An agent whose weights to start from.
    steps
        Number of decisions in each of the ``episodes``; 0 gives the untrained agent.
    episodes
        Number of episodes side by side, each begun afresh when it ends.
    learning_rate
        Of the optimizer; by default what suits the rule.
    optimizer
        A name in ``nets.optimizers``; by default what suits the rule.
    rng
        Seed of the weights, the environment and the rule.
    device
        Where torch computes; the environment stays on the processor. Numbers are repeatable on one kind of
        device.
    progress
        Whether to show a bar.

    Returns
    -------
    Network
        With its ``history`` over what happened since the measurement before: ``reward`` for each decision
        and ``return`` of each episode that ended (NaN where none did), both the environment's own, and
        ``value_error``, the root of the mean squared reward-prediction error.

    Raises
    ------
    UnknownNameError
        If a choice does not exist; the nearest one is named.
    TrainingError
        If the choices do not fit together, or training diverged.

    Examples
    --------
    >>> agent = train_agent({"name": "gridworld", "size": 3}, rng=0, progress=False)
    >>> bool(agent.history["reward"][-1] > 2 * agent.history["reward"][1])
    True
    """
    chosen = Lesson.of(environment, drive, rule, architecture, learning_rate, optimizer)
    if min(steps, episodes - 1) < 0 or not chosen.learning_rate > 0:
        raise TrainingError("steps must be 0 or more, episodes 1 or more, and learning_rate above 0")
    seed = _seed(rng)
    recipe: dict[str, Any] = {
        "trainer": "train_agent",
        "task": as_json(environment),
        "architecture": as_json(architecture),
        "objective": as_json(drive),
        "rule": as_json(rule),
        "steps": steps,
        "batch_size": episodes,
        "learning_rate": chosen.learning_rate,
        "optimizer": chosen.optimizer,
        "seed": seed,
        "input_shape": list(chosen.environment.input_shape),
        "outputs": chosen.outputs,
        "dims": list(chosen.environment.dims),
    }
    if start is not None:
        recipe["start"] = dict(start.recipe)
    with one_thread():
        first = {} if start is None else _fitting(start, chosen.stages)
        reached = _live(chosen, steps, episodes, seed, first, device=device, progress=progress)
    history = stamp(
        _history(reached),
        "nets.train_agent",
        sources=[] if start is None else [start.history],
        references=[*chosen.environment.references, *chosen.drive.references, *chosen.rule.references],
        **recipe,
    )
    return Network(chosen.stages, tuple(measured.params for measured in reached), recipe, history)


@dataclass(frozen=True)
class Lesson:
    """Where an agent acts, what for, how it learns, and with which network."""

    environment: Environment
    drive: Drive
    rule: AgentRule
    stages: tuple[Stage, ...]
    outputs: int
    learning_rate: float
    optimizer: str

    @classmethod
    def of(
        cls,
        environment: Choice,
        drive: Choice,
        rule: Choice,
        architecture: Choice,
        learning_rate: float | None,
        optimizer: str | None,
    ) -> Lesson:
        """The lesson of these choices."""
        place, how = make(environments, environment), make(agent_rules, rule)
        outputs = how.outputs(place)
        return cls(
            place,
            make(drives, drive, place),
            how,
            make(architectures, architecture, place.input_shape, outputs),
            outputs,
            how.learning_rate if learning_rate is None else learning_rate,
            optimizer or how.optimizer,
        )


class Measured(NamedTuple):
    """What happened since the measurement before, and the weights then."""

    step: int
    reward: float
    returned: float
    value_error: float
    params: Params


def _live(
    lesson: Lesson, steps: int, n: int, seed: int, first: Params, *, device: str, progress: bool
) -> list[Measured]:
    """Act and learn: what was measured from the first step to the last."""
    rng = np.random.default_rng(seed)
    # Weights have a stream of their own: whatever else is chosen, the same seed starts from the same ones.
    for_weights, for_rule = (torch.Generator().manual_seed(int(s)) for s in rng.integers(2**63, size=2))
    params = _copied({**draw(lesson.stages, for_weights, device), **moved(first, device)})
    optimizer = optimizers[lesson.optimizer](_tensors(params), learning_rate=lesson.learning_rate)
    state, felt = lesson.rule.begin(lesson.stages, params, n), lesson.drive.begin()
    running, diary = Episodes(lesson.environment, n), Diary(n)
    seen = torch.from_numpy(running.reset(rng)).to(device)
    reached = [Measured(0, *diary.close(), _copied(params))]
    measured = set(np.linspace(0, steps, MEASUREMENTS + 1).round())
    for step in bar(range(1, steps + 1), progress=progress, description="train"):
        experience, felt = _decide(lesson, params, running, seen, felt, for_rule)
        learned = lesson.rule.learn(lesson.stages, params, experience, state, lesson.environment.discount)
        if not _finite(learned.estimate):
            raise TrainingError(
                f"training diverged at step {step}: the change is not finite. Lower learning_rate, or "
                "choose optimizer='adam', whose steps are bounded"
            )
        for tensor, gradient in zip(_tensors(params), _tensors(learned.estimate), strict=True):
            tensor.grad = gradient
        optimizer.step()
        state, seen = learned.state, experience.following
        diary.write(running, learned.error)
        if step in measured:
            reached.append(Measured(step, *diary.close(), _copied(params)))
    return reached


def _decide(
    lesson: Lesson,
    params: Params,
    running: Episodes,
    seen: torch.Tensor,
    felt: Any,
    generator: torch.Generator,
) -> tuple[Experience, Any]:
    """One decision in each episode: the experience of it, and the drive's state afterwards."""
    with torch.no_grad():
        given = readout(forward(lesson.stages, params, seen))
    actions = lesson.rule.act(given, lesson.environment, generator)
    following, _, done = running.step(actions.cpu().numpy())
    rewards, felt = lesson.drive.reward(running.last, felt)
    earned, after, ended = (torch.from_numpy(np.asarray(part)) for part in (rewards, following, done))
    outcome = (earned.to(given), after.to(seen.device), ended.to(seen.device))
    return Experience(seen, actions, *outcome), felt


class Diary:
    """Rewards, returns and errors since it was last closed."""

    def __init__(self, n: int) -> None:
        self._returns = np.zeros(n)
        self._rewards: list[float] = []
        self._ended: list[float] = []
        self._errors: list[float] = []

    def write(self, running: Episodes, error: torch.Tensor) -> None:
        """Note what happened in each episode."""
        rewards, done = running.last.rewards, running.last.done
        self._returns += rewards
        self._rewards.append(float(rewards.mean()))
        self._errors.append(float(error.square().mean()))
        self._ended += self._returns[done].tolist()
        self._returns[done] = 0

    def close(self) -> tuple[float, float, float]:
        """Mean reward of a decision, mean return of an episode, root mean squared error; and begin afresh."""
        noted = (self._rewards, self._ended, self._errors)
        reward, returned, squared = (float(np.mean(values)) if values else np.nan for values in noted)
        self._rewards, self._ended, self._errors = [], [], []
        return reward, returned, float(np.sqrt(squared))


def _history(reached: list[Measured]) -> xr.Dataset:
    step, *columns = zip(*(measured[:4] for measured in reached), strict=True)
    names = ("reward", "return", "value_error")
    said = ("mean reward of a decision", "mean return of an episode", "root mean squared prediction error")
    steps = label(xr.DataArray(list(step), dims=STEP), units="1", long_name="number of decisions")
    arrays = {
        name: label(xr.DataArray(list(column), dims=STEP), units="reward", long_name=long_name)
        for name, column, long_name in zip(names, columns, said, strict=True)
    }
    return xr.Dataset(arrays, coords={STEP: steps})

"""Task-trained networks: objective x learning rule x architecture, and what their layers represent."""

from ._activations import activations
from ._constraints import constraints
from ._descent import optimizers
from ._network import Network, untrained
from ._record import record
from ._stages import Stage
from ._storage import load, save
from ._train import train
from .agents import agent_rules, behaviour, drives, environments, train_agent
from .circuits import Architecture, architectures, nonlinearities
from .cost import Objective, objectives
from .learning import Rule, needs, rules, targets
from .material import Batch, Task, gratings, tasks

__all__ = [
    "Architecture",
    "Batch",
    "Network",
    "Objective",
    "Rule",
    "Stage",
    "Task",
    "activations",
    "agent_rules",
    "architectures",
    "behaviour",
    "constraints",
    "drives",
    "environments",
    "gratings",
    "load",
    "needs",
    "nonlinearities",
    "objectives",
    "optimizers",
    "record",
    "rules",
    "save",
    "targets",
    "tasks",
    "train",
    "train_agent",
    "untrained",
]

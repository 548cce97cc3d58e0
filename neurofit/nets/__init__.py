"""Task-trained networks: objective x learning rule x architecture, and what their layers represent."""

from ._activations import activations
from ._constraints import constraints
from ._descent import optimizers
from ._filters import filters
from ._from_torch import from_torch
from ._gabor import gabor_fit
from ._hopfield import hopfield_recall, hopfield_store
from ._network import Network, untrained
from ._pretrained import pretrained, pretrained_networks
from ._record import record
from ._stages import Stage
from ._storage import load, save
from ._sweep import sweep
from ._train import train
from ._tuning_change import random_change, tuning_change
from .agents import agent_rules, behaviour, drives, environments, train_agent
from .circuits import Architecture, architectures, nonlinearities
from .cost import Objective, objectives
from .learning import Rule, needs, rules, targets
from .material import Batch, Task, gratings, tasks
from .quality import gradient_quality

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
    "gradient_quality",
    "filters",
    "gabor_fit",
    "from_torch",
    "drives",
    "environments",
    "gratings",
    "hopfield_recall",
    "hopfield_store",
    "load",
    "needs",
    "nonlinearities",
    "objectives",
    "optimizers",
    "random_change",
    "pretrained",
    "pretrained_networks",
    "record",
    "rules",
    "save",
    "sweep",
    "targets",
    "tasks",
    "train",
    "tuning_change",
    "train_agent",
    "untrained",
]

"""Task-trained networks: objective x learning rule x architecture, and what their layers represent."""

from ._activations import activations
from ._constraints import constraints
from ._descent import optimizers
from ._from_torch import from_torch
from ._hopfield import hopfield_recall, hopfield_store
from ._network import Network, untrained
from ._pretrained import pretrained, pretrained_networks
from ._record import record
from ._stages import Stage
from ._storage import load, save
from ._train import train
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
    "architectures",
    "constraints",
    "from_torch",
    "gratings",
    "hopfield_recall",
    "hopfield_store",
    "load",
    "needs",
    "nonlinearities",
    "objectives",
    "optimizers",
    "pretrained",
    "pretrained_networks",
    "record",
    "rules",
    "save",
    "targets",
    "tasks",
    "train",
    "untrained",
]

"""Task-trained networks: objective x learning rule x architecture, and what their layers represent."""

from . import _digits, _orientation  # noqa: F401 - entering them in the registry is their purpose
from ._activations import activations
from ._architectures import Architecture, architectures
from ._descent import optimizers
from ._gratings import gratings
from ._network import Network, untrained
from ._objectives import Objective, objectives
from ._record import record
from ._rules import Rule, rules
from ._stages import Stage
from ._storage import load, save
from ._tasks import Batch, Task, tasks
from ._train import train

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
    "gratings",
    "load",
    "objectives",
    "optimizers",
    "record",
    "rules",
    "save",
    "tasks",
    "train",
    "untrained",
]

"""Agents: networks that act in environments and learn from what they feel as reward."""

from . import _bci, _places, _planner, _rules  # noqa: F401 - entering them in the registries is their purpose
from ._behaviour import behaviour
from ._drives import Drive, drives
from ._environment import Environment, Episodes, environments
from ._rule import AgentRule, agent_rules
from ._train import train_agent

__all__ = [
    "AgentRule",
    "Drive",
    "Environment",
    "Episodes",
    "agent_rules",
    "behaviour",
    "drives",
    "environments",
    "train_agent",
]

"""Tells which objective function, learning rule and architecture would produce what you recorded.

Namespaces load on first use, so that ``import neurofit`` is quick and needs neither torch, nor pynwb, nor
matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from . import (
        compare,
        demo,
        fields,
        io,
        nets,
        plasticity,
        plot,
        prep,
        report,
        rsa,
        schema,
        simulate,
        worlds,
    )
    from .provenance import cite

__all__ = [
    "__version__",
    "cite",
    "compare",
    "demo",
    "fields",
    "io",
    "nets",
    "plasticity",
    "plot",
    "prep",
    "report",
    "rsa",
    "schema",
    "simulate",
    "worlds",
]


def __getattr__(name: str) -> Any:
    if name == "cite":
        return import_module(".provenance", __name__).cite
    if name in __all__:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module 'neurofit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

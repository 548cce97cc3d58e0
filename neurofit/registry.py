"""Choices by name: each registry maps a name to its implementation and prints as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from inspect import getdoc
from typing import Generic, TypeVar

from .errors import unknown_name

Implementation = TypeVar("Implementation")


class Registry(Mapping[str, Implementation], Generic[Implementation]):
    """Implementations of one kind of choice, by name.

    Parameters
    ----------
    kind
        What is chosen, in the singular: it appears in error messages.

    Examples
    --------
    >>> shapes = Registry("shape")
    >>> @shapes.register("circle")
    ... def circle(radius):
    ...     "All points at one distance."
    >>> shapes
    shape
      circle  All points at one distance.
    >>> shapes["cirlce"]
    Traceback (most recent call last):
    ...
    neurofit.errors.UnknownNameError: no shape called 'cirlce'. Did you mean 'circle'? There is: circle.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, Implementation] = {}

    def register(self, name: str) -> Callable[[Implementation], Implementation]:
        """Return a decorator that enters what it decorates under ``name``."""

        def enter(implementation: Implementation) -> Implementation:
            if name in self._entries:
                raise ValueError(f"there is already a {self.kind} called {name!r}")
            self._entries[name] = implementation
            return implementation

        return enter

    def __getitem__(self, name: str) -> Implementation:
        if name not in self._entries:
            raise unknown_name(self.kind, name, self._entries)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        width = max(map(len, self._entries), default=0)
        rows = (
            f"  {name:<{width}}  {(getdoc(entry) or '').partition(chr(10))[0]}".rstrip()
            for name, entry in self._entries.items()
        )
        return "\n".join([self.kind, *rows])

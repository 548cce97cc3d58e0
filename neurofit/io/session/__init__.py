"""A session, made of plain arrays, with a report on what was odd: every way in ends here."""

from ._arrays import from_arrays

__all__ = ["from_arrays"]

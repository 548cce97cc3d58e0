"""One self-contained page for a result, with its figures and where it comes from."""

from ._answer import summary
from ._write import prepare, write

__all__ = ["prepare", "summary", "write"]

"""Return after a perturbation: of function, and of weights to the same minimum or to a new one."""

from ._return import return_test

__all__ = ["return_test"]

"""Known rules probed at random: the parts of a Jacobian that is never formed."""

from ._probe import probe

__all__ = ["probe"]

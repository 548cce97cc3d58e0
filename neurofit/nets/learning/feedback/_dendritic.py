"""Errors in apical dendrites, apart from the soma that they teach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....registry import Registry
from .. import _dense  # noqa: F401 - it has the need
from .._checks import positive
from .._rule import Rule, rules
from ._microcircuit import microcircuit
from ._plateau import plateaus

if TYPE_CHECKING:
    from collections.abc import Callable

    Variant = Callable[[float], Rule]

variants: Registry[Variant] = Registry("variant of dendritic error")
variants.register("guerguiev")(plateaus)
variants.register("sacramento")(microcircuit)


@rules.register("dendritic_error")
def dendritic_error(*, variant: str = "sacramento", nudge: float = 1.0) -> Rule:
    r"""Dendritic error: an apical dendrite sees how feedback departs from what is expected.

    **Guerguiev**: each hidden unit has an apical dendrite that the readout reaches through fixed random
    weights :math:`Y_l` of its own. It fires a plateau potential once without a teacher and once while the
    teacher nudges the readout, and the difference teaches:

    .. math::

        e_l \propto \sigma(Y_l\, r^f) - \sigma(Y_l\, r^t), \qquad
        r^t = r^f - \nu\, \partial L / \partial r

    For a weak nudge this is direct feedback alignment, each unit gated by how far its dendrite is from
    saturation. It works with any layer.

    **Sacramento**: in each hidden layer, interneurons learn to predict the layer above from the layer
    itself, and to cancel its top-down input. The apical potential is what they do not explain:

    .. math::

        v_l = B_{l+1}^\top \phi(u_{l+1}) - C_{l+1}^\top \phi(i_{l+1}), \qquad
        u_l = a_l + \alpha\, v_l, \qquad \Delta W_l \propto (\phi(u_l) - \phi(a_l))\, h_{l-1}^\top

    with basal drive :math:`a_l` and interneurons
    :math:`i_{l+1} = P_{l+1} h_l + \beta (u_{l+1} - P_{l+1} h_l)`. Faster than weights, without a teacher,
    :math:`P` learns by the difference between the interneuron and its dendrite, :math:`C` by the apical
    potential that is left. In the self-predicting state, :math:`P = W` and :math:`C = B`, it is 0
    without a teacher, and with a weak one it is feedback alignment through :math:`B`:
    :math:`v_l \propto B_{l+1}^\top f'(a_{l+1})\, \delta u_{l+1}`. It starts there, and drifts off as far as
    weights change faster than interneurons follow. Potentials are those of one sweep from top to bottom,
    which is the steady state to first order in :math:`\nu`. It needs dense layers.

    The readout gets its exact gradient (in Sacramento's, through its own nonlinearity).

    Parameters
    ----------
    variant
        ``"sacramento"`` or ``"guerguiev"``.
    nudge
        :math:`\nu`, how strongly the teacher moves the readout. Estimates are divided by it.

    Returns
    -------
    Rule

    Raises
    ------
    UnknownNameError
        If there is no such variant.
    TrainingError
        If ``nudge`` is not above 0.

    References
    ----------
    Guerguiev, Lillicrap & Richards 2017, eLife 6:e22901, doi:10.7554/eLife.22901
    Sacramento, Ponte Costa, Bengio & Senn 2018, Advances in Neural Information Processing Systems 31,
    arXiv:1810.11393
    """
    positive("dendritic_error", nudge=nudge)
    return variants[variant](nudge)

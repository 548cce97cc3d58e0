"""Products of a rule's Jacobian with vectors: by automatic differentiation, or by finite differences."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ...errors import SchemaError
from ...parallel import bar

if TYPE_CHECKING:
    from collections.abc import Callable

Numbers = np.ndarray
AT_ONCE = 20  # products that share a pass
STEP = 6e-6  # cube root of the precision of a double: truncation and rounding are as large
ALIKE = 1e-3  # by how much the two ways may differ, in lengths of the product


class Products:
    """The change of weights at w, and Jv and, where torch can tell it, J'v for rows of vectors.

    Parameters
    ----------
    rule
        Weights (n,) to their change (n,), tensors or arrays.
    w
        Where.
    progress
        Whether to show a bar over vectors.
    """

    def __init__(self, rule: Callable[[Any], Any], w: Numbers, *, progress: bool) -> None:
        self._rule, self._w, self._progress = rule, torch.from_numpy(w), progress
        self.change = self._checked(self._evaluate(w))
        self.transposed, self.reason = True, ""
        try:
            self._tell_apart(self._forth)
        except Exception as error:  # any that a rule may raise within a transform of torch
            why = str(error).strip().split("\n")[0] or type(error).__name__
            self.transposed = False
            self.reason = f"torch.func cannot differentiate the rule ({why}): by finite differences"

    def forth(self, vectors: Numbers) -> Numbers:
        """J v for each row."""
        return self._in_parts(self._forth if self.transposed else self._differences, vectors)

    def both(self, vectors: Numbers) -> tuple[Numbers, Numbers]:
        """J v and J' v for each row."""
        if not len(vectors):
            return vectors, vectors
        found = self._in_parts(lambda part: torch.stack([self._forth(part), self._back(part)], 1), vectors)
        return found[:, 0], found[:, 1]

    def _forth(self, vectors: torch.Tensor) -> torch.Tensor:
        def of_one(v: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = torch.func.jvp(self._rule, (self._w,), (v,))[1]
            return out

        with warnings.catch_warnings():
            # Torch prepares forward mode, at its first use, in a way that it warns of itself.
            warnings.filterwarnings("ignore", message=".*torch.jit.script", category=DeprecationWarning)
            found: torch.Tensor = torch.func.vmap(of_one)(vectors)
        return found

    def _back(self, vectors: torch.Tensor) -> torch.Tensor:
        pulled = torch.func.vjp(self._rule, self._w)[1]
        found: torch.Tensor = torch.func.vmap(lambda u: pulled(u)[0])(vectors)
        return found

    def _differences(self, vectors: torch.Tensor) -> torch.Tensor:
        size = STEP * (1 + float(self._w.square().mean().sqrt()))
        w = self._w.numpy()
        slopes = [
            (self._evaluate(w + size * v) - self._evaluate(w - size * v)) / (2 * size)
            for v in vectors.numpy()
        ]
        return torch.from_numpy(np.stack(slopes))

    def _tell_apart(self, forth: Callable[[torch.Tensor], torch.Tensor]) -> None:
        """Raise where torch finds another slope than differences do: of a rule that leaves its record."""
        one = torch.from_numpy(np.random.default_rng(0).normal(size=(1, len(self._w))))
        told, seen = (product(one) for product in (forth, self._differences))
        back = self._back(one)
        error = float((told - seen).norm())
        # What J gives forth has to be what J' gives back, between any two vectors.
        across = float(abs(one.flatten() @ told.flatten() - one.flatten() @ back.flatten()))
        if error > ALIKE * (float(seen.norm()) + STEP) or across > ALIKE * (
            abs(float((one * seen).sum())) + STEP
        ):
            raise ValueError("its derivative there is not its slope")

    def _evaluate(self, w: Numbers) -> Numbers:
        """The change, from a rule that takes tensors or, if it does not, arrays."""
        try:
            out = self._rule(torch.from_numpy(w))
        except (TypeError, AttributeError, RuntimeError) as of_tensors:
            try:
                out = self._rule(w)
            except Exception as of_arrays:
                raise SchemaError(
                    "the rule can be called neither with a tensor in double precision "
                    f"({of_tensors}) nor with an array ({of_arrays})"
                ) from of_arrays
        return out.detach().numpy() if isinstance(out, torch.Tensor) else np.asarray(out, dtype=float)

    def _checked(self, change: Numbers) -> Numbers:
        n = len(self._w)
        if change.shape != (n,):
            raise SchemaError(
                f"the rule gives {change.shape} for weights ({n},): one change for each synapse is needed"
            )
        if not np.isfinite(change).all():
            raise SchemaError(
                f"the rule gives {np.count_nonzero(~np.isfinite(change))} changes that are not finite at w"
            )
        return change

    def _in_parts(self, product: Callable[[torch.Tensor], torch.Tensor], vectors: Numbers) -> Numbers:
        parts = torch.from_numpy(vectors).split(AT_ONCE)  # type: ignore[no-untyped-call]
        shown = self._progress and len(parts) > 2
        done = [product(part) for part in bar(parts, progress=shown, description="probes")]
        return torch.cat(done).numpy()

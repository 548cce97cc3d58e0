"""Updates of learning rules as functions that torch can differentiate, whatever they take off its record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from ..errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[torch.Tensor], torch.Tensor]


def differentiable(change: Change) -> Change:
    """``change`` (n,) -> (n,), for all of ``torch.func``, whose first derivatives it then has.

    Rules take gradients within, of tensors that they detach first, which ends what torch can trace. Here
    what is detached stays on the record, as a tensor of its own, and gradients within are recorded too.
    """
    return lambda w: _Recorded.apply(w, change)  # type: ignore[no-untyped-call]


class _OnRecord(TorchFunctionMode):
    """What is detached stays connected; gradients taken within can be differentiated."""

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if function is torch.Tensor.detach and args[0].requires_grad:
            # A tensor of its own: where a loss is told apart by layer, none may reach through another.
            return args[0].view_as(args[0])
        if function is torch.autograd.grad:
            kwargs = {**kwargs, "create_graph": True}
        return function(*args, **kwargs)


def _record(change: Change, w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights and the change there, tied together."""
    with torch.enable_grad():
        w = w.detach().requires_grad_()
        with _OnRecord():
            out = change(w)
    if not out.requires_grad:
        raise TrainingError(
            "the rule computes its change off torch's record, so that it has no derivatives here; "
            "take finite differences of it"
        )
    return w, out


def _times(vectors: torch.Tensor, dim: int | None) -> list[torch.Tensor]:
    assert dim is not None
    return list(vectors.movedim(dim, 0))


class _Recorded(torch.autograd.Function):
    @staticmethod
    def forward(w: torch.Tensor, change: Change) -> torch.Tensor:
        with torch.enable_grad():  # rules may take gradients within
            return change(w.detach()).detach()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        w, ctx.change = inputs
        ctx.save_for_backward(w)
        ctx.save_for_forward(w)

    @staticmethod
    def backward(ctx: Any, *u: torch.Tensor) -> Any:
        return _Back.apply(*ctx.saved_tensors, *u, ctx.change), None  # type: ignore[no-untyped-call]

    @staticmethod
    def jvp(ctx: Any, *v: Any) -> Any:
        return _Forth.apply(*ctx.saved_tensors, v[0], ctx.change)  # type: ignore[no-untyped-call]

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], w: torch.Tensor, change: Change) -> Any:
        return torch.stack([differentiable(change)(one) for one in _times(w, in_dims[0])]), 0


class _Product(torch.autograd.Function):
    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        """Nothing is kept: there are first derivatives only."""


class _Back(_Product):
    """J'u."""

    @staticmethod
    def forward(w: torch.Tensor, u: torch.Tensor, change: Change) -> torch.Tensor:
        w, out = _record(change, w)
        return torch.autograd.grad(out, w, u)[0]

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], w: torch.Tensor, u: torch.Tensor, change: Change
    ) -> Any:
        w, out = _record(change, w)
        each = torch.stack(_times(u, in_dims[1]))
        return torch.autograd.grad(out, w, each, is_grads_batched=True)[0], 0


class _Forth(_Product):
    """Jv, as the derivative of J'u, which is linear in u."""

    @staticmethod
    def forward(w: torch.Tensor, v: torch.Tensor, change: Change) -> torch.Tensor:
        u, back = _pulled(change, w)
        return torch.autograd.grad(back, u, v)[0]

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], w: torch.Tensor, v: torch.Tensor, change: Change
    ) -> Any:
        u, back = _pulled(change, w)
        each = torch.stack(_times(v, in_dims[1]))
        return torch.autograd.grad(back, u, each, is_grads_batched=True)[0], 0


def _pulled(change: Change, w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    w, out = _record(change, w)
    with torch.enable_grad():
        u = torch.zeros_like(out).requires_grad_()
        return u, torch.autograd.grad(out, w, u, create_graph=True)[0]

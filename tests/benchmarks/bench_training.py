"""Training through neurofit's stages beside a plain torch loop: the same nets, batches and optimizer.

``pytest tests/benchmarks/bench_training.py --benchmark-only`` times both; ``python
tests/benchmarks/bench_training.py`` prints the table of docs/benchmarks.md: medians of ratios, of runs in
turn.
"""

import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from statistics import median

import numpy as np
import pytest
import torch
from torch import nn

from neurofit import nets
from neurofit.nets._threads import one_thread
from neurofit.nets.material import draw_batch

STEPS = {"mlp": 600, "conv": 60}
TASK = {"mlp": "digits", "conv": "orientation"}
BATCH, LEARNING_RATE = 32, 1e-3


class Normalised(nn.Module):
    """What ``nets`` calls normalise."""

    def forward(self, drive: torch.Tensor) -> torch.Tensor:
        """Rectified and divided."""
        rectified = nn.functional.relu(drive)
        return rectified * torch.rsqrt(1 + rectified.square().mean(1, keepdim=True))


def module(architecture: str) -> nn.Module:
    """The same net, made of torch's own layers."""
    if architecture == "mlp":
        layers = [nn.Flatten(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 10)]
    else:
        layers = []
        for maps, into in ((1, 16), (16, 32), (32, 64)):
            layers += [nn.Conv2d(maps, into, 3, padding=1), Normalised(), nn.AvgPool2d(2)]
        layers[-1:] = [nn.Flatten(), nn.Linear(1024, 64), Normalised(), nn.Linear(64, 8)]
    return nn.Sequential(*layers)


def peer(architecture: str, mode: str) -> nn.Module:
    """The same net by biotorch, whose layers send errors back through weights of their own."""
    from biotorch.module.biomodule import BioModule

    return BioModule(module(architecture), mode=mode)


@one_thread()
def plain(architecture: str, net: nn.Module | None = None) -> None:
    """A torch loop as tutorials have it: backward, step, and a test of held-out images now and then."""
    net, task, rng = net or module(architecture), nets.tasks[TASK[architecture]](), np.random.default_rng(0)
    optimizer = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE)
    held_out = draw_batch(task.held_out, 512, rng, "cpu")
    for step in range(STEPS[architecture]):
        batch = draw_batch(task.sample, BATCH, rng, "cpu")
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(batch.inputs), batch.labels)
        loss.backward()
        optimizer.step()
        if step % (STEPS[architecture] // 20) == 0:
            with torch.no_grad():
                float(nn.functional.cross_entropy(net(held_out.inputs), held_out.labels))


def ours(architecture: str, rule: str) -> None:
    """The same with neurofit."""
    nets.train(
        TASK[architecture],
        architecture=architecture,
        rule=rule,
        steps=STEPS[architecture],
        batch_size=BATCH,
        learning_rate=LEARNING_RATE,
        rng=0,
        progress=False,
    )


@pytest.mark.parametrize("architecture", STEPS)
@pytest.mark.parametrize("who", ["torch", "backprop", "feedback_alignment"])
def bench_training(benchmark, architecture, who):
    benchmark.group = architecture
    benchmark(plain, architecture) if who == "torch" else benchmark(ours, architecture, who)


def ratio(one: Callable[[], None], other: Callable[[], None], repeats: int) -> float:
    """Median over runs in turn of how much longer ``one`` takes than ``other``."""
    ratios = []
    for _ in range(repeats):
        clock = [time.perf_counter()]
        for function in (one, other):
            function()
            clock.append(time.perf_counter())
        ratios.append((clock[1] - clock[0]) / (clock[2] - clock[1]))
    return median(ratios)


def main(repeats: int = 9) -> None:
    """Print the ratios."""
    print("| net | rule | beside | to reach | time / theirs |\n|---|---|---|---|---|")
    for architecture in STEPS:
        for rule, wanted in (("backprop", "<= 1.3"), ("feedback_alignment", "<= 1.5")):
            found = ratio(partial(ours, architecture, rule), partial(plain, architecture), repeats)
            print(f"| {architecture} | {rule} | plain torch, backprop | {wanted} | {found:.2f} |", flush=True)
        if find_spec("biotorch"):
            net = peer(architecture, "fa")
            found = ratio(
                partial(ours, architecture, "feedback_alignment"), partial(plain, architecture, net), repeats
            )
            print(f"| {architecture} | feedback_alignment | biotorch | | {found:.2f} |", flush=True)


if __name__ == "__main__":
    main()

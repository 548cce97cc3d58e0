"""Training through neurofit's stages beside a plain torch loop: the same nets, batches and optimizer.

``pytest tests/benchmarks/bench_training.py --benchmark-only`` times both; ``python
tests/benchmarks/bench_training.py`` prints the table of docs/benchmarks.md: medians of ratios, of runs in
turn.
"""

import time
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
            layers += [nn.Conv2d(maps, into, 3, padding="same"), Normalised(), nn.AvgPool2d(2)]
        layers[-1:] = [nn.Flatten(), nn.Linear(1024, 64), Normalised(), nn.Linear(64, 8)]
    return nn.Sequential(*layers)


@one_thread()
def plain(architecture: str) -> None:
    """A torch loop as tutorials have it: backward, step, and a test of held-out images now and then."""
    net, task, rng = module(architecture), nets.tasks[TASK[architecture]](), np.random.default_rng(0)
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


def main(repeats: int = 9) -> None:
    """Print the ratios."""
    print("| net | rule | to reach | time / plain torch |\n|---|---|---|---|")
    for architecture in STEPS:
        for rule, wanted in (("backprop", 1.3), ("feedback_alignment", 1.5)):
            ratios = []
            for _ in range(repeats):
                clock = [time.perf_counter()]
                for function, given in ((plain, [architecture]), (ours, [architecture, rule])):
                    function(*given)
                    clock.append(time.perf_counter())
                ratios.append((clock[2] - clock[1]) / (clock[1] - clock[0]))
            print(f"| {architecture} | {rule} | <= {wanted} | {median(ratios):.2f} |", flush=True)


if __name__ == "__main__":
    main()

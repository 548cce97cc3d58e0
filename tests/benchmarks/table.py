"""Prints docs/benchmarks.md's table: ``python tests/benchmarks/table.py [--repeats 3] [--folder DIR]``.

Each measurement runs in a process of its own, one at a time, those of one file in turn, so that what else
the machine does hits all alike. Imports and the first use of the libraries, on a small file, come before the
clock starts, and before the memory from which a peak is counted.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

MEASURED = (
    "counts",
    "flat",
    "counts_of_session",
    "pynapple_counts",
    "average",
    "chunked",
    "pynapple_average",
    "lazy",
    "ten_units",
)
RATIOS = (  # what, over what, in which measure, and the figure to reach
    ("Counts: pynapple / neurofit", "pynapple_counts", "counts", "seconds", ">= 8"),
    ("Counts: pynapple / neurofit", "pynapple_counts", "counts", "MiB", ">= 6"),
    ("Counts: neurofit / h5py and one bincount", "counts", "flat", "seconds", "<= 3"),
    ("Average: pynapple / neurofit", "pynapple_average", "average", "seconds", ">= 15"),
    ("Counts: pynapple / neurofit", "pynapple_counts", "counts", "CPU", ""),
    ("Average: pynapple / neurofit", "pynapple_average", "average", "CPU", ""),
)
LIMITS = (
    ("Average in chunks", "chunked", "MiB", 350),
    ("Lazy open", "lazy", "seconds", 0.7),
    ("Lazy open", "lazy", "MiB", 150),
    ("10 units of 600", "ten_units", "seconds", 0.15),
)


def measured(what: str, path: Path, small: Path) -> dict[str, float]:
    """Seconds, and MiB above what a run on a small file left, in a fresh process."""
    command = [sys.executable, Path(__file__).with_name("measure.py"), what, path, small]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def rows(found: dict[str, dict[str, list[dict[str, float]]]]) -> list[str]:
    """The table in Markdown: medians over the repeats; ratios are those within one repeat."""
    stored = list(found)
    lines = [f"| | to reach | {' | '.join(stored)} |", "|---|---|" + "---|" * len(stored)]
    for name, over, under, measure, wanted in RATIOS:
        each = [
            [a[measure] / b[measure] for a, b in zip(runs[over], runs[under], strict=True)]
            for runs in found.values()
        ]
        told = " | ".join(f"{np.median(ratio):.1f}" for ratio in each)
        lines.append(f"| {name}, {_word(measure)} | {wanted} | {told} |")
    for name, what, measure, limit in LIMITS:
        told = " | ".join(f"{_median(runs[what], measure):.3g}" for runs in found.values())
        lines.append(f"| {name}, {measure} | < {limit} | {told} |")
    lines += ["", f"| seconds; of CPU; MiB | {' | '.join(stored)} |", "|---|" + "---|" * len(stored)]
    for what in MEASURED:
        told = " | ".join(
            f"{_median(runs[what], 'seconds'):.2f}; {_median(runs[what], 'CPU'):.2f}; "
            f"{_median(runs[what], 'MiB'):.0f}"
            for runs in found.values()
        )
        lines.append(f"| `{what}` | {told} |")
    return lines


def _word(measure: str) -> str:
    return {"seconds": "time", "MiB": "peak memory", "CPU": "time of the processor"}[measure]


def _median(runs: list[dict[str, float]], measure: str) -> float:
    return float(np.median([run[measure] for run in runs]))


def main() -> None:
    """Make the files, measure, and print."""
    from recording import STORED, make

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "neurofit-benchmarks")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    small = make(asked.folder, stored="contiguous", units=10, spikes=10_000, trials=3_000)
    found: dict[str, dict[str, list[dict[str, float]]]] = {}
    for stored in STORED:
        path = make(asked.folder, stored=stored)
        found[stored] = {what: [] for what in MEASURED}
        for _ in range(asked.repeats):
            for what in MEASURED:
                found[stored][what].append(measured(what, path, small))
    packages = ("neurofit", "pynapple", "h5py", "numpy", "xarray", "dask")
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    print("\n".join([*rows(found), "", f"Medians of {asked.repeats} repeats; {versions}."]))


if __name__ == "__main__":
    main()

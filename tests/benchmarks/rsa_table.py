"""Prints the table of docs/benchmarks.md that is about RSA: ``python tests/benchmarks/rsa_table.py``.

Each measurement runs in a process of its own, one at a time, ours and the peer's in turn. Imports and the
first use of the libraries, on small data, come before the clock starts, and before the memory from which a
peak is counted. Where others use the machine, ``--processor`` counts processor time, with one thread.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from importlib.metadata import version

import numpy as np

WHO = ("neurofit", "rsatoolbox")
LONG_ENOUGH = 0.3  # seconds; what takes less is run again, and the median taken


ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def measure(
    name: str, who: str, size: dict[str, int] | None = None, *, processor: bool = False
) -> dict[str, float]:
    """Seconds, and MiB above what was there before."""
    from measure import peak
    from rsa_peers import CASES

    warnings.simplefilter("ignore")
    case = CASES[name]
    case.make(*case.options.values(), **case.small)[WHO.index(who)]()
    function = case.make(*case.options.values(), **(size or case.size))[WHO.index(who)]
    before, runs = peak(), []
    clock = time.process_time if processor else time.perf_counter
    while sum(runs) < LONG_ENOUGH:
        start = clock()
        function()
        runs.append(clock() - start)
    return {"seconds": float(np.median(runs)), "MiB": peak() - before}


def measured(
    name: str, who: str, size: dict[str, int] | None = None, *, processor: bool = False
) -> dict[str, float]:
    """``measure`` in a fresh process."""
    command = [sys.executable, __file__, "--one", name, "--who", who, "--size", json.dumps(size)]
    command += ["--processor"] if processor else []
    threads = os.environ | (ONE_THREAD if processor else {})
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=threads)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def row(name: str, repeats: int, *, processor: bool) -> str:
    """One line of the table: medians over the repeats, ratios within one repeat."""
    from rsa_peers import CASES

    runs = [{who: measured(name, who, processor=processor) for who in WHO} for _ in range(repeats)]
    ratio = np.median([run["rsatoolbox"]["seconds"] / run["neurofit"]["seconds"] for run in runs])
    each = [
        f"{np.median([run[who]['seconds'] for run in runs]):.3g}; "
        f"{np.median([run[who]['MiB'] for run in runs]):.0f}"
        for who in WHO
    ]
    return f"| {name} | >= {CASES[name].wanted} | {ratio:,.3g} | {each[0]} | {each[1]} |"


def main() -> None:
    """Measure, and print."""
    from rsa_peers import CASES

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--one", choices=CASES)
    parser.add_argument("--who", choices=WHO)
    parser.add_argument("--size", type=json.loads)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one, asked.who, asked.size, processor=asked.processor)))
        return
    print("| | to reach | rsatoolbox / neurofit, time | neurofit: seconds; MiB | rsatoolbox: seconds; MiB |")
    print("|---|---|---|---|---|")
    for name in CASES:
        print(row(name, asked.repeats, processor=asked.processor), flush=True)
    versions = ", ".join(f"{package} {version(package)}" for package in (*WHO, "numpy", "scipy"))
    print(f"\nMedians of {asked.repeats} repeats; {versions}.")


if __name__ == "__main__":
    main()

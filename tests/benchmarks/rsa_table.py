"""Prints the table of docs/benchmarks.md that is about RSA: ``python tests/benchmarks/rsa_table.py``.

Each measurement runs in a process of its own, one at a time, ours and the peer's in turn. Imports and the
first use of the libraries, on small data, come before the clock starts, and before the memory from which a
peak is counted.
"""

import argparse
import json
import subprocess
import sys
import time
import warnings
from importlib.metadata import version

import numpy as np

WHO = ("neurofit", "rsatoolbox")
LONG_ENOUGH = 0.3  # seconds; what takes less is run again, and the median taken


def measure(name: str, who: str, size: dict[str, int] | None = None) -> dict[str, float]:
    """Seconds, and MiB above what was there before."""
    from measure import peak
    from rsa_peers import CASES

    warnings.simplefilter("ignore")
    case = CASES[name]
    case.make(*case.options.values(), **case.small)[WHO.index(who)]()
    function = case.make(*case.options.values(), **(size or case.size))[WHO.index(who)]
    before, runs = peak(), []
    while sum(runs) < LONG_ENOUGH:
        start = time.perf_counter()
        function()
        runs.append(time.perf_counter() - start)
    return {"seconds": float(np.median(runs)), "MiB": peak() - before}


def measured(name: str, who: str, size: dict[str, int] | None = None) -> dict[str, float]:
    """``measure`` in a fresh process."""
    command = [sys.executable, __file__, "--one", name, "--who", who, "--size", json.dumps(size)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def row(name: str, repeats: int) -> str:
    """One line of the table: medians over the repeats, ratios within one repeat."""
    from rsa_peers import CASES

    runs = [{who: measured(name, who) for who in WHO} for _ in range(repeats)]
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
    parser.add_argument("--one", choices=CASES)
    parser.add_argument("--who", choices=WHO)
    parser.add_argument("--size", type=json.loads)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one, asked.who, asked.size)))
        return
    print("| | to reach | rsatoolbox / neurofit, time | neurofit: seconds; MiB | rsatoolbox: seconds; MiB |")
    print("|---|---|---|---|---|")
    for name in CASES:
        print(row(name, asked.repeats), flush=True)
    versions = ", ".join(f"{package} {version(package)}" for package in (*WHO, "numpy", "scipy"))
    print(f"\nMedians of {asked.repeats} repeats; {versions}.")


if __name__ == "__main__":
    main()

"""Draws docs/figures/rsa_scaling.png and its table: ``python tests/benchmarks/rsa_scaling.py``.

How time and memory grow with stimuli, units and draws. Each point is one run in a process of its own.
"""

import csv
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from rsa_table import WHO, measured

from neurofit.plot._style import BLUE, ORANGE, RC

DOCS = Path(__file__).parents[2] / "docs"
EUCLIDEAN, BOOTSTRAP = "Euclidean RDM, 500 x 500", "bootstrap over stimuli, cosine"
LARGE = {"stimuli": 100, "subjects": 8, "models": 3}
SWEEPS = {
    "stimuli": (EUCLIDEAN, {"units": 100}, (100, 200, 500, 1000, 2000, 5000)),
    "units": (EUCLIDEAN, {"stimuli": 200}, (100, 300, 1000, 3000, 10_000)),
    "draws": (BOOTSTRAP, LARGE, (30, 100, 300, 1000, 3000, 10_000)),
}
LONGEST = {("rsatoolbox", "draws"): 300}  # a minute and more beyond


def rows() -> list[dict[str, object]]:
    """Every measurement, in order."""
    found = []
    for what, (case, fixed, sizes) in SWEEPS.items():
        for size in sizes:
            for who in WHO:
                if size <= LONGEST.get((who, what), size):
                    run = measured(case, who, {**fixed, what: size})
                    found.append(
                        {"what": what, "size": size, "who": who}
                        | {name: f"{value:.3g}" for name, value in run.items()}
                    )
                    print(found[-1], flush=True)
    return found


def figure(found: list[dict[str, object]]) -> Figure:
    """Time above memory, a column for each sweep."""
    with mpl.rc_context(RC):
        made = Figure(figsize=(7, 4), layout="constrained")
        panels = made.subplots(2, len(SWEEPS), sharex="col", sharey="row")
        for column, what in enumerate(SWEEPS):
            for who, colour, marker in zip(WHO, (BLUE, ORANGE), "os", strict=True):
                own = [row for row in found if (row["what"], row["who"]) == (what, who)]
                for row, measure in enumerate(("seconds", "MiB")):
                    values = [float(str(entry[measure])) for entry in own]
                    panels[row, column].loglog(
                        [entry["size"] for entry in own],
                        values,
                        marker,
                        ls="-",
                        ms=3.5,
                        color=colour,
                        label=who,
                    )
            panels[1, column].set_xlabel(f"number of {what}")
            panels[1, column].xaxis.set_major_locator(LogLocator())
            panels[1, column].xaxis.set_minor_formatter(NullFormatter())
        panels[0, 0].set_ylabel("time (s)")
        panels[1, 0].set_ylabel("peak memory (MiB)")
        panels[0, 0].set_title("Euclidean RDM, 100 units")
        panels[0, 1].set_title("Euclidean RDM, 200 stimuli")
        panels[0, 2].set_title("bootstrap, 100 stimuli")
        panels[0, 0].legend()
    return made


def main() -> None:
    """Measure, write the table, draw."""
    found = rows()
    with (DOCS / "tables" / "rsa_scaling.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, found[0])
        table.writeheader()
        table.writerows(found)
    figure(found).savefig(DOCS / "figures" / "rsa_scaling.png", dpi=200)


if __name__ == "__main__":
    main()

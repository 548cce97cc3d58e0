"""How every command here writes its table."""

import csv
from pathlib import Path

from neurofit import io


def write(path, rows):
    """Write lines, which share their columns, beside the place and then there."""
    with io.beside(path) as unfinished, Path(unfinished).open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)

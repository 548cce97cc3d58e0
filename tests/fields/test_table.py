"""The table of all figures is what the tables of single analyses say."""

import csv
from pathlib import Path

import fields as command

TABLE = Path(__file__).parents[2] / "docs" / "tables" / "fields.csv"


def test_it_gathers_what_the_other_tables_say():
    with TABLE.open(newline="") as file:
        assert list(csv.DictReader(file)) == command.gathered()

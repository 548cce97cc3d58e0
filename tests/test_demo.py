"""The main job from end to end, as a user runs it."""

import csv
import re
from pathlib import Path

import demo_seeds
import pytest

from neurofit import demo, io, simulate
from neurofit.errors import ResultsExistError

ROOT = Path(__file__).parents[1]


def check(out, seed):
    """No area is named wrongly; one that models which are not told apart name differently is left open."""
    told = demo.run(out, seed=seed, progress=False)
    known = simulate.truth(out / "simulated.nwb")["layers"]
    assert re.search(r"The layers (named )?match the known answer", told)
    result = io.load(out / "results.nc")
    assert result.conclusive.sel(model=demo.KIND).all()
    for area, layer in known.items():
        assert str(result.reason.sel(model=demo.KIND, area=area).values).startswith(f"{layer}: most similar")
    return told


def test_the_demo_finds_its_answer_and_leaves_its_files(tmp_path):
    out = tmp_path / "out"
    told = check(out, 0)
    assert "The layers match the known answer for every area." in told
    assert re.search(r"made with cross-entropy \+ backprop: (the leading one|one of those)", told)
    assert {"simulated.nwb", "results.nc", "report.html", "layer_map.svg", "layer_map.png"} <= {
        path.name for path in out.iterdir()
    }
    assert "The layers match the known answer" in (out / "report.html").read_text(encoding="utf-8")
    recorded = (out / "simulated.nwb").read_bytes()
    with pytest.raises(ResultsExistError, match="--force"):
        demo.run(out, progress=False)
    assert (out / "simulated.nwb").read_bytes() == recorded


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_demo_is_right_on_other_seeds_too(tmp_path, seed):
    check(tmp_path / "out", seed)


def table():
    with (ROOT / "docs" / "tables" / "demo_seeds.csv").open() as file:
        return {(int(row["seed"]), row["readout"], row["noise"]): row for row in csv.DictReader(file)}


def test_the_table_in_the_docs_says_right_for_all_ten_seeds_and_not_when_shuffled():
    rows = [row for (_, _, noise), row in table().items() if noise == "diagonal"]
    assert len(rows) == 20
    for row in rows:
        assert row["same network"] == row["retrained"] == row["driven by"]
        assert row["shuffled"] != row["driven by"]
    # Where the leading candidate is wrong, the right one is not told apart from it, and the report says so.
    mistaken = [row for row in rows if row["its layers"] != row["driven by"]]
    assert len(mistaken) == 1
    assert "cross-entropy + backprop" not in mistaken[0]["behind"].split("; ")


@pytest.mark.calibration
@pytest.mark.parametrize("case", [(4, "mixture", "diagonal"), (7, "single", "ledoit_wolf")])
def test_a_sample_of_the_table_comes_out_again(case):
    again, kept = demo_seeds.row(case), table()[case]
    for column in ("driven by", "same network", "retrained"):
        assert again[column] == kept[column]

"""What the README shows is what happens."""

import re
from pathlib import Path

import matplotlib as mpl

from neurofit import simulate

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_its_ten_lines_run_and_print_what_it_says(tmp_path, monkeypatch, capsys):
    (code,), (shown,) = blocks("python"), blocks("text")
    assert len(code.strip().splitlines()) <= 12
    monkeypatch.chdir(tmp_path)
    mpl.use("agg")
    simulate.session("session.nwb", rng=0, progress=False)
    exec(compile(code, "README.md", "exec"), {})
    assert (tmp_path / "results" / "report.html").exists()
    printed = capsys.readouterr().out.split()
    # The words, and numbers to the digits shown: other processors may round the last one otherwise.
    words = [word for word in shown.split() if not re.search(r"\d", word)]
    assert [word for word in printed if not re.search(r"\d", word)] == words


def test_its_two_commands_stand_on_lines_of_their_own():
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert "pip install . && neurofit demo" in commands
    assert "pip install '.[test]' && pytest" in commands


def test_every_link_and_picture_exists():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target

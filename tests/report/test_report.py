import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from neurofit import io, report
from neurofit.errors import ResultsExistError

KNOWN = {"V1": "first", "LM": "second", "AL": "third"}


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def written(layer_map, tmp_path_factory):
    return report.write(layer_map, tmp_path_factory.mktemp("out"), known=KNOWN, known_model="right")


def test_the_page_states_the_answer_and_whether_it_is_right(written):
    text = Page(written.read_text(encoding="utf-8")).text
    assert "Best explained: V1 by first, AL by third. Inconclusive: LM." in text
    assert "The layers named match the known answer. Left open: LM (known: second)." in text
    assert "The recording was made with right: the leading one." in text
    assert "reliability is too low" in text


def test_everything_lies_beside_the_page(written, layer_map):
    names = {path.name for path in written.parent.iterdir()}
    figures = {
        f"{name}.{ending}"
        for name in ("layer_map", "layer_position", "models", "rdms", "similarity")
        for ending in ("svg", "png")
    }
    assert names == {"report.html", "results.nc"} | figures
    assert io.load(written.parent / "results.nc").identical(layer_map)


def test_the_page_is_self_contained_and_every_figure_is_described(written):
    page = Page(written.read_text(encoding="utf-8"))
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(images) == 5
    assert all(attrs["src"].startswith("data:") and len(attrs["alt"]) > 20 for attrs in images)
    assert not any(tag in {"script", "link", "iframe"} for tag, _ in page.tags)
    assert {"lang"} <= dict(page.tags)["html"].keys()


def test_names_from_files_cannot_write_html(layer_map, tmp_path):
    name = "<script>alert(1)</script>"
    evil = layer_map.assign_coords(model=[name, "wrong"]).assign_attrs(leading_model=name)
    html = report.write(evil, tmp_path / "out", title="<b>title</b>").read_text(encoding="utf-8")
    assert "<script>" not in html
    assert "<b>title" not in html


def test_results_are_not_overwritten_unless_forced(layer_map, tmp_path):
    out = tmp_path / "out"
    report.write(layer_map, out)
    (out / "mine.txt").write_text("keep me")
    before = (out / "results.nc").read_bytes()
    with pytest.raises(ResultsExistError, match=r"results.nc, report.html.*--force"):
        report.write(layer_map, out)
    assert (out / "results.nc").read_bytes() == before
    report.write(layer_map, out, force=True)
    assert (out / "mine.txt").read_text() == "keep me"
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsExistError, match="is a file"):
        report.prepare(tmp_path / "file")


def test_a_full_disk_leaves_the_old_page_whole(layer_map, tmp_path, monkeypatch):
    out = tmp_path / "out"
    page = report.write(layer_map, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(OSError, match="No space left"):
        report.write(layer_map, out, force=True)
    assert page.read_bytes() == before["report.html"]
    assert {path.name for path in out.iterdir()} == before.keys()


def test_the_summary_says_the_same_as_the_page(layer_map, written):
    text = Page(written.read_text(encoding="utf-8")).text
    lines = report.summary(layer_map, known=KNOWN, known_model="right").splitlines()
    for line in lines:
        if not line.startswith("  "):
            assert line in text


def test_no_layer_is_named_where_models_that_are_not_told_apart_name_different_ones(layer_map):
    told = layer_map.copy(deep=True)
    told["share"].loc[{"model": "wrong", "area": "V1"}] = [0.1, 0.8, 0.1]
    told["conclusive"].loc[{"model": "wrong", "area": "V1"}] = True
    told["deficit_interval"].loc[{"model": "wrong"}] = [0.01, 0.2]
    apart = report.summary(told, known=KNOWN)
    assert "V1 by first" in apart, "the other model lies behind"
    told["deficit_interval"].loc[{"model": "wrong"}] = [-0.1, 0.2]
    contested = report.summary(told, known=KNOWN)
    assert "V1 by first" not in contested
    assert "first by right, but second by wrong, which is not told apart from it" in contested
    assert "Left open: V1 (known: first)" in contested


@pytest.mark.skipif(not shutil.which("chromium"), reason="no chromium to show the page in")
@pytest.mark.parametrize("width", [360, 1200])
def test_a_browser_shows_the_page_at_any_width(written, tmp_path, width):
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
    ]
    shown = subprocess.run(
        [
            "chromium",
            *flags,
            f"--user-data-dir={tmp_path}",
            f"--window-size={width},900",
            "--dump-dom",
            f"file://{written}",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    assert re.search(r"<h1>Which layer explains which area\?</h1>", shown)

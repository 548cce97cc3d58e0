"""A file appears whole or not at all."""

import pytest

import neurofit as nf


def test_the_file_appears_at_the_end(tmp_path):
    path = tmp_path / "figure.svg"
    with nf.io.beside(path) as unfinished:
        assert unfinished.name == path.name
        unfinished.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_file_and_no_debris(tmp_path, error):
    path = tmp_path / "report.html"
    path.write_text("old")

    def fail():
        with nf.io.beside(path) as unfinished:
            unfinished.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_takes_the_place_of_a_folder(tmp_path):
    path = tmp_path / "results.zarr"
    path.mkdir()
    (path / "old").touch()
    with nf.io.beside(path) as unfinished:
        unfinished.mkdir()
        (unfinished / "new").touch()
    assert [entry.name for entry in path.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_written_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing was written"), nf.io.beside(tmp_path / "a.txt"):
        pass
    with pytest.raises(FileNotFoundError, match="make it first"), nf.io.beside(tmp_path / "no" / "a.txt"):
        pass

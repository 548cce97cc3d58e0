"""The command, run as a user types it."""

import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from neurofit import io, nets, simulate
from neurofit.cli import main


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


def neurofit(*words, cwd):
    """Run in this process: a new one would load torch again each time."""
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(cwd)
        patch.setattr(sys, "argv", ["neurofit", *map(str, words)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    simulate.session(folder / "session.nwb", units=15, repeats=4, steps=100, progress=False, rng=0)
    return folder


@pytest.fixture(scope="module")
def trained(folder):
    done = neurofit(
        "train", "--task", "orientation", "--steps", 60, "--out", "net.nc", "--seed", 1, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout
    return "net.nc"


def test_train_saves_activations_before_and_after_with_the_history(folder, trained):
    stored = io.load(folder / trained)
    assert set(stored.data_vars) == {"activations", "untrained", "loss", "accuracy"}
    images = nets.tasks["orientation"]().stimuli()
    network = nets.train("orientation", architecture="conv", steps=60, rng=1, progress=False)
    np.testing.assert_array_equal(stored.activations, nets.activations(network, images))


def test_train_shows_a_users_own_images(folder):
    images = nets.tasks["orientation"]().stimuli().isel(stimulus=slice(3))
    io.save(images.assign_coords(stimulus_id=("stimulus", ["cat", "dog", "cow"])), folder / "images.nc")
    done = neurofit("train", "--steps", 5, "--stimuli", "images.nc", "--out", "own.nc", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert io.load(folder / "own.nc").stimulus_id.values.tolist() == ["cat", "dog", "cow"]
    io.save(xr.Dataset({"x": 1}), folder / "none.nc")
    done = neurofit("train", "--steps", 5, "--stimuli", "none.nc", "--out", "own2.nc", cwd=folder)
    assert (done.returncode, "holds a Dataset; images are" in done.stderr) == (1, True)


def test_inspect_reads_values_only_where_it_is_asked_to(tmp_path):
    simulate.nwb(tmp_path / "odd.nwb", units=4, trials=8, quirks=["nan_spikes"], rng=0)
    quick, deep = (neurofit("inspect", "odd.nwb", *how, cwd=tmp_path).stdout for how in ([], ["--deep"]))
    assert "NaN or infinite spike times" not in quick
    assert "units, rows 0: NaN or infinite spike times" in deep


def test_inspect_describes_a_recording(folder):
    done = neurofit("inspect", "session.nwb", cwd=folder)
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("V1", "LM", "AL", "trials", "stimulus_id"))


def test_compare_writes_results_and_refuses_to_overwrite(folder, trained):
    words = ["compare", "session.nwb", "--model", trained, "--out", "results", "--draws", 50]
    words += ["--window", 0.05, 0.55, "--order", "V1", "LM", "AL"]
    done = neurofit(*words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "V1" in done.stdout
    result = io.load(folder / "results" / "results.nc")
    assert result.area.values.tolist() == ["V1", "LM", "AL"]
    assert result.control_similarity.notnull().all()
    assert "neurofit compare session.nwb" in (folder / "results" / "report.html").read_text()
    again = neurofit(*words, cwd=folder)
    assert (again.returncode, "--force" in again.stderr) == (1, True)
    assert neurofit(*words, "--force", cwd=folder).returncode == 0


def test_compare_takes_several_models_and_zarr(folder, trained):
    activations = io.load(folder / trained).activations
    io.save(activations.assign_attrs(model="other"), folder / "other.zarr")
    words = ["compare", "session.nwb", "--model", trained, "other.zarr", "--out", "two", "--draws", 20]
    done = neurofit(*words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Of 2 models" in done.stdout


def test_compare_leaves_out_units_that_were_not_observed_in_every_trial(folder, trained):
    whole = io.open_nwb(folder / "session.nwb")
    spikes = whole["spikes"].to_dataset()
    stop = np.full(spikes.sizes["unit"], 1e6)
    stop[3] = whole["trials"].start_time.values[-1]
    gap = folder / "gap.nwb"
    gap.write_bytes((folder / "session.nwb").read_bytes())
    with h5py.File(gap, "r+") as file:
        units = file["units"]
        units["obs_intervals"] = np.stack([0 * stop, stop], axis=1)
        units["obs_intervals_index"] = np.arange(1, len(stop) + 1)
        for name, kind in (("obs_intervals", "VectorData"), ("obs_intervals_index", "VectorIndex")):
            said = {"namespace": "hdmf-common", "neurodata_type": kind, "object_id": name, "description": ""}
            units[name].attrs.update(said)
        units["obs_intervals_index"].attrs["target"] = units["obs_intervals"].ref
        units.attrs["colnames"] = [*units.attrs["colnames"], "obs_intervals"]
    done = neurofit("compare", gap.name, "--model", trained, "--out", "gap", "--draws", 20, cwd=folder)
    assert done.returncode == 0, done.stderr
    (left_out,) = json.loads(io.load(folder / "gap" / "results.nc").attrs["left_out"])[-1:]
    assert (left_out["issue"], left_out["rows"]) == ("observed less than 100% of the time", [3])


def test_the_command_is_installed(tmp_path):
    command = [Path(sys.executable).with_name("neurofit"), "inspect", "nothing.nwb"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("neurofit: ")
    assert "Traceback" not in done.stderr


def test_an_interrupt_says_so_and_leaves_nothing_half_written(folder, trained, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("neurofit.io.save", interrupted)
    done = neurofit("compare", "session.nwb", "--model", trained, "--out", "cut", "--draws", 20, cwd=folder)
    assert (done.returncode, "interrupted" in done.stderr) == (130, True)
    assert list((folder / "cut").iterdir()) == []


def test_cite_lists_the_sources_of_a_result(folder, trained):
    neurofit("compare", "session.nwb", "--model", trained, "--out", "cited", "--draws", 20, cwd=folder)
    done = neurofit("cite", "cited/results.nc", cwd=folder)
    assert "Richards et al. 2019" in done.stdout
    assert "Walther et al. 2016" in done.stdout
    assert "Rumelhart" in done.stdout


COMPARE = ["compare", "session.nwb", "--model", "net.nc", "--out"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["inspect", "nothing.nwb"], "nothing.nwb"),
        (["inspect", "text.nwb"], "text.nwb"),
        ([*COMPARE, "a", "--trials", "trial"], "'trials'"),
        ([*COMPARE, "b", "--stimulus", "stimulusid"], "'stimulus_id'"),
        ([*COMPARE, "c", "--align", "start"], "'start_time'"),
        (["compare", "session.nwb", "--model", "few.nc", "--out", "d"], "4 missing"),
        (["train", "--task", "orientatoin", "--out", "e.nc"], "'orientation'"),
        (["train", "--rule", "backprob", "--out", "e.nc"], "'backprop'"),
        (["cite", "text.nwb"], "'.nwb'. Did you mean '.nc'?"),
    ],
)
def test_wrong_input_is_one_clear_message(folder, trained, words, said):
    (folder / "text.nwb").write_text("this is no recording")
    few = io.load(folder / trained).activations.isel(stimulus=slice(4, None))
    io.save(few, folder / "few.nc", force=True)
    done = neurofit(*words, cwd=folder)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_real_recording_is_inconclusive_with_exit_code_0(real_data, tmp_path, make_activations):
    file = real_data / "human_mtl_boundaries.nwb"
    assert "frameName" in neurofit("inspect", file, cwd=tmp_path).stdout
    session = io.open_nwb(file, trials="recognition_table")
    names = np.unique(session["trials"].frameName.values)
    network = make_activations(stimuli=len(names)).assign_coords(stimulus_id=("stimulus", names))
    io.save(network, tmp_path / "activations.nc")
    words = [
        "compare",
        file,
        "--trials",
        "recognition_table",
        "--stimulus",
        "frameName",
        "--align",
        "start_time",
    ]
    words += ["--window", 0, 1, "--model", "activations.nc", "--out", "results/"]
    done = neurofit(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "No area can be matched to a layer." in done.stdout
    assert done.stdout.count("reliability is too low") == 2

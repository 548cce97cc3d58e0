import json

import numpy as np
import pytest

from neurofit import io, nets, parallel
from neurofit.errors import TrainingError, UnknownNameError

GRID = {
    "task": "digits",
    "objective": ["cross_entropy", "autoencoding"],
    "rule": ["backprop", "feedback_alignment"],
    "steps": 5,
}


def swept(out, grid=GRID, **options):
    return nets.sweep(grid, out=out, **{"rng": 0, "workers": 1, "progress": False, **options})


def test_every_combination_is_trained_and_on_disk(tmp_path):
    result = swept(tmp_path, seeds=2)
    assert result.sizes["network"] == 8
    for at in range(8):
        one = result.isel(network=at)
        network = nets.load(tmp_path / one.file.item())
        assert (network.recipe["rule"], network.recipe["seed"]) == (one.rule.item(), one.seed.item())
        assert network.history.loss[-1] == one.loss
    assert (result.reason == "").all()
    assert len(set(result.seed.values)) == 2
    assert io.load(io.save(result, tmp_path / "sweep.nc")).identical(result)


def test_it_equals_training_by_hand(tmp_path):
    one = swept(tmp_path).isel(network=1)
    by_hand = nets.train("digits", rule=one.rule.item(), steps=5, rng=one.seed.item(), progress=False)
    assert by_hand.history.loss[-1] == one.loss


def test_an_interrupted_sweep_goes_on(tmp_path, monkeypatch):
    trained = []

    def interrupted(*args, **options):
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(options["rule"])
        return nets.train(*args, **options)

    monkeypatch.setattr("neurofit.nets._sweep.train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path)
    assert len(list(tmp_path.glob("*.nc"))) == 2
    monkeypatch.setattr(
        "neurofit.nets._sweep.train", lambda *a, **o: trained.append(o["rule"]) or nets.train(*a, **o)
    )
    result = swept(tmp_path, rng=None)
    assert len(trained) == 4, "what was there was not trained again"
    whole = swept(tmp_path / "other")
    np.testing.assert_array_equal(result.loss, whole.loss)


def test_a_damaged_file_is_trained_again(tmp_path):
    first = swept(tmp_path)
    (tmp_path / first.file[0].item()).write_bytes(b"not a network")
    np.testing.assert_array_equal(swept(tmp_path).loss, first.loss)
    nets.load(tmp_path / first.file[0].item())


def test_what_does_not_work_is_told_and_stops_nothing(tmp_path):
    grid = {
        "task": "digits",
        "objective": "autoencoding",
        "optimizer": "sgd",
        "learning_rate": [0.1, 1e30],
        "steps": 20,
    }
    result = swept(tmp_path, grid)
    assert result.reason[0] == ""
    assert "diverged at step" in result.reason[1].item()
    assert np.isnan(result.loss[1])


@pytest.mark.parametrize(
    ("grid", "error", "match"),
    [
        ({"task": "digits", "rules": ["backprop"]}, UnknownNameError, "Did you mean 'rule'"),
        ({"rule": ["backprop"]}, TrainingError, "without: task"),
        ({"task": "digits", "rule": []}, TrainingError, "without: rule"),
    ],
)
def test_a_wrong_grid_is_told_before_anything_is_trained(tmp_path, grid, error, match):
    with pytest.raises(error, match=match):
        swept(tmp_path / "new", grid)
    assert not (tmp_path / "new").exists()


def test_a_folder_keeps_its_seed(tmp_path):
    swept(tmp_path)
    assert json.loads((tmp_path / "sweep.json").read_text()) == {"seed": 0}
    with pytest.raises(TrainingError, match="has a sweep of seed 0, not 1"):
        swept(tmp_path, rng=1)


@pytest.mark.slow
def test_same_numbers_on_one_worker_or_four_and_over_dask(tmp_path):
    from distributed import Client, LocalCluster

    alone, four = swept(tmp_path / "one"), swept(tmp_path / "four", workers=4)
    np.testing.assert_array_equal(alone.loss, four.loss)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster):
        over_dask = swept(tmp_path / "dask")
    np.testing.assert_array_equal(alone.loss, over_dask.loss)
    assert parallel._client() is None

import pickle

import numpy as np
import pytest
import torch

from neurofit import io, nets
from neurofit.errors import NeurofitError, ResultsExistError, SchemaError


@pytest.fixture
def saved(digits_net, tmp_path):
    return nets.save(digits_net, tmp_path / "net.nc")


def test_comes_back_as_it_was(digits_net, saved):
    again = nets.load(saved)
    assert again.recipe == digits_net.recipe
    assert again.history.identical(digits_net.history)
    stimuli = nets.tasks["digits"]().stimuli()
    for here, there in ((digits_net, again), (nets.untrained(digits_net), nets.untrained(again))):
        assert nets.activations(there, stimuli).identical(nets.activations(here, stimuli))


def test_an_existing_file_is_kept_unless_forced(digits_net, saved):
    with pytest.raises(ResultsExistError):
        nets.save(digits_net, saved)
    nets.save(nets.untrained(digits_net), saved, force=True)
    assert nets.load(saved).name == "mlp, untrained, seed 0"


def test_weights_that_do_not_fit_the_recipe_are_refused(saved):
    file = io.load(saved)
    io.save(file.drop_vars("hidden1.weight"), saved, force=True)
    with pytest.raises(SchemaError, match=r"hidden1.weight must have shape \(64, 64\)"):
        nets.load(saved)


def test_other_results_are_no_networks(digits_net, tmp_path):
    path = io.save(digits_net.history, tmp_path / "history.nc")
    with pytest.raises(SchemaError, match="is no network"):
        nets.load(path)


class Trap:
    def __reduce__(self):
        return pytest.fail, ("a pickle was executed",)


@pytest.mark.parametrize("write", [pickle.dump, torch.save])
def test_a_pickle_is_never_loaded(tmp_path, write):
    path = tmp_path / "net.nc"
    with path.open("wb") as file:
        write(Trap(), file)
    with pytest.raises(NeurofitError):
        nets.load(path)


def test_numbers_survive_to_the_last_bit(digits_net, saved):
    file = io.load(saved)
    weight = digits_net.params["hidden1"]["weight"].numpy()
    np.testing.assert_array_equal(file["hidden1.weight"][-1], weight)
    assert file["hidden1.weight"].dtype == np.float32

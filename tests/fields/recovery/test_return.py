import numpy as np
import pytest
import xarray as xr

from neurofit import io, schema
from neurofit.errors import RecordingError, SchemaError
from neurofit.fields.recovery import return_test

SESSIONS, ONSET = 40, 5
WEIGHTS = ("trial", "session_index", "synapse")


def learning(
    seed=0, *, outputs=4, synapses=12, trials=12, rate=0.4, pull=0.0, noise=0.0, size=1.0, learns=True
):
    """A linear network at a minimum of |X w - y|^2 / 2, moved at onset; ``pull`` draws weights to the old.

    Gradient descent in closed form: w(t) - w* = (I - rate X'X)^t p (Saxe et al. 2014).
    """
    rng = np.random.default_rng(seed)
    inputs = np.linalg.qr(rng.normal(size=(synapses, outputs)))[0].T
    old = rng.normal(size=synapses)
    moved = size * rng.normal(size=(trials, synapses))
    step = np.eye(synapses) - (rate * inputs.T @ inputs if learns else 0.0) - pull * np.eye(synapses)
    w = np.tile(old, (trials, SESSIONS, 1))
    for at in range(ONSET, SESSIONS):
        w[:, at] += moved @ np.linalg.matrix_power(step, at - ONSET)
    loss = ((w - old) @ inputs.T) ** 2 / 2
    loss = loss.sum(axis=2) + 0.1 + noise * rng.normal(size=loss.shape[:2])
    return {
        "function": xr.DataArray(loss, dims=WEIGHTS[:2]),
        "weights": xr.DataArray(w + noise * rng.normal(size=w.shape), dims=WEIGHTS),
        "constraints": xr.DataArray(inputs, dims=("feature", "synapse")),
    }


def judged(on, off=None, **options):
    given = dict(on)
    if off is not None:
        given |= {"control_function": off["function"], "control_weights": off["weights"]}
    given |= {"onset": ONSET, "late": 5} | options
    return return_test(
        given.pop("function"), **{name: part for name, part in given.items() if part is not None}
    )


def test_with_more_weights_than_constraints_function_returns_and_weights_do_not():
    # The trap: "back to the same minimum" fails in weights although learning undid all that it could.
    found = judged(learning(), learning(1, learns=False))
    undone = found.undone.to_series()
    assert found.verdict == "new minimum"
    assert undone["function"] == pytest.approx(1.0, abs=1e-3)
    assert undone["row_space"] == pytest.approx(1.0, abs=1e-3)
    assert undone["null_space"] == pytest.approx(0.0, abs=1e-9)
    assert 0.2 < undone["weights"] < 0.5  # a third of the directions
    assert float(found.distance_new) < 1e-3
    assert float(found.distance_old) > 0.5


def test_returns_are_those_of_the_closed_form():
    found = judged(learning(rate=0.05), learning(1, learns=False), late=1)
    left = 0.95 ** (SESSIONS - 1 - ONSET)
    undone = found.undone.to_series()
    assert undone["row_space"] == pytest.approx(1 - left)
    assert undone["function"] == pytest.approx(1 - left**2)


def test_without_a_null_space_function_returns_to_the_same_minimum():
    on, off = learning(outputs=12), learning(1, outputs=12, learns=False)
    found = judged(on, off)
    assert found.verdict == "same minimum"
    assert float(found.distance_old) < 1e-3
    assert not found.identified.sel(component="null_space")
    assert np.isnan(found.undone.sel(component="null_space"))
    without = judged(on | {"constraints": None}, off)
    assert without.verdict == "same minimum"
    assert without.component.values.tolist() == ["function", "weights"]


def test_an_objective_with_a_pull_on_all_weights_has_one_minimum():
    # Decay of weights as a term of the objective: learning off, it is off too.
    found = judged(learning(pull=0.2), learning(1, learns=False))
    assert found.verdict == "same minimum"
    assert float(found.net_undone.sel(component="null_space")) == pytest.approx(1.0, abs=1e-2)


def test_a_pull_that_is_there_without_learning_is_decay():
    # The trap: everything returns, and none of it by learning.
    on, off = learning(pull=0.2), learning(1, pull=0.2, learns=False)
    assert judged(on, off).verdict == "decay"
    slow = judged(learning(pull=0.03), learning(1, pull=0.03, learns=False) | {"function": off_function()})
    assert slow.verdict == "decay"
    assert "weights" in slow.reason
    assert float(slow.net_undone.sel(component="null_space")) == pytest.approx(0.0, abs=0.1)
    assert judged(on).verdict == "inconclusive"
    assert "control" in judged(on).reason


def off_function():
    """Function that stays where it was put, though weights decay."""
    return learning(1, learns=False)["function"]


def test_no_learning_is_no_return():
    found = judged(learning(learns=False), learning(1, learns=False))
    assert found.verdict == "function does not return"
    assert found.undone.values == pytest.approx(0.0, abs=1e-9)
    assert float(found.distance_old) == pytest.approx(1.0)


def test_slow_learning_is_not_called_either():
    found = judged(learning(rate=0.01), learning(1, learns=False))
    low, high = found.undone_interval.sel(component="function").values
    assert low < float(found.undone.sel(component="function")) < high
    assert found.verdict in {"inconclusive", "function does not return"}


def test_ratios_of_noise_are_refused():
    still = learning(size=1e-3, noise=1.0)
    found = judged(still, learning(1, size=1e-3, noise=1.0, learns=False), noise=1.0)
    assert found.verdict == "inconclusive"
    assert not found.identified.any()
    assert np.isnan(found.undone).all()


def test_noise_of_weights_is_taken_off_displacements():
    naive, clean = [], []
    for seed in range(20):
        on, off = (
            learning(seed, noise=1.0, trials=30),
            learning(seed + 50, noise=1.0, trials=30, learns=False),
        )
        naive.append(float(judged(on, off).undone.sel(component="null_space")))
        clean.append(float(judged(on, off, noise=1.0).undone.sel(component="null_space")))
    assert np.mean(naive) > 0.3  # the trap: noise at onset is gone later, and looks like a return
    assert np.mean(clean) == pytest.approx(0.0, abs=0.06)


def test_weights_are_needed_to_tell_which_minimum():
    on, off = learning(), learning(1, learns=False)
    found = return_test(on["function"], onset=ONSET, control_function=off["function"])
    assert found.verdict == "inconclusive"
    assert "only weights can tell" in found.reason
    assert "distance_old" not in found


def test_constraints_that_are_not_those_of_the_objective_are_told():
    on, off = learning(), learning(1, learns=False)
    rows = on["constraints"].values
    wrong = np.linalg.svd(rows)[2][len(rows) :][:4]
    found = judged(on | {"constraints": xr.DataArray(wrong, dims=("feature", "synapse"))}, off)
    assert found.verdict == "inconclusive"
    assert "constraints" in found.reason


def test_loss_and_performance_say_the_same():
    on, off = learning(), learning(1, learns=False)
    loss = judged(on, off)
    gain = judged(on | {"function": 3 - 2 * on["function"]}, off | {"function": 3 - 2 * off["function"]})
    xr.testing.assert_allclose(loss, gain)


def test_result_survives_saving(tmp_path):
    found = judged(learning(), learning(1, learns=False))
    assert io.load(io.save(found, tmp_path / "found.nc")).identical(found)
    schema.check(found, "results")
    assert all(array.attrs["units"] and array.attrs["long_name"] for array in found.data_vars.values())


def test_wrong_input_is_told():
    on = learning()
    with pytest.raises(SchemaError, match="not valid 'function'"):
        judged(on | {"function": on["function"].rename(trial="mouse")})
    with pytest.raises(SchemaError, match="not valid 'weights'"):
        judged(on | {"weights": on["function"]})
    with pytest.raises(SchemaError, match="'weights' has 20 sessions"):
        judged(on | {"weights": on["weights"][:, :20]})
    with pytest.raises(SchemaError, match="'weights' has NaN"):
        judged(on | {"weights": on["weights"].where(on["weights"] > 0)})
    with pytest.raises(SchemaError, match="differ in 'synapse'"):
        judged(on | {"constraints": on["constraints"][:, 1:]})
    with pytest.raises(SchemaError, match="say nothing without 'weights'"):
        judged(on | {"weights": None})
    with pytest.raises(SchemaError, match="is a variance"):
        judged(on, noise=-1.0)
    with pytest.raises(RecordingError, match="0 sessions before"):
        judged(on, onset=0)
    with pytest.raises(RecordingError, match="3 to make intervals"):
        judged({name: part[:2] if name != "constraints" else part for name, part in on.items()})

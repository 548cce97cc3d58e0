import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets.learning import check
from neurofit.nets.learning.unsupervised._time_scale import Lap, learned

LAP = Lap(step=0.1, eligibility=1.5, instruction=0.5, strongest=1.0, up=5.0, down=1.0)
TIME = torch.arange(0, 10, 0.1).double()


def place_cells(width=0.3):
    """Inputs with fields all along a track that is run in 10 s: (lap, moment, pre)."""
    return torch.exp(-((TIME[:, None] - TIME) ** 2) / (2 * width**2))[None]


def plateau(at):
    return (TIME.sub(at).abs() < 0.05).double()[None, :, None]


def after(weight, at, lap=LAP):
    return weight + learned(weight, place_cells(), plateau(at), lap)


def naive():
    return torch.zeros(1, len(TIME)).double()


@pytest.mark.parametrize("at", [4.0, 6.0])
def test_one_plateau_makes_a_place_field_where_it_happened_but_for_a_shift_to_earlier(at):
    field = after(naive(), at)[0]
    assert float(TIME[field.argmax()]) == pytest.approx(at, abs=0.4)
    centre = float((field * TIME).sum() / field.sum())
    assert at - 1.5 < centre < at - 0.2
    assert field[at - 0.5 > TIME].sum() > 2 * field[at + 0.5 < TIME].sum()
    assert field[(TIME - at).abs() > 4].max() < 0.05 * field.max()


def test_equal_traces_make_a_symmetric_field():
    """For inputs as short as the plateau: which of the two came first is then all the same."""
    lap = LAP._replace(eligibility=0.5)
    field = learned(naive(), place_cells(width=0.01), plateau(5.0), lap)[0]
    torch.testing.assert_close(field[20:81], field[20:81].flip(0), atol=1e-6, rtol=0)


def test_inputs_reach_back_for_seconds():
    """An input that was over 1.5 s before the plateau still grows; one 1.5 s after does not."""
    field = after(naive(), 5.0)[0]
    before, behind = (field[(TIME - at).abs().argmin()] for at in (3.5, 6.5))
    assert before > 0.1 * field.max()
    assert behind < 0.2 * before


@pytest.mark.parametrize("second", [3.5, 6.5])
def test_a_second_plateau_moves_the_field_by_growing_weak_and_shrinking_strong_weights(second):
    """Milstein et al. 2021: what decides the direction is the weight, here of inputs alike in time."""
    first = after(naive(), 5.0)
    change = (after(first, second) - first)[0]
    near, old = (TIME - second).abs() < 0.3, (TIME - 4.8).abs() < 0.2
    assert change[near].mean() > 0.1
    assert change[old].mean() < 0 < (after(naive(), second))[0][old].mean()


def test_weights_stay_between_none_and_the_strongest():
    weight = naive()
    for _ in range(30):
        weight = after(weight, 5.0, LAP._replace(up=50.0))
    assert weight.min() >= 0
    assert 0.5 < float(weight.max()) <= 1


def test_no_plateau_no_change_and_only_units_with_one_learn():
    weight, none = torch.rand(2, 100, generator=torch.Generator().manual_seed(0)).double(), 0 * plateau(5)
    change = learned(weight, place_cells(), torch.cat([none, plateau(5)], dim=2), LAP)
    assert not change[0].any()
    assert change[1].any()


def test_the_step_of_time_does_not_matter_where_it_is_short():
    coarse = learned(naive(), place_cells(), plateau(5.0), LAP)
    # Each moment of 0.1 s as ten of 0.01 s; a plateau and its instruction are as long as before.
    fine = learned(
        naive(),
        place_cells().repeat_interleave(10, 1),
        plateau(5.0).repeat_interleave(10, 1),
        LAP._replace(step=0.01),
    )
    torch.testing.assert_close(fine, coarse, atol=0.05, rtol=0)


def test_laps_of_a_batch_are_averaged():
    both = torch.cat([plateau(3.0), plateau(7.0)])
    together = learned(naive(), place_cells().expand(2, -1, -1), both, LAP)
    apart = [learned(naive(), place_cells(), plateau(at), LAP) for at in (3.0, 7.0)]
    torch.testing.assert_close(together, sum(apart) / 2)


def test_as_a_rule_it_teaches_hidden_layers_by_chance_and_the_readout_by_its_error(make_problem):
    stages, params, batch, objective = make_problem("mlp", rng=np.random.default_rng(0))
    rule = nets.rules["btsp"](plateaus=0.5)
    found = rule.update(stages, params, batch, objective, None, torch.Generator().manual_seed(0))
    exact = nets.targets["backprop"](stages, params, batch, objective, None)
    torch.testing.assert_close(found["readout"], exact["readout"])
    learning = found["hidden1"]["weight"].abs().sum(1) > 0
    assert learning.double().mean() == pytest.approx(0.5, abs=0.25)
    assert rule.target is None
    never = nets.rules["btsp"](plateaus=0.0)
    still = never.update(stages, params, batch, objective, None, torch.Generator())
    assert not still["hidden1"]["weight"].any()


def test_convolutions_and_options_out_of_range_are_refused():
    stages = nets.architectures["conv"]((1, 8, 8), 10)
    with pytest.raises(TrainingError, match="conv1, conv2, conv3 do not have one weight for each pair"):
        check(nets.rules["btsp"](), stages, nets.objectives["cross_entropy"]())
    for wrong in ({"plateaus": 2}, {"step": 0}, {"down": -1}):
        with pytest.raises(TrainingError, match="plateaus is a share and the others must be above 0"):
            nets.rules["btsp"](**wrong)


@pytest.mark.slow
def test_a_readout_on_fields_made_in_one_shot_learns_digits():
    net = nets.train("digits", rule="btsp", rng=0, progress=False)
    assert net.history.accuracy[-1] > 0.5

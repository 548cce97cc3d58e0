import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import draw, forward
from neurofit.nets.learning import check
from neurofit.nets.material import draw_batch


def store(rule, batches):
    generator, state = torch.Generator().manual_seed(0), None
    for batch in batches:
        state = rule.evolve((), {}, batch, None, {}, state, generator)
    return state


def numbered(first, n):
    """Episodes that can be told apart."""
    numbers = torch.arange(first, first + n)
    return nets.Batch(numbers[:, None].double(), numbers)


def test_an_episode_is_stored_at_once_and_as_it_is():
    state = store(nets.rules["one_shot_replay"](), [numbered(0, 5), numbered(5, 5)])
    assert sorted(state.episodes.labels.tolist()) == list(range(10))
    torch.testing.assert_close(state.episodes.inputs[:, 0], state.episodes.labels.double())


def test_a_full_store_holds_the_old_as_likely_as_the_new():
    state = store(nets.rules["one_shot_replay"](capacity=500), [numbered(100 * k, 100) for k in range(50)])
    kept = state.episodes.labels
    assert len(kept) == len(set(kept.tolist())) == 500
    assert float(kept.double().mean()) == pytest.approx(2500, abs=4 * 5000 / np.sqrt(12 * 500))


def learn_in_turn(rule, seed):
    """Accuracy for digits 0 to 4, after learning them alone and after learning 5 to 9 alone thereafter."""
    task, objective = nets.tasks["digits"](), nets.objectives["cross_entropy"]()
    stages = nets.architectures["mlp"](task.input_shape, 10)
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    params = draw(stages, generator, "cpu")
    state = rule.init(stages, params, generator)
    test = draw_batch(task.held_out, 300, rng, "cpu")
    first = test.labels < 5
    reached = []
    for low in (0, 5):
        for _ in range(80):
            batch = draw_batch(task.sample, 64, rng, "cpu")
            chosen = (batch.labels >= low) & (batch.labels < low + 5)
            batch = nets.Batch(batch.inputs[chosen], batch.labels[chosen])
            gradient = rule.update(stages, params, batch, objective, state, generator)
            params = {k: {n: w - 0.1 * gradient[k][n] for n, w in ws.items()} for k, ws in params.items()}
            if rule.evolve:
                state = rule.evolve(stages, params, batch, objective, {}, state, generator)
        answers = forward(stages, params, test.inputs)["readout"].argmax(1)
        reached.append([float((answers == test.labels)[half].double().mean()) for half in (first, ~first)])
    return reached


def test_replay_keeps_new_learning_from_undoing_old():
    """McClelland et al. 1995; without replay the first half is forgotten."""
    (old, _), (kept, new) = learn_in_turn(nets.rules["one_shot_replay"](), 0)
    (old_without, _), (kept_without, _) = learn_in_turn(nets.rules["one_shot_replay"](replayed=0), 0)
    assert min(old, old_without) > 0.85
    assert kept > 0.8
    assert new > 0.7
    assert kept_without < kept - 0.3


def test_without_replay_it_is_backpropagation(make_problem):
    stages, params, batch, objective = make_problem("conv", rng=np.random.default_rng(0))
    rule, generator = nets.rules["one_shot_replay"](replayed=0), torch.Generator()
    state = rule.evolve(stages, params, batch, objective, {}, None, generator)
    exact = nets.targets["backprop"](stages, params, batch, objective, None)
    for memory in (None, state):
        torch.testing.assert_close(rule.update(stages, params, batch, objective, memory, generator), exact)


def test_the_estimate_is_the_gradient_over_new_and_replayed(make_problem):
    stages, params, batch, objective = make_problem("mlp", rng=np.random.default_rng(0), size=20)
    new, old = (nets.Batch(batch.inputs[part], batch.labels[part]) for part in (slice(8), slice(8, 20)))
    rule, generator = nets.rules["one_shot_replay"](replayed=12), torch.Generator()
    state = rule.evolve(stages, params, old, objective, {}, None, generator)
    found = rule.update(stages, params, new, objective, state, generator)
    exact = nets.targets["backprop"](stages, params, batch, objective, None)
    torch.testing.assert_close(found, exact)


def test_pairs_and_options_out_of_range_are_refused():
    stages = nets.architectures["mlp"]((1, 8, 8), 10)
    pairs = nets.Objective("pairs", len, lambda outputs, batch: outputs["readout"].sum(1), "1", pairs=True)
    with pytest.raises(TrainingError, match="objective 'pairs' compares pairs of inputs"):
        check(nets.rules["one_shot_replay"](), stages, pairs)
    with pytest.raises(TrainingError, match="capacity and replayed must be 0 or more"):
        nets.rules["one_shot_replay"](replayed=-1)

import numpy as np
import pytest

from neurofit import nets


@pytest.fixture(params=list(nets.tasks))
def task(request):
    return nets.tasks[request.param]()


def test_every_choice_prints_as_a_table():
    for registry in (nets.tasks, nets.architectures, nets.objectives, nets.rules, nets.optimizers):
        head, *rows = repr(registry).splitlines()
        assert head == registry.kind
        assert len(rows) == len(registry)
        assert all(len(row.split()) > 3 for row in rows), "each row says what the choice is"


def test_images_are_standardised_and_labelled(task):
    images, labels, *_ = task.sample(2000, np.random.default_rng(0))
    assert images.shape == (2000, *task.input_shape)
    assert images.mean() == pytest.approx(0, abs=0.05)
    assert images.var() == pytest.approx(1, abs=0.15)
    assert set(labels.ravel()) == set(range(task.n_classes))


def test_same_generator_same_images(task):
    here, there = (task.sample(5, np.random.default_rng(3))[0] for _ in range(2))
    np.testing.assert_array_equal(here, there)


def test_what_is_held_out_or_shown_is_never_learned_from(task):
    if task.sample == task.held_out:
        pytest.skip("its inputs are drawn afresh each time")
    learned, *_ = task.sample(20_000, np.random.default_rng(0))
    held_out, *_ = task.held_out(5000, np.random.default_rng(0))
    seen = {image.tobytes() for image in learned}
    assert not seen & {image.tobytes() for image in held_out}
    assert not seen & {image.tobytes() for image in task.stimuli().to_numpy()}


def test_stimuli_are_named_balanced_and_always_the_same(task):
    stimuli = task.stimuli()
    assert stimuli.dims == ("stimulus", *task.dims)
    assert stimuli.shape[1:] == task.input_shape
    assert len(set(stimuli.stimulus_id.values)) == stimuli.sizes["stimulus"] >= 60
    assert len(set(np.bincount(stimuli.label.values))) == 1
    assert stimuli.identical(task.stimuli())


def test_orientation_stimuli_cross_orientation_phase_and_contrast():
    stimuli = nets.tasks["orientation"]().stimuli()
    shown = set(zip(*(stimuli[name].values for name in ("orientation", "phase", "contrast")), strict=True))
    assert len(shown) == 8 * 4 * 2
    assert "ori045.0_phase090_c100" in stimuli.stimulus_id.values
    opposite = stimuli.sel(stimulus=(stimuli.orientation == 45) & (stimuli.contrast == 1))
    np.testing.assert_allclose(opposite[0], -opposite[2], atol=1e-6)

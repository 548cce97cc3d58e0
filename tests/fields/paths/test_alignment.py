import numpy as np
import pytest
import xarray as xr

from neurofit import io, schema
from neurofit.errors import RecordingError, SchemaError, UnknownNameError
from neurofit.fields.paths import alignment, alignment_nulls

POSTS, PRES = 20, 15


def wired(array, posts=POSTS, pres=PRES):
    return array.assign_coords(
        post=("synapse", np.repeat(np.arange(posts), pres)), pre=("synapse", np.tile(np.arange(pres), posts))
    )


def learned(rng, related, *, trials=30, noise=1.0, posts=POSTS, pres=PRES):
    """Changes (trial, synapse), gradient and true cosine; both have rank 2 and one presynaptic activity."""
    activity = np.array([[5.0], [1.5]]) * np.linalg.qr(rng.normal(size=(pres, 2)))[0].T
    errors, others = rng.normal(size=(2, posts, 2))
    gradient = (errors @ activity).ravel()
    mean = -((related * errors + np.sqrt(1 - related**2) * others) @ activity).ravel()
    changes = mean + noise * rng.normal(size=(trials, posts * pres))
    cosine = -mean @ gradient / np.linalg.norm(mean) / np.linalg.norm(gradient)
    changes = wired(xr.DataArray(changes, dims=("trial", "synapse")), posts, pres)
    return changes, xr.DataArray(gradient, dims="synapse"), cosine


@pytest.fixture
def example():
    return learned(np.random.default_rng(3), 0.7, noise=4.0, trials=40)


def test_isotropic_null_finds_alignment_where_there_is_none_and_the_post_null_does_not():
    # The trap: of random directions in 300 synapses, .05 have a cosine above 1.645 / sqrt(300).
    isotropic, post = [], []
    for seed in range(300):
        changes, gradient, _ = learned(np.random.default_rng(seed), 0.0, trials=3, noise=0.1)
        found = alignment(changes, gradient, draws=199, rng=seed)
        isotropic.append(float(found.cosine) > 1.645 / np.sqrt(POSTS * PRES))
        post.append(float(found.p) <= 0.05)
    assert np.mean(isotropic) > 0.3
    assert 0.02 <= np.mean(post) <= 0.08


def test_pre_null_is_for_activity_that_is_not_shared():
    # The trap: presynaptic neurons in other places break what unrelated changes and gradients share.
    found = []
    for seed in range(100):
        changes, gradient, _ = learned(np.random.default_rng(seed), 0.0, trials=3, noise=0.1)
        found.append(float(alignment(changes, gradient, null="pre", draws=99, rng=seed).p) <= 0.05)
    assert np.mean(found) > 0.2


def test_noise_is_taken_off_the_cosine():
    # The trap: the cosine of observed changes falls with noise, to which one trial is mostly noise.
    naive, without_noise, truth = [], [], []
    for seed in range(40):
        changes, gradient, cosine = learned(np.random.default_rng(seed), 0.8, noise=7.0, trials=40)
        found = alignment(changes, gradient, draws=9, rng=0)
        naive.append(float(found.cosine))
        without_noise.append(float(found.disattenuated_cosine))
        truth.append(cosine)
    assert np.mean(naive) < np.mean(truth) - 0.12
    assert np.mean(without_noise) == pytest.approx(np.mean(truth), abs=0.03)


def test_changes_along_the_gradient_alone_have_closed_forms(example):
    _, gradient, _ = example
    rates = xr.DataArray([0.5, 1.0, 1.5, 2.0], dims="trial")
    found = alignment(wired(-rates * gradient), gradient, draws=99, rng=0)
    size = float(np.sqrt((gradient**2).sum()))
    assert float(found.cosine) == pytest.approx(1.0)
    assert float(found.r_squared) == pytest.approx(1.0)
    assert float(found.improvement_rate) == pytest.approx(1.25 * size)
    assert float(found.loss_change) == pytest.approx(-1.25 * size**2)
    assert float(found.p) == pytest.approx(0.01)
    opposite = alignment(wired(rates * gradient), gradient, draws=99, rng=0)
    assert float(opposite.cosine) == pytest.approx(-1.0)
    assert float(opposite.p) > 0.9


def test_cosines_ignore_the_sizes_of_changes_and_gradient(example):
    changes, gradient, _ = example
    one, other = (alignment(a, b, rng=0) for a, b in [(changes, gradient), (7 * changes, gradient / 3)])
    for name in ("cosine", "disattenuated_cosine", "p"):
        assert float(one[name]) == pytest.approx(float(other[name]))


def test_ratio_of_noise_alone_is_refused():
    rng = np.random.default_rng(0)
    refused = []
    for _ in range(20):
        _, gradient, _ = learned(rng, 0.0)
        noise = wired(xr.DataArray(rng.normal(size=(20, POSTS * PRES)), dims=("trial", "synapse")))
        found = alignment(noise, gradient, draws=9, rng=0)
        refused.append(not found.identified)
        if not found.identified:
            assert np.isnan(found.disattenuated_cosine)
            assert "holds 0" in found.reason
    assert np.mean(refused) >= 0.9


def sessions(seed, *, noise=3.0, count=12):
    """Two measurements of changes that follow a gradient which differs between sessions."""
    rng = np.random.default_rng(seed)
    gradient = rng.normal(size=(count, POSTS * PRES))
    mean = -0.6 * gradient + 0.8 * rng.normal(size=gradient.shape)
    dims = ("session_index", "synapse")
    one, other = (
        wired(xr.DataArray(mean + noise * rng.normal(size=mean.shape), dims=dims)) for _ in range(2)
    )
    return one, other, xr.DataArray(gradient, dims=dims)


def test_one_measurement_of_a_state_has_no_reliability_two_have():
    one, other, gradient = sessions(1)
    alone = alignment(one, gradient, rng=0)
    assert not alone.identified
    assert np.isnan(alone.disattenuated_cosine)
    assert "repeats" in alone.reason
    twice = alignment(one, gradient, repeats=other, rng=0)
    known = alignment(one, gradient, noise=9.0, rng=0)
    assert float(alone.cosine) < 0.3
    for found in (twice, known):
        assert bool(found.identified)
        assert float(found.disattenuated_cosine) == pytest.approx(0.6, abs=0.08)
        assert found.reason == ""


@pytest.mark.parametrize("null", ["post", "pre", "time"])
def test_every_null_finds_a_gradient_that_is_followed(null):
    one, other, gradient = sessions(2, noise=0.5)
    found = alignment(one, gradient, repeats=other, null=null, rng=0)
    assert float(found.p) == pytest.approx(float(found.smallest_p), abs=0.05)
    assert float(found.cosine) > float(found.null_interval.sel(bound="upper"))


def test_sessions_are_shifted_so_that_trends_are_kept():
    # The trap: with trends in both, sessions in any order would be called unrelated too easily.
    rng = np.random.default_rng(0)
    walks = rng.normal(size=(200, 2, 30, 4)).cumsum(axis=2)
    shifted, shuffled = [], []
    for one, other in walks:
        for dim, found in (("session_index", shifted), ("trial", shuffled)):
            pair = [xr.DataArray(part, dims=(dim, "synapse")) for part in (one, other)]
            found.append(float(alignment(*pair, null="time", over=dim, draws=99, rng=0).p) <= 0.05)
    assert np.mean(shuffled) > 0.2
    assert np.mean(shifted) < 0.1


def test_layers_have_results_of_their_own():
    rng = np.random.default_rng(1)
    follows, gradient, _ = learned(rng, 1.0, noise=2.0)
    ignores, other, _ = learned(rng, 0.0, noise=2.0)
    follows, ignores = (
        part.assign_coords(layer=("synapse", [name] * part.sizes["synapse"]))
        for name, part in (("deep", follows), ("early", ignores))
    )
    both = xr.concat([follows, ignores], "synapse")
    slope = xr.concat([gradient, other], "synapse")
    found = alignment(both, slope, rng=0)
    assert found.layer.values.tolist() == ["all", "deep", "early"]
    assert float(found.disattenuated_cosine.sel(layer="deep")) == pytest.approx(1.0, abs=0.05)
    assert float(found.p.sel(layer="deep")) < 0.01
    assert float(found.p.sel(layer="early")) > 0.05
    alone = alignment(follows, gradient, rng=0)
    assert float(alone.cosine.sel(layer="all")) == pytest.approx(float(found.cosine.sel(layer="deep")))
    between = alignment(both, slope, null="layer", rng=0)
    assert float(between.smallest_p.sel(layer="all")) == pytest.approx(0.5)
    assert np.isnan(between.p.sel(layer="deep"))


def test_missing_changes_are_left_out(example):
    changes, gradient, cosine = example
    holes = changes.where(np.random.default_rng(0).random(changes.shape) > 0.3)
    holes[:, 0] = np.nan
    found = alignment(holes, gradient, rng=0)
    assert float(found.disattenuated_cosine) == pytest.approx(cosine, abs=0.15)
    assert np.isfinite(found.cosine_interval).all()


def test_interval_over_posts_is_about_other_neurons(example):
    changes, gradient, _ = example
    found = alignment(changes, gradient, over="post", rng=0)
    trials = alignment(changes, gradient, rng=0)
    assert float(found.cosine) == float(trials.cosine)
    wide, narrow = (np.ptp(one.disattenuated_cosine_interval.values) for one in (found, trials))
    assert wide != narrow


def test_result_survives_saving_and_is_reproducible(example, tmp_path):
    changes, gradient, _ = example
    changes = changes.assign_coords(layer=("synapse", np.repeat(["a", "b"], 150)))
    found = alignment(changes, gradient, rng=4, draws=50)
    assert io.load(io.save(found, tmp_path / "found.nc")).identical(found)
    assert found.identical(alignment(changes, gradient, rng=4, draws=50))
    schema.check(found, "results")
    assert all(array.attrs["units"] and array.attrs["long_name"] for array in found.data_vars.values())


def test_wrong_input_is_told(example):
    changes, gradient, _ = example
    with pytest.raises(UnknownNameError, match="Did you mean 'post'"):
        alignment(changes, gradient, null="posts")
    with pytest.raises(SchemaError, match="got dims"):
        alignment(changes.rename(trial="day"), gradient)
    with pytest.raises(SchemaError, match="needs coords 'pre', 'post'"):
        alignment(changes.drop_vars(["pre", "post"]), gradient)
    with pytest.raises(SchemaError, match="differ in 'synapse'"):
        alignment(changes, gradient[1:])
    with pytest.raises(SchemaError, match="no intervals over 'layer'"):
        alignment(changes, gradient, over="layer")
    with pytest.raises(SchemaError, match="give one of them"):
        alignment(changes, gradient, repeats=changes, noise=1.0)
    with pytest.raises(RecordingError, match="gradient is 0"):
        alignment(changes, 0 * gradient)
    with pytest.raises(RecordingError, match="no synapse has 3 changes"):
        alignment(changes[:2], gradient)
    with pytest.raises(RecordingError, match="for each row"):
        alignment(changes, gradient, null="time")
    apart = changes.assign_coords(pre=("synapse", np.arange(POSTS * PRES)))
    with pytest.raises(RecordingError, match="same partners"):
        alignment(apart, gradient)


def test_nulls_print_what_they_do():
    assert set(alignment_nulls) == {"post", "pre", "layer", "time"}
    assert "Whole postsynaptic neurons" in repr(alignment_nulls)

import json

import numpy as np
import pytest
import xarray as xr

from neurofit import compare, io, rsa, schema
from neurofit.errors import AlignmentError, RecordingError, SchemaError, UnknownNameError

DRIVES = {"V1": "first", "LM": "second", "AL": "third"}
quick = {"draws": 200, "permutations": 20, "rng": 0, "progress": False}


@pytest.fixture(scope="module")
def model(make_activations):
    return make_activations()


@pytest.fixture(scope="module")
def responses(model, make_recording):
    return make_recording(model, {"V1": "first", "LM": "second", "AL": "third"})


@pytest.fixture(scope="module")
def result(responses, model, make_activations):
    return compare.areas_to_layers(
        responses,
        {"right": model, "wrong": make_activations(9)},
        control={"right": make_activations(8)},
        order=list(DRIVES),
        **quick,
    )


def test_each_area_is_named_after_the_layer_that_drives_it(result):
    right = result.sel(model="right")
    assert right.conclusive.all()
    assert (
        dict(zip(right.area.values, right.layer.values[right.share.argmax("layer")], strict=True)) == DRIVES
    )
    np.testing.assert_allclose(right.position, [0, 0.5, 1], atol=0.05)


def test_the_result_fits_its_schema_and_survives_saving(result, tmp_path):
    schema.check(result, "layer_map")
    assert io.load(io.save(result, tmp_path / "result.nc")).identical(result)


def test_every_number_has_units_and_a_meaning(result):
    for name, array in result.data_vars.items():
        assert array.attrs.get("units"), name
        assert array.attrs.get("long_name"), name


def test_position_is_the_sum_of_depth_times_share(result):
    xr.testing.assert_allclose(result.position.drop_attrs(), (result.share * result.depth).sum("layer"))
    np.testing.assert_allclose(result.share.sum("layer"), 1)


def test_similarity_is_that_of_all_stimuli_not_the_mean_of_draws(responses, model, result):
    area = responses.isel(unit=responses.area.values == "LM")
    layer = model.isel(unit=model.area.values == "second")
    direct = rsa.compare(
        rsa.rdm(area, measure="crossnobis", noise="diagonal"), rsa.rdm(layer, measure="euclidean")
    )
    np.testing.assert_allclose(
        result.similarity.sel(model="right", area="LM", layer="second"), direct, atol=1e-12
    )


def test_unrelated_networks_score_nothing_and_are_behind(result):
    wrong = result.sel(model="wrong")
    assert not wrong.conclusive.any()
    assert (abs(wrong.score) < 0.2).all()
    assert result.deficit.sel(model="right") == 0
    assert result.deficit_interval.sel(model="wrong", bound="lower") > 0


def test_training_is_seen_as_an_advantage_and_missing_controls_as_nan(result):
    assert (result.advantage.sel(model="right") > 0.3).all()
    assert result.control_similarity.sel(model="wrong").isnull().all()


def test_hierarchy_is_the_rise_of_the_position_over_the_order(result, responses, model):
    np.testing.assert_allclose(result.hierarchy.sel(model="right"), 1, atol=0.1)
    reverse = compare.areas_to_layers(responses, model, order=["AL", "LM", "V1"], **quick)
    np.testing.assert_allclose(reverse.hierarchy, -1, atol=0.1)
    assert compare.areas_to_layers(responses, model, **quick).hierarchy.isnull().all()


def test_shuffled_areas_are_not_named_rightly(responses, model):
    shuffled = responses.assign_coords(area=("unit", np.random.default_rng(3).permutation(responses.area)))
    result = compare.areas_to_layers(shuffled, model, order=list(DRIVES), **quick).isel(model=0)
    named = result.layer.values[result.share.argmax("layer").sel(area=list(DRIVES))]
    assert not (result.conclusive.sel(area=list(DRIVES)).values & (named == list(DRIVES.values()))).all()
    assert result.hierarchy_interval.sel(bound="lower") <= 0.5


def test_noise_alone_is_inconclusive(model, make_recording):
    noise = make_recording(model, DRIVES, noise=50.0)
    result = compare.areas_to_layers(noise, model, **quick)
    assert not result.conclusive.any()
    assert all("reliability is too low" in str(reason) for reason in result.reason.values.ravel())


def test_the_ceiling_is_what_the_true_geometry_reaches(model, make_recording):
    driven = make_recording(model, {"V1": "first"}, noise=2.0, units=200)
    result = compare.areas_to_layers(driven, model, **quick).isel(model=0, area=0)
    # The true geometry, up to the random view of it: within .1 of the ceiling, and that well below 1.
    assert result.ceiling < 0.95
    np.testing.assert_allclose(result.similarity.sel(layer="first"), result.ceiling, atol=0.1)


def test_same_seed_same_numbers(responses, model):
    one, other = (compare.areas_to_layers(responses, model, **quick) for _ in range(2))
    assert one.identical(other)


def test_models_may_differ_in_layers_and_hold_more_stimuli(responses, make_activations):
    shallow = make_activations(0, stimuli=40, layers=("first", "other"))
    result = compare.areas_to_layers(responses, {"deep": make_activations(0), "shallow": shallow}, **quick)
    assert result.layer.values.tolist() == ["first", "second", "third", "other"]
    assert result.similarity.sel(model="shallow", layer=["second", "third"]).isnull().all()
    assert result.depth.sel(model="shallow", layer="other") == 1


def test_stimuli_shown_once_are_counted_and_left_out(responses, model):
    # The third and later showings of all, and of 8 stimuli the second one too, never happened.
    index = np.arange(responses.sizes["trial"])
    few = responses.isel(trial=(index < 60) & ~((index >= 30) & (index < 38)))
    result = compare.areas_to_layers(few, model, **quick)
    (entry,) = json.loads(result.attrs["left_out"])
    assert entry["rows"] == [f"s{i:02d}" for i in range(8)]
    assert result.attrs["n_repeated"] == 22
    assert result.sizes["pair"] == 22 * 21 / 2


def test_fewer_than_twenty_repeated_stimuli_are_inconclusive(responses, model):
    names = model.stimulus_id.values
    for kept in (2, 5, 12):
        some = responses.isel(trial=responses.stimulus_id.isin(names[:kept]))
        result = compare.areas_to_layers(some, model, **quick)
        assert not result.conclusive.any()
        assert all(f"{kept} stimuli were repeated" in str(reason) for reason in result.reason.values.ravel())


def test_no_repeats_at_all_is_an_error(responses, model):
    with pytest.raises(RecordingError, match="2 trials or more"):
        compare.areas_to_layers(responses.isel(trial=slice(0, 30)), model, **quick)
    with pytest.raises(RecordingError, match="2 stimuli or more"):
        compare.areas_to_layers(responses.isel(trial=responses.stimulus_id == "s00"), model, **quick)


def test_an_area_with_one_unit_is_an_error_that_names_it(responses, model):
    lone = responses.isel(unit=slice(0, 51))
    with pytest.raises(RecordingError, match="one unit .*: AL"):
        compare.areas_to_layers(lone, model, **quick)


def test_stimuli_missing_from_a_model_are_all_listed(responses, model):
    with pytest.raises(AlignmentError, match=r"2 missing.*\n?.*s28, s29"):
        compare.areas_to_layers(responses, model.isel(stimulus=slice(0, 28)), **quick)


def test_units_without_an_area_are_counted_and_left_out(responses, model):
    areas = responses.area.values.copy()
    areas[:5] = ""
    result = compare.areas_to_layers(responses.assign_coords(area=("unit", areas)), model, **quick)
    (entry,) = json.loads(result.attrs["left_out"])
    assert (entry["issue"], entry["rows"]) == ("no area", list(range(5)))
    assert "" not in result.area.values


def test_wrong_shapes_and_names_are_told(responses, model):
    with pytest.raises(SchemaError, match="bin=None"):
        compare.areas_to_layers(responses.expand_dims(time=[0.0]), model)
    with pytest.raises(SchemaError, match="coord 'area'"):
        compare.areas_to_layers(responses.drop_vars("area"), model)
    with pytest.raises(UnknownNameError, match="'V1'"):
        compare.areas_to_layers(responses, model, order=["V2"])
    with pytest.raises(UnknownNameError, match="pearson"):
        compare.areas_to_layers(responses, model, comparator="pearsen", **quick)
    with pytest.raises(UnknownNameError, match="control"):
        compare.areas_to_layers(responses, {"a": model, "b": model}, control={"c": model})
    with pytest.raises(SchemaError, match="no model"):
        compare.areas_to_layers(responses, {})


def test_inputs_are_not_changed(responses, model):
    before = responses.copy(deep=True), model.copy(deep=True)
    compare.areas_to_layers(responses, model, **quick)
    assert responses.identical(before[0])
    assert model.identical(before[1])


def test_real_recording_is_inconclusive_for_every_area(real_data, make_activations):
    from neurofit import prep

    session = io.open_nwb(real_data / "human_mtl_boundaries.nwb")
    counts = prep.responses(session, trials="recognition_table", stimulus="frameName", bin=None)
    assert counts.sizes == {"trial": 180, "unit": 35}
    names = np.unique(counts.stimulus_id.values)
    assert len(names) == 134
    for seed in range(3):
        network = make_activations(seed, stimuli=len(names)).assign_coords(stimulus_id=("stimulus", names))
        result = compare.areas_to_layers(counts, network, **quick)
        assert {area: int((counts.area == area).sum()) for area in result.area.values} == {
            "hippocampus_right": 25,
            "amygdala_right": 10,
        }
        assert not result.conclusive.any()
        assert result.attrs["n_repeated"] == 32
        (entry,) = json.loads(result.attrs["left_out"])
        assert len(entry["rows"]) == 102
        assert all("reliability is too low" in str(reason) for reason in result.reason.values.ravel())


def test_interval_brackets_the_similarity_and_narrows_with_stimuli(model, make_activations, make_recording):
    widths = []
    for stimuli in (25, 100):
        network = make_activations(4, stimuli=stimuli)
        result = compare.areas_to_layers(make_recording(network, {"V1": "second"}), network, **quick)
        one = result.isel(model=0, area=0).sel(layer="second")
        lower, upper = one.interval.values
        assert lower < one.similarity < upper
        widths.append(upper - lower)
    assert widths[1] < 0.7 * widths[0]


def test_read_models_takes_plain_activations_and_records(tmp_path, model, make_activations):
    plain, other = io.save(model, tmp_path / "plain.nc"), io.save(model, tmp_path / "again.nc")
    record = xr.Dataset({"activations": make_activations(5), "untrained": make_activations(6)})
    full = io.save(record, tmp_path / "record.nc")
    models, controls = compare.read_models([plain, full])
    assert list(models) == ["net 0", "net 5"]
    assert list(controls) == ["net 5"]
    assert list(compare.read_models([plain, other])[0]) == ["net 0 (plain.nc)", "net 0 (again.nc)"]
    with pytest.raises(SchemaError, match="holds no activations, only: x"):
        compare.read_models([io.save(xr.Dataset({"x": 1}), tmp_path / "odd.nc")])

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from jsonschema import Draft202012Validator

from neurofit import schema
from neurofit.errors import SchemaError, UnknownNameError


def activations(**changes):
    coords = {
        "stimulus_id": ("stimulus", ["a", "b"]),
        "area": ("unit", ["l1", "l1", "l2"]),
        "unit_id": ("unit", [0, 1, 2]),
    }
    return xr.DataArray(np.ones((2, 3)), dims=("stimulus", "unit"), coords={**coords, **changes})


@pytest.mark.parametrize("kind", schema.kinds())
def test_every_schema_is_itself_valid(kind):
    text = (Path(__file__).parents[1] / "data_schemas" / f"{kind}.json").read_text()
    Draft202012Validator.check_schema(json.loads(text))


def test_activations_are_responses_too():
    schema.check(activations(), "activations")
    schema.check(activations(), "responses")


def test_every_problem_is_told_at_once():
    odd = activations(stimulus_id=("stimulus", ["a", "a"]), unit_id=("unit", [0, 0, 2])).drop_vars("area")
    odd[0, 0] = np.nan
    with pytest.raises(SchemaError) as caught:
        schema.check(odd, "activations")
    message = str(caught.value)
    assert "missing coord 'area'" in message
    assert "'stimulus_id' holds some values more than once: a" in message
    assert "'values' has 1 NaN" in message


def test_the_mend_is_named():
    brainlike = xr.DataArray(np.ones((2, 3)), dims=("presentation", "neuroid"))
    with pytest.raises(SchemaError, match=r"data.rename\(neuroid='unit', presentation='trial'\)"):
        schema.check(brainlike, "responses")


def test_trial_or_stimulus_is_needed():
    with pytest.raises(SchemaError, match="needs one of dims 'trial' or 'stimulus'"):
        schema.check(xr.DataArray(np.ones(3), dims="unit"), "responses")


def test_wrong_type_is_named():
    with pytest.raises(SchemaError, match="is a Dataset, must be a DataArray"):
        schema.check(activations().to_dataset(name="x"), "activations")


def test_wrong_dtype_and_dims_of_a_coord_are_named():
    with pytest.raises(SchemaError, match="coord 'area' has dtype 'number', must have 'text'"):
        schema.check(activations(area=("unit", [1, 2, 3])), "activations")


def test_unknown_kind_names_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'responses'"):
        schema.check(activations(), "response")


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("finite", [0.0, 1.0], [0.0, np.inf]),
        ("non_negative", [0.0, np.nan], [0.0, -1.0]),
        ("unique", ["a", "b"], ["a", "a"]),
        ("increasing", [1, 2], [1, 1]),
    ],
)
def test_each_rule_tells_good_from_bad(rule, good, bad):
    assert schema.rules[rule](np.array(good)) is None
    assert schema.rules[rule](np.array(bad))


@pytest.mark.slow
def test_an_installed_wheel_finds_its_schemas(tmp_path):
    root = Path(__file__).parents[1]
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", tmp_path, root]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    ask = "import neurofit.schema as s; print(s.__file__, *s.kinds())"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    told = subprocess.run(
        [sys.executable, "-c", ask], check=True, capture_output=True, text=True, cwd=tmp_path, env=environment
    ).stdout.split()
    assert told[0].startswith(str(tmp_path))
    assert told[1:] == schema.kinds()

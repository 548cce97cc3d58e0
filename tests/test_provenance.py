import numpy as np
import xarray as xr

from neurofit import cite, provenance


def test_history_and_references_travel_with_results(tmp_path):
    first = provenance.stamp(xr.DataArray(1.0), "first", references=["A 1999"], seed=3)
    second = provenance.stamp(xr.DataArray(2.0), "second", sources=[first], references=["B 2001", "A 1999"])
    assert [entry["step"] for entry in provenance.history(second)] == ["first", "second"]
    assert provenance.history(second)[0]["seed"] == 3
    assert cite(second).splitlines()[2:] == ["A 1999", "B 2001"]


def test_a_shared_source_is_told_once():
    root = provenance.stamp(xr.DataArray(0.0), "root")
    left, right = (provenance.stamp(root, name, sources=[root]) for name in ("left", "right"))
    joined = provenance.stamp(root, "join", sources=[left, right])
    assert [entry["step"] for entry in provenance.history(joined)] == ["root", "left", "right", "join"]


def test_stamping_leaves_its_input_alone():
    tree = xr.DataTree(xr.Dataset({"x": 1}))
    provenance.stamp(tree, "step")
    assert tree.attrs == {}


def test_parameters_are_kept_as_plain_json():
    odd = {"array": np.arange(2), "number": np.float32(0.5), "generator": np.random.default_rng(0)}
    (entry,) = provenance.history(provenance.stamp(xr.DataArray(1.0), "step", **odd))
    assert entry == {"step": "step", "array": [0, 1], "number": 0.5, "generator": "<Generator>"}

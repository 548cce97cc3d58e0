"""Names of pairs that are made late are those that would have been made at once."""

import pickle

import numpy as np
import pytest
import xarray as xr

from neurofit import io, rsa
from neurofit.rsa._names import pair_names

COUNT = 7
FIRST, SECOND = np.triu_indices(COUNT, 1)
IDS = {
    "text": np.array([f"image {number}" for number in range(COUNT)]),
    "whole numbers": np.arange(COUNT) * 10,
    "numbers": np.arange(COUNT) / 4,
    "objects": np.array([f"image {number}" for number in range(COUNT)], dtype=object),
}


@pytest.fixture(params=IDS)
def ids(request):
    return IDS[request.param]


def late_and_at_once(ids):
    """The same RDM twice."""
    values = np.arange(len(FIRST)) + 0.5
    at_once = {"stimulus_a": ("pair", ids[FIRST]), "stimulus_b": ("pair", ids[SECOND])}
    made = [xr.DataArray(values, coords, ("pair",)) for coords in (pair_names(ids), at_once)]
    assert [rdm.stimulus_a.variable._in_memory for rdm in made] == [False, True]
    return made


def test_they_are_made_where_somebody_looks(ids):
    late, at_once = late_and_at_once(ids)
    assert late.stimulus_b.dtype == at_once.stimulus_b.dtype
    assert not late.stimulus_b.variable._in_memory
    np.testing.assert_array_equal(late.stimulus_b.values, ids[SECOND])
    assert late.stimulus_b.variable._in_memory


@pytest.mark.parametrize(
    "chosen",
    [
        0,
        -1,
        slice(3, 9),
        slice(None, None, -2),
        slice(-4, None),
        [4, 0, 0, 20],
        [-1, 2],
        np.arange(21) % 3 == 0,
    ],
    ids=str,
)
def test_a_choice_of_pairs_has_its_names(ids, chosen):
    late, at_once = late_and_at_once(ids)
    some = late.isel(pair=chosen)
    assert not late.stimulus_a.variable._in_memory
    xr.testing.assert_identical(some, at_once.isel(pair=chosen))


def test_a_choice_of_a_choice_has_its_names(ids):
    late, at_once = late_and_at_once(ids)
    for chosen in (slice(2, 18, 3), [3, 1], slice(None, None, -1)):
        late, at_once = late.isel(pair=chosen), at_once.isel(pair=chosen)
    xr.testing.assert_identical(late, at_once)


CHANGES = {
    "copy": lambda rdm: rdm.copy(deep=True),
    "pickle": lambda rdm: pickle.loads(pickle.dumps(rdm)),
    "load": lambda rdm: rdm.copy().load(),
    "concat": lambda rdm: xr.concat([rdm, 2 * rdm], "subject"),
    "concat of pairs": lambda rdm: xr.concat([rdm[:4], rdm[4:]], "pair"),
    "merge": lambda rdm: xr.merge([rdm.rename("one"), (2 * rdm).rename("other")], compat="equals"),
    "where": lambda rdm: rdm.where(rdm.stimulus_a != rdm.stimulus_a[0], drop=True),
    "sortby": lambda rdm: rdm.sortby("stimulus_b", ascending=False),
    "sel": lambda rdm: rdm.set_xindex("stimulus_a").sel(stimulus_a=rdm.stimulus_a[0]),
    "groupby": lambda rdm: rdm.groupby("stimulus_a").mean(),
    "stack": lambda rdm: rdm.set_index(pair=["stimulus_a", "stimulus_b"]).unstack("pair"),
    "points": lambda rdm: rdm.isel(pair=xr.DataArray([[0, 5], [20, 5]], dims=("row", "column"))),
    "transpose": lambda rdm: rdm.expand_dims(time=3).transpose("pair", "time"),
    "table": lambda rdm: rdm.to_dataframe("distance").to_xarray(),
    "chunks": lambda rdm: rdm.chunk(pair=5).compute(),
    "aligned": lambda rdm: rsa.align_pairs(rdm)[0],
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_done_to_an_rdm_is_done_to_its_names(ids, change):
    late, at_once = late_and_at_once(ids)
    xr.testing.assert_identical(CHANGES[change](late), CHANGES[change](at_once))


def test_names_cross_to_workers_as_ids(ids):
    late, at_once = late_and_at_once(ids)
    many = np.array([f"image {number:04d}" for number in range(300)])
    assert len(pickle.dumps(pair_names(many))) < 3 * many.nbytes
    xr.testing.assert_identical(pickle.loads(pickle.dumps(late)), at_once)


def test_a_changed_name_is_changed_in_one_place():
    late, _ = late_and_at_once(IDS["text"])
    other = late.copy(deep=True)
    late.stimulus_a[0] = "mask"
    assert late.stimulus_a[0] == "mask"
    assert other.stimulus_a[0] == "image 0"


@pytest.mark.parametrize("suffix", ["nc", "zarr"])
def test_saved_names_come_back(ids, suffix, tmp_path):
    late, at_once = late_and_at_once(ids)
    saved = {}
    for name, rdm in {"late": late, "at once": at_once}.items():
        path = tmp_path / f"{name}.{suffix}"
        if suffix == "nc":
            rdm.to_dataset(name="rdm").to_netcdf(path)
            saved[name] = xr.load_dataset(path)
        else:
            rdm.to_dataset(name="rdm").to_zarr(path, consolidated=False, zarr_format=2)
            saved[name] = xr.open_zarr(path, consolidated=False).load()
        io.save(rdm, tmp_path / f"ours {name}.{suffix}")
    xr.testing.assert_identical(saved["late"], saved["at once"])
    xr.testing.assert_identical(*(io.load(tmp_path / f"ours {name}.{suffix}") for name in saved))
    np.testing.assert_array_equal(saved["late"].stimulus_b.values.astype(ids.dtype), ids[SECOND])


def test_comparing_looks_at_names_however_they_were_made():
    late, at_once = late_and_at_once(IDS["text"])
    shuffled = at_once.isel(pair=np.random.default_rng(0).permutation(len(FIRST)))
    swapped = at_once.isel(pair=[*range(COUNT - 1), COUNT, COUNT - 1, *range(COUNT + 1, len(FIRST))])
    for other in (late.copy(), at_once, shuffled, swapped, late[::-1]):
        one, same = rsa.align_pairs(late, other)
        xr.testing.assert_identical(one, same)
        np.testing.assert_array_equal(one.stimulus_a, IDS["text"][FIRST])


@pytest.mark.parametrize("measure", ["euclidean", ["euclidean", "correlation"]])
def test_making_an_rdm_names_no_pair(measure):
    responses = xr.DataArray(np.eye(COUNT), {"stimulus_id": ("stimulus", IDS["text"])}, ("stimulus", "unit"))
    assert not rsa.rdm(responses, measure=measure).stimulus_a.variable._in_memory

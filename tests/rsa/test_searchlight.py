"""One RDM for each area, and for what lies around each unit."""

import numpy as np
import pytest
import xarray as xr

from neurofit import rsa
from neurofit.errors import RecordingError, SchemaError


@pytest.fixture
def grid(recording):
    """Units on a grid of 6 by 6, a millimetre apart; those in one corner tell two groups of stimuli apart."""
    x, y = (axis.ravel() for axis in np.mgrid[:6, :6].astype(float))
    signal = np.zeros((10, 36))
    signal[5:, (x < 3) & (y < 3)] = 4.0
    made = recording([4] * 10, 36, rng=0, signal=signal)
    area = np.where(x < 3, "left", "right")
    return made.assign_coords(x=("unit", x), y=("unit", y), area=("unit", area))


def test_each_area_has_the_rdm_of_its_own_units(grid):
    found = rsa.rdms(grid, measure="crossnobis", progress=False)
    assert found.dims == ("area", "pair")
    assert found.units.values.tolist() == [18, 18]
    for area in ("left", "right"):
        alone = rsa.rdm(grid.isel(unit=grid.area.values == area), measure="crossnobis")
        np.testing.assert_allclose(found.sel(area=area), alone, atol=1e-12)


def test_units_without_an_area_are_left_out(grid):
    area = grid.area.values.copy()
    area[:3] = ""
    found = rsa.rdms(grid.assign_coords(area=("unit", area)), progress=False)
    assert found.area.values.tolist() == ["left", "right"]
    assert found.units.values.tolist() == [15, 18]


def test_the_map_shows_where_the_groups_are_told_apart(grid):
    found = rsa.searchlight(grid, positions=("x", "y"), radius=1.0, measure="crossnobis", progress=False)
    apart = np.array([a < "image005" <= b for a, b in zip(found.stimulus_a, found.stimulus_b, strict=True)])
    pairs = {name: ("pair", found[name].values) for name in ("stimulus_a", "stimulus_b")}
    model = xr.DataArray(apart.astype(float), pairs, ("pair",))
    similarity = rsa.compare(found, model, measure="cosine")
    inside, far = (found.x <= 2) & (found.y <= 2), (found.x >= 4) | (found.y >= 4)
    assert similarity.where(inside).min() > 0.9
    assert abs(similarity.where(far).mean()) < 0.2


def test_each_centre_has_the_rdm_of_its_neighbours(grid):
    found = rsa.searchlight(grid, positions=("x", "y"), radius=1.0, progress=False)
    assert found.dims == ("unit", "pair")
    assert found.unit_id.values.tolist() == grid.unit_id.values.tolist()
    corner = grid.isel(unit=np.flatnonzero(np.hypot(grid.x, grid.y) <= 1))
    assert found.units.values[0] == corner.sizes["unit"] == 3
    np.testing.assert_allclose(found[0], rsa.rdm(corner), atol=1e-12)
    nearest = rsa.searchlight(grid, positions=("x", "y"), nearest=5, progress=False)
    assert set(nearest.units.values) == {5}
    np.testing.assert_allclose(nearest.isel(unit=7), found.isel(unit=7), atol=1e-12)


def test_lone_units_are_named(grid):
    x = grid.x.values.copy()
    x[4] = 100.0
    with pytest.warns(UserWarning, match="1 of 36 units have no neighbour within 1.0 .* by position: 4"):
        found = rsa.searchlight(
            grid.assign_coords(x=("unit", x)), positions=("x", "y"), radius=1.0, progress=False
        )
    assert found.sizes["unit"] == 35
    with pytest.raises(RecordingError, match="no unit has a neighbour"):
        rsa.searchlight(grid, positions=("x", "y"), radius=0.5)


def test_wrong_input_is_refused(grid):
    with pytest.raises(SchemaError, match="no coord z; they have unit_id, x, y, area"):
        rsa.searchlight(grid, radius=1.0)
    with pytest.raises(ValueError, match="give one of radius= and nearest="):
        rsa.searchlight(grid, positions=("x", "y"))
    with pytest.raises(ValueError, match="between 2 and the 36 units; got 37"):
        rsa.searchlight(grid, positions=("x", "y"), nearest=37)
    with pytest.raises(SchemaError, match="1 of 36 units have no finite position: 3"):
        rsa.searchlight(
            grid.where(grid.unit_id != "u3")
            .assign_coords(x=("unit", np.where(grid.unit_id == "u3", np.nan, grid.x)))
            .fillna(0),
            positions=("x",),
            radius=1.0,
        )
    with pytest.raises(SchemaError, match="no coord 'layer'"):
        rsa.rdms(grid, over="layer")
    area = np.array(["left"] * 35 + ["right"])
    with pytest.raises(RecordingError, match="with fewer: right"):
        rsa.rdms(grid.assign_coords(area=("unit", area)))

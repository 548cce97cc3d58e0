import pickle

from neurofit.errors import MissingExtraError, UnknownNameError, listing, unknown_name


def test_the_nearest_name_is_offered_and_only_if_near():
    assert "Did you mean 'frameName'?" in str(
        unknown_name("column", "framename", ["frameName", "start_time"])
    )
    assert "Did you mean" not in str(unknown_name("column", "zzz", ["frameName"]))


def test_long_lists_are_counted():
    assert listing(range(60), limit=3) == "0, 1, 2 and 57 more"


def test_errors_cross_process_borders():
    assert str(pickle.loads(pickle.dumps(UnknownNameError("text")))) == "text"


def test_a_missing_extra_says_how_to_install_it():
    assert "pip install 'neurofit[zarr]'" in str(MissingExtraError("zarr", "zarr", "Saving to Zarr"))

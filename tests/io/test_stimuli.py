"""Images that were shown come in as stored, ready for a network; files beside the recording stay shut."""

import json
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from pynwb.base import ExternalImage, ImageReferences, Images
from pynwb.image import GrayscaleImage, ImageSeries, OpticalSeries, RGBAImage, RGBImage

import neurofit as nf
from neurofit.errors import RecordingError, SchemaError
from neurofit.io.nwb import _parts, _stimuli

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 4, 6), dtype=np.uint8)
NAMES = ["face", "house", "car"]


def issues(session, where=""):
    report = json.loads(session.attrs["ingest_report"])
    return {entry["issue"]: entry for entry in report if where in entry["where"]}


def template(*images, order=None, name="scenes"):
    def add(nwb):
        of = {image.name: image for image in images}
        refs = order and ImageReferences(name="order_of_images", data=[of[name] for name in order])
        nwb.add_stimulus_template(Images(name=name, images=images, description="d", order_of_images=refs))

    return add


def grey(pixels=PIXELS, names=NAMES):
    return [GrayscaleImage(name=name, data=image) for name, image in zip(names, pixels, strict=False)]


def film(name="film", kind=ImageSeries, **given):
    return kind(**{"name": name, "data": PIXELS, "unit": "1", "rate": 10.0} | given)


def templates(*series):
    return lambda nwb: [nwb.add_stimulus_template(one) for one in series]


def test_images_keep_their_names_order_type_and_pixels(write):
    session = nf.io.open_nwb(write(template(*grey(), order=NAMES)), on_issue="raise")
    nf.schema.check(session, "session")
    scenes = session["stimuli/scenes"]
    assert scenes["image"].dims == ("stimulus", "y", "x")
    assert scenes["image"].dtype == np.uint8
    assert scenes["stimulus_id"].values.tolist() == NAMES
    np.testing.assert_array_equal(scenes["image"], PIXELS)
    assert (scenes["image"].attrs["valid_min"], scenes["image"].attrs["valid_max"]) == (0, 255)
    assert scenes.attrs["path"] == "/stimulus/templates/scenes"
    assert issues(session) == {}


def test_images_without_an_order_go_by_their_names(write):
    scenes = nf.io.open_nwb(write(template(*grey())))["stimuli/scenes"]
    assert scenes["stimulus_id"].values.tolist() == sorted(NAMES)
    np.testing.assert_array_equal(scenes["image"], PIXELS[np.argsort(NAMES)])


def test_an_order_that_leads_nowhere_is_told(write):
    def damage(file):
        file["stimulus/templates/scenes/order_of_images"][0] = h5py.Reference()

    session = nf.io.open_nwb(write(template(*grey(), order=NAMES), damage))
    assert session["stimuli/scenes"]["stimulus_id"].values.tolist() == sorted(NAMES)
    assert issues(session, "templates/scenes")["order of images cannot be read"]["action"] == "by name"


class Unreadable:
    """References as Zarr keeps them: as pickles, which are not read."""

    def __getitem__(self, rows):
        raise OSError


def test_an_order_that_cannot_be_read_is_none():
    assert _stimuli._order(SimpleNamespace(order_of_images=Unreadable())) is None


@pytest.mark.parametrize(("kind", "colours"), [(RGBImage, 3), (RGBAImage, 4)])
def test_colours_lie_along_a_dim_of_their_own(write, kind, colours):
    pixels = np.random.default_rng(1).random((2, 4, 6, colours))
    held = [kind(name=name, data=image) for name, image in zip(NAMES, pixels, strict=False)]
    scenes = nf.io.open_nwb(write(template(*held, order=NAMES[:2])))["stimuli/scenes"]
    assert scenes["image"].dims == ("stimulus", "y", "x", "channel")
    assert scenes["channel_id"].values.tolist() == ["red", "green", "blue", "alpha"][:colours]
    np.testing.assert_array_equal(scenes["image"], pixels)
    assert "valid_max" not in scenes["image"].attrs


def test_images_of_several_sizes_are_kept_apart(write):
    small = GrayscaleImage(name="small", data=np.ones((2, 2), np.uint8))
    path = write(template(*grey(), small, order=["car", "small", "face", "house"]))
    session = nf.io.open_nwb(path, on_issue="raise")
    nf.schema.check(session, "session")
    stimuli = session["stimuli"].children
    assert set(stimuli) == {"scenes_4x6_uint8", "scenes_2x2_uint8"}
    assert stimuli["scenes_4x6_uint8"]["stimulus_id"].values.tolist() == ["car", "face", "house"]
    np.testing.assert_array_equal(stimuli["scenes_4x6_uint8"]["image"], PIXELS[[2, 0, 1]])
    assert stimuli["scenes_2x2_uint8"]["image"].values.tolist() == [[[1, 1], [1, 1]]]
    told = issues(session, "templates/scenes")["images of several sizes or types"]["action"]
    assert told == "kept as scenes_4x6_uint8, scenes_2x2_uint8"


def test_a_template_film_has_frames_but_no_times(write):
    session = nf.io.open_nwb(write(templates(film())), on_issue="raise")
    frames = session["stimuli/film"]
    assert frames["stimulus_id"].values.tolist() == [0, 1, 2]
    assert "time" not in frames.coords
    np.testing.assert_array_equal(frames["image"], PIXELS)
    assert frames["image"].dtype == np.uint8
    assert "continuous" not in session.children


def test_a_film_that_was_shown_has_the_times_of_its_frames(write):
    stamps = [2.0, 2.5, 2.25]
    shown = film(rate=None, timestamps=stamps, kind=OpticalSeries)
    session = nf.io.open_nwb(write(lambda nwb: nwb.add_stimulus(shown)))
    nf.schema.check(session, "session")
    frames = session["stimuli/film"]
    assert frames["time"].dims == ("stimulus",)
    assert frames["time"].values.tolist() == stamps
    assert frames["time"].attrs["units"] == "s"
    assert frames.attrs["issue"] == "unsorted timestamps"
    assert frames.attrs["neurodata_type"] == "OpticalSeries"
    assert issues(session, "stimuli/film")["unsorted timestamps"]["rows"] == [2]


def test_frames_are_converted_where_the_file_says_so(write):
    frames = nf.io.open_nwb(write(templates(film(conversion=0.5, offset=-1.0, unit="cd/m2"))))["stimuli/film"]
    np.testing.assert_array_equal(frames["image"], PIXELS / 2 - 1)
    assert frames["image"].attrs["units"] == "cd/m2"


def test_volumes_are_no_images(write):
    session = nf.io.open_nwb(write(templates(film(data=np.zeros((2, 4, 6, 5))))))
    assert "stimuli" not in session.children
    assert issues(session, "stimuli/film")["no images: 2 x 4 x 6 x 5"]["action"] == "left out"


def test_what_was_acquired_and_not_shown_stays_out(write):
    def add(nwb):
        nwb.add_acquisition(film())
        nwb.add_acquisition(Images(name="slices", images=grey(), description=""))

    session = nf.io.open_nwb(write(add))
    assert "stimuli" not in session.children
    for name in ("film", "slices"):
        assert issues(session, f"acquisition/{name}")["images"]["action"] == "left out"


def test_large_images_wait_until_they_are_asked_for(write, monkeypatch):
    monkeypatch.setattr(_parts, "MOST_VALUES", 71)
    path = write(lambda nwb: [template(*grey())(nwb), templates(film(data=PIXELS[:2]))(nwb)])
    session = nf.io.open_nwb(path)
    assert set(session["stimuli"].children) == {"film"}
    assert "continuous=['scenes']" in issues(session, "stimuli/scenes")["72 values"]["action"]
    assert set(nf.io.open_nwb(path, continuous=["scenes"])["stimuli"].children) == {"scenes"}
    assert "stimuli" not in nf.io.open_nwb(path, continuous=False).children


def test_an_image_that_claims_too_much_is_not_read(write):
    def damage(file):
        attrs = dict(file["stimulus/templates/scenes/face"].attrs)
        del file["stimulus/templates/scenes/face"]
        claimed = file.create_dataset(
            "stimulus/templates/scenes/face", (10**6, 10**6), np.uint8, chunks=(10**3, 10**3)
        )
        claimed.attrs.update(attrs)

    session = nf.io.open_nwb(write(template(*grey()), damage), continuous=["scenes_1000000x1000000_uint8"])
    assert "stimuli" not in session.children
    (told,) = issues(session, "stimuli/scenes_1000000x1000000_uint8").values()
    assert told["issue"].startswith("claims 1000000 x 1000000 values")


OUTSIDE = [
    "/etc/passwd",
    "../secret.mp4",
    "films/../../b.mp4",
    "https://x.org/a.mp4",
    r"C:\a.mp4",
    r"..\a.mp4",
]
INSIDE = ["film.mp4", "films/a.mp4", "./a.mp4", "films/../a.mp4", "..a.mp4"]


@pytest.mark.parametrize("place", ["acquisition", "stimulus", "stimulus_template"])
def test_files_beside_the_recording_are_named_and_never_opened(write, place):
    outside = film(data=None, external_file=INSIDE, starting_frame=[0, 1, 2, 3, 4], num_samples=9)
    path = write(lambda nwb: getattr(nwb, f"add_{place}")(outside))
    session = nf.io.open_nwb(path, on_issue="raise")
    assert "stimuli" not in session.children
    assert "continuous" not in session.children
    told = issues(session, "film")[f"images in other files: {', '.join(INSIDE)}"]
    assert told["action"] == "not opened"


@pytest.mark.parametrize("name", OUTSIDE)
def test_paths_out_of_the_folder_are_defects(write, name):
    outside = film(data=None, external_file=["a.mp4", name], starting_frame=[0, 1], num_samples=9)
    path = write(lambda nwb: nwb.add_acquisition(outside))
    told = issues(nf.io.open_nwb(path), "acquisition/film")[f"path out of the folder: {name}"]
    assert told["rows"] == [1]
    with pytest.raises(RecordingError, match="path out of the folder"):
        nf.io.open_nwb(path, on_issue="raise")


def test_images_in_other_files_are_named_beside_those_in_this_one(write):
    away = ExternalImage(name="away", data="../away.png", image_format="PNG", image_mode="RGB")
    session = nf.io.open_nwb(write(template(*grey(), away, order=[*NAMES, "away"])))
    assert session["stimuli/scenes"]["stimulus_id"].values.tolist() == NAMES
    told = issues(session, "templates/scenes")
    assert {"images in other files: ../away.png", "path out of the folder: ../away.png"} == set(told)


def test_a_network_looks_at_the_images_of_a_recording(write):
    digits = nf.nets.tasks["digits"]().stimuli()
    pixels = (digits.isel(channel=0).values[:5] * 40 + 100).clip(0, 255).astype(np.uint8)
    names = [f"digit {number}" for number in range(5)]
    session = nf.io.open_nwb(write(template(*grey(pixels, names), order=names)))
    network = nf.nets.train("digits", steps=1, rng=0, progress=False)
    stimuli = session["stimuli/scenes"]["image"]
    with pytest.raises(SchemaError, match="expand_dims"):
        nf.nets.activations(network, stimuli)
    seen = nf.nets.activations(network, stimuli.expand_dims("channel"))
    assert seen["stimulus_id"].values.tolist() == names
    shown = digits.isel(stimulus=slice(5)).copy(data=pixels[:, None].astype(np.float32))
    np.testing.assert_array_equal(seen, nf.nets.activations(network, shown))


@pytest.mark.parametrize("ending", [".nc", ".zarr"])
def test_images_survive_saving(write, tmp_path, ending):
    def add(nwb):
        template(*grey(), order=NAMES)(nwb)
        nwb.add_stimulus(film(data=np.zeros((2, 4, 6, 3))))

    session = nf.io.open_nwb(write(add))
    assert nf.io.load(nf.io.save(session, tmp_path / f"session{ending}")).identical(session)

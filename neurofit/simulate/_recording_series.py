"""What a recording holds beside spikes and tables: field potentials, behaviour, cells, light and stimuli."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, Any]
    Rng = np.random.Generator

CHANNELS = 3
CALCIUM_DECAY = 0.3  # s
CELLS = 3  # each with a soma and an apical dendrite
PIXELS = 12  # along each side of an image or a plane


def add_field_potential(file: Any, end: float, rng: Rng) -> None:
    """Local field potentials on the first electrodes, as integers with a gain for each channel."""
    from pynwb.ecephys import LFP, ElectricalSeries

    series = ElectricalSeries(
        name="lfp",
        description="local field potential",
        data=rng.integers(-500, 500, (int(100 * end), CHANNELS), dtype=np.int16),
        electrodes=file.create_electrode_table_region(list(range(CHANNELS)), "channels of the probe"),
        rate=100.0,
        conversion=1e-6,
        channel_conversion=[1.0, 2.0, 0.5],
    )
    file.create_processing_module("ecephys", "field potentials").add(LFP(electrical_series=series))


def add_behaviour(file: Any, end: float, rng: Rng) -> None:
    """Running speed and notes as acquired; position, pupil and licks as processed; a table of rewards."""
    from pynwb import TimeSeries
    from pynwb.behavior import BehavioralEvents, Position, PupilTracking, SpatialSeries
    from pynwb.event import EventsTable
    from pynwb.misc import AnnotationSeries

    times = np.arange(0.0, end, 0.05) + rng.uniform(0, 0.01, len(np.arange(0.0, end, 0.05)))
    walk = np.cumsum(rng.normal(size=(len(times), 2)), axis=0)
    licks = np.sort(rng.uniform(0, end, int(end)))
    speed = {"description": "speed on the wheel", "data": np.abs(walk[:, 0]), "unit": "cm/s"}
    file.add_acquisition(TimeSeries(name="running_speed", timestamps=times, **speed))
    file.add_acquisition(
        AnnotationSeries(
            name="notes", description="by hand", data=["water on", "done"], timestamps=[0.5, end]
        )
    )
    rewards = EventsTable(name="rewards", description="drops of water")
    for time in licks[::4]:
        rewards.add_event(timestamp=time)
    file.add_events_table(rewards)
    position = SpatialSeries(
        name="position",
        description="place in the arena",
        data=walk,
        timestamps=times,
        unit="meters",
        conversion=0.01,
        reference_frame="lower left corner of the arena",
    )
    pupil = {"description": "diameter of the left pupil", "data": 1 + rng.random(len(times)), "unit": "mm"}
    lick = {"description": "contacts with the spout", "data": np.ones(len(licks)), "unit": "licks"}
    module = file.create_processing_module("behavior", "what the animal did")
    module.add(Position(spatial_series=position))
    module.add(PupilTracking(time_series=TimeSeries(name="pupil_diameter", rate=20.0, **pupil)))
    module.add(BehavioralEvents(time_series=TimeSeries(name="licks", timestamps=licks, **lick)))


def add_cells(file: Any, end: float, starts: Array, rng: Rng) -> None:
    """Fluorescence and dF/F of somata and apical dendrites in one plane; dendrites respond half as much."""
    from pynwb.ophys import DfOverF, Fluorescence, ImageSegmentation, OpticalChannel, RoiResponseSeries

    plane = file.create_imaging_plane(
        name="plane",
        optical_channel=OpticalChannel(name="green", description="GFP", emission_lambda=513.0),
        description="layer 2/3",
        device=file.create_device("microscope", description="two-photon"),
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="V1",
        imaging_rate=10.0,
    )
    segmentation = ImageSegmentation()
    table = segmentation.create_plane_segmentation("cells and dendrites", plane, name="rois")
    for roi in range(2 * CELLS):
        mask = np.zeros((PIXELS, PIXELS))
        mask[roi, :3] = 1
        table.add_roi(image_mask=mask)
    table.add_column("roi_kind", "soma or apical dendrite", data=["soma", "apical"] * CELLS)
    module = file.create_processing_module("ophys", "calcium")
    module.add(segmentation)
    since = np.arange(int(10 * end))[:, np.newaxis] / 10 - starts
    calcium = np.where(since > 0, np.exp(-since.clip(0) / CALCIUM_DECAY), 0).sum(axis=1)
    responses = 20 * calcium[:, np.newaxis] * np.tile([1.0, 0.5], CELLS)
    traces = 100 + responses + 10 * rng.random((len(since), 2 * CELLS))
    for container, name, values, unit in (
        (Fluorescence, "fluorescence", traces, "a.u."),
        (DfOverF, "df_over_f", traces / traces.mean(axis=0) - 1, "1"),
    ):
        rois = table.create_roi_table_region("all regions of interest", region=list(range(2 * CELLS)))
        series = RoiResponseSeries(name=name, description=name, data=values, unit=unit, rois=rois, rate=10.0)
        module.add(container(roi_response_series=series))


def add_light(file: Any, starts: Array) -> None:
    """A laser that goes on at every fourth trial and off after 0.1 s."""
    from pynwb.ogen import OptogeneticSeries

    site = file.create_ogen_site(
        name="site",
        device=file.create_device("laser", description="473 nm"),
        description="fibre over V1",
        excitation_lambda=473.0,
        location="V1",
    )
    onsets = starts[::4]
    power = np.tile([0.005, 0.0], len(onsets))
    times = np.stack([onsets, onsets + 0.1], axis=1).ravel()
    file.add_stimulus(
        OptogeneticSeries(name="laser", description="power", data=power, site=site, timestamps=times)
    )


def add_stimuli(file: Any, names: Sequence[str], shown: Array, starts: Array, rng: Rng) -> None:
    """Images and a film as templates, and which image was shown when."""
    from pynwb.base import ImageReferences, Images
    from pynwb.image import GrayscaleImage, ImageSeries, IndexSeries

    images = [
        GrayscaleImage(name=name, description="random texture", data=rng.random((PIXELS, PIXELS)))
        for name in names
    ]
    templates = Images(
        name="images",
        description="what was shown in the trials",
        images=images,
        order_of_images=ImageReferences(name="order_of_images", data=images),
    )
    film = rng.integers(0, 255, (2 * PIXELS, PIXELS, PIXELS), dtype=np.uint8)
    file.add_stimulus_template(templates)
    file.add_stimulus_template(
        ImageSeries(name="film", description="noise", data=film, unit="n.a.", rate=25.0, format="raw")
    )
    file.add_stimulus(
        IndexSeries(
            name="shown_images",
            description="the image of each trial",
            data=shown.astype(np.uint32),
            unit="N/A",
            indexed_images=templates,
            timestamps=starts,
        )
    )

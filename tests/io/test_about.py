"""A session says who was recorded, where and with what."""

import json

import neurofit as nf


def test_the_subject_is_described(write):
    attrs = nf.io.open_nwb(write()).attrs
    assert (attrs["subject"], attrs["subject_species"]) == ("M7", "Mus musculus")
    assert (attrs["subject_sex"], attrs["subject_age"]) == ("F", "P90D")


def test_what_is_not_said_is_empty(write):
    def nobody(nwb):
        nwb.lab = "lab of one"

    def damage(file):
        del file["general/subject"]

    attrs = nf.io.open_nwb(write(nobody, damage)).attrs
    told = ("subject", "subject_species", "subject_strain", "subject_genotype", "subject_age", "institution")
    assert {attrs[name] for name in told} == {""}
    assert attrs["lab"] == "lab of one"


def test_devices_are_listed_with_their_makers(write):
    def add(nwb):
        model = nwb.create_device_model(name="2P-1", manufacturer="Optics & Co")
        nwb.create_device("microscope", description="two photons", model=model)

    devices = json.loads(nf.io.open_nwb(write(add)).attrs["devices"])
    assert devices == [
        {"name": "microscope", "description": "two photons", "manufacturer": "Optics & Co"},
        {"name": "probe", "description": "", "manufacturer": ""},
    ]
    assert json.loads(nf.io.open_nwb(write(located=False, name="none.nwb")).attrs["devices"]) == []

"""Who was recorded, where and with what, as attributes of a session."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..door._door import Recording

_OF_SUBJECT = ("species", "strain", "genotype", "sex", "age")
_OF_SESSION = ("institution", "lab")
_OF_DEVICE = ("name", "description", "manufacturer")


def who_and_where(recording: Recording) -> dict[str, str]:
    """The subject and the lab; what the file does not say is an empty text."""
    nwb = recording.nwb
    subject = {f"subject_{name}": getattr(nwb.subject, name, None) or "" for name in _OF_SUBJECT}
    return subject | {name: getattr(nwb, name) or "" for name in _OF_SESSION}


def devices(recording: Recording) -> str:
    """The devices, as a JSON list of what the file says of each."""
    found = []
    for device in sorted(recording.all("Device"), key=lambda device: str(device.name)):
        # Newer files name the manufacturer with the model.
        sources = [device, getattr(device, "model", None)]
        said = {name: [getattr(source, name, None) or "" for source in sources] for name in _OF_DEVICE}
        found.append({name: own or of_model for name, (own, of_model) in said.items()})
    return json.dumps(found)

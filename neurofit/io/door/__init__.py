"""The way to what is stored, in files and folders and on servers, and what is refused at the door."""

from ._door import Recording, is_a, read, storage
from ._fingerprint import fingerprint

__all__ = ["Recording", "fingerprint", "is_a", "read", "storage"]

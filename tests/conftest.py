"""Shared fixtures. Kernels run under shape checks: a wrong array shape is an error in any test."""

from pathlib import Path

import pytest
from jaxtyping import install_import_hook

KERNELS = ["neurofit.rsa._kernels", "neurofit.prep._kernels"]
_hook = install_import_hook(KERNELS, "beartype.beartype")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real recordings that some checkouts have beside them."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder}")
    return folder

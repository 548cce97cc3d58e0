"""The benchmarks are scripts too: their modules find one another by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

"""One measurement in a process of its own; prints it as JSON. Called by table.py."""

import json
import resource
import sys
import time
import warnings
from pathlib import Path

import peers


def peak() -> float:
    """The most memory, in MiB, that this process has had."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    """Run what is asked for on a small file first, and then on the file."""
    what, path, small = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    warnings.simplefilter("ignore")  # pynwb's on namespaces.
    function = getattr(peers, what)
    if what == "ten_units":
        peers.ten_units(peers.lazy(small, trials="trials").isel(unit=[0] * 600))
        given = peers.lazy(path)
    else:
        function(small)
        given = path
    before = peak()
    start, worked = time.perf_counter(), time.process_time()
    function(given)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    print(json.dumps({"seconds": seconds, "CPU": worked, "MiB": peak() - before}))


if __name__ == "__main__":
    main()

"""A file on a server is read in parts, and a server that sends whole files only is told."""

import json
import sys
from functools import partial
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
import xarray as xr

import neurofit as nf
from neurofit.errors import MissingExtraError, RecordingError, UnknownNameError

pytest.importorskip("remfile")


class Server(BaseHTTPRequestHandler):
    """Serves one file and, like the archive, what it knows of its files; counts the bytes sent."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *args, shop, **options):
        self.shop = shop
        super().__init__(*args, **options)

    def do_GET(self):
        address = urlparse(self.path)
        if address.path.endswith("/assets/"):
            self.list_assets(parse_qs(address.query))
        elif address.path.endswith("/download/"):
            self.send_response(302)
            self.send_header("Location", "/file.nwb")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif address.path == "/file.nwb":
            self.send_file()
        else:
            self.send_error(404)

    def list_assets(self, query):
        page = int(query.get("page", ["1"])[0])
        start = query.get("path", [""])[0]
        known = [asset for asset in self.shop["assets"] if asset["path"].startswith(start)]
        following = f"{self.shop['address']}{urlparse(self.path).path}?path={start}&page={page + 1}"
        last = page >= len(known)
        answer = {"results": known[page - 1 : page], "next": None if last else following}
        self.send_whole(json.dumps(answer).encode())

    def send_file(self):
        content, wanted = self.shop["content"], self.headers.get("Range")
        if wanted is None or not self.shop["ranges"]:
            self.send_whole(content)
            return
        first, last = wanted.removeprefix("bytes=").split("-")
        part = content[int(first) : int(last or len(content)) + 1]
        self.shop["sent"] += len(part)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{len(content)}")
        self.send_header("ETag", '"v1"')
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def send_whole(self, content):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


@pytest.fixture
def serve():
    servers = []

    def start(content, *, ranges=True, assets=()):
        shop = {"content": content, "ranges": ranges, "assets": list(assets), "sent": 0}
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, shop=shop))
        shop["address"] = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return shop

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def recording(write):
    return write()


def test_a_file_on_a_server_gives_the_same_session(serve, recording):
    shop = serve(recording.read_bytes())
    there = nf.io.open_nwb(f"{shop['address']}/file.nwb?token=secret")
    here = nf.io.open_nwb(recording)
    assert there.attrs["source"] == "file.nwb"
    assert json.loads(there.attrs["source_fingerprint"])["etag"] == '"v1"'
    ends = [json.loads(session.attrs["source_fingerprint"])["ends_sha256"] for session in (there, here)]
    assert ends[0] == ends[1]
    there.attrs = here.attrs
    xr.testing.assert_identical(there, here)


def test_responses_are_read_lazily_from_a_server(serve, recording):
    address = f"{serve(recording.read_bytes())['address']}/file.nwb"
    options = {"window": (0, 0.5), "bin": 0.1, "stimulus": "image"}
    lazy = xr.open_dataset(address, engine="nwb", **options)["responses"]
    expected = nf.prep.responses(nf.io.open_nwb(recording), **options)
    np.testing.assert_array_equal(lazy.isel(unit=[0, 2]), expected.isel(unit=[0, 2]))


def test_only_what_is_read_crosses_the_network(serve, write):
    def add_bulk(file):
        file["analysis"].create_dataset("bulk", data=np.ones(40_000_000, "u1"))

    path = write(damage=add_bulk)
    shop = serve(path.read_bytes())
    nf.io.open_nwb(f"{shop['address']}/file.nwb")
    assert shop["sent"] < path.stat().st_size / 4


def test_a_server_that_sends_whole_files_only_is_told(serve, recording):
    shop = serve(recording.read_bytes(), ranges=False)
    with pytest.raises(RecordingError, match=r"does not honour ranges.*Download"):
        nf.io.open_nwb(f"{shop['address']}/file.nwb")


def test_what_is_not_there_or_no_recording(serve):
    shop = serve(b"a,b\n1,2\n" * 100)
    with pytest.raises(RecordingError, match="404"):
        nf.io.open_nwb(f"{shop['address']}/lost.nwb")
    with pytest.raises(RecordingError, match="cannot be opened"):
        nf.io.open_nwb(f"{shop['address']}/file.nwb")
    with pytest.raises(RecordingError, match="cannot be read"):
        nf.io.open_nwb("http://127.0.0.1:9/file.nwb")


ASSETS = [
    {"path": "sub-1/sub-1_ses-1.nwb", "asset_id": "a1"},
    {"path": "sub-1/sub-1_ses-2.nwb", "asset_id": "a2"},
    {"path": "sub-1/sub-1_image.nwb.zarr", "asset_id": "a3", "zarr": "z3"},
]


def test_a_recording_of_the_archive(serve, recording):
    shop = serve(recording.read_bytes(), assets=ASSETS)
    there = nf.io.open_dandi("000207", "sub-1/sub-1_ses-2.nwb", archive=shop["address"], continuous=False)
    assert there.attrs["source"] == "DANDI:000207/draft/sub-1/sub-1_ses-2.nwb"
    here = nf.io.open_nwb(recording, continuous=False)
    there.attrs = here.attrs
    xr.testing.assert_identical(there, here)


def test_an_archive_that_sends_whole_files_only_is_told(serve, recording):
    shop = serve(recording.read_bytes(), ranges=False, assets=ASSETS)
    with pytest.raises(RecordingError, match="does not honour ranges"):
        nf.io.open_dandi("000207", "sub-1/sub-1_ses-1.nwb", archive=shop["address"])


def test_what_the_archive_does_not_hold(serve, recording):
    shop = serve(recording.read_bytes(), assets=ASSETS)
    with pytest.raises(UnknownNameError, match="Did you mean 'sub-1/sub-1_ses-1.nwb'"):
        nf.io.open_dandi("000207", "sub-1/sub-1_ses-11.nwb", archive=shop["address"])
    with pytest.raises(RecordingError, match="kept as Zarr"):
        nf.io.open_dandi("000207", "sub-1/sub-1_image.nwb.zarr", archive=shop["address"])


def test_without_the_extra(serve, recording, monkeypatch):
    monkeypatch.setitem(sys.modules, "remfile", None)
    shop = serve(recording.read_bytes())
    with pytest.raises(MissingExtraError, match=r"neurofit\[remote\]"):
        nf.io.open_nwb(f"{shop['address']}/file.nwb")


def test_the_hash_of_the_whole_file_is_made_on_request(serve, recording):
    print_of = nf.io.fingerprint(recording, full=True)
    assert print_of["sha256"] == sha256(recording.read_bytes()).hexdigest()
    assert print_of["size"] == recording.stat().st_size
    shop = serve(recording.read_bytes())
    with pytest.raises(RecordingError, match="needs the whole file"):
        nf.io.fingerprint(f"{shop['address']}/file.nwb", full=True)
    other = recording.with_name("other.nwb")
    other.write_bytes(recording.read_bytes()[:-1] + b"\x01")
    assert nf.io.fingerprint(other)["ends_sha256"] != print_of["ends_sha256"]


@pytest.mark.parametrize("size", [0, 10, 2**20, 2**20 + 1, 3 * 2**20])
def test_the_ends_are_hashed_without_a_byte_twice(tmp_path, size):
    content = bytes(index % 251 for index in range(size))
    (tmp_path / "file").write_bytes(content)
    ends = content[: 2**20] + content[max(2**20, size - 2**20) :]
    assert nf.io.fingerprint(tmp_path / "file")["ends_sha256"] == sha256(ends).hexdigest()

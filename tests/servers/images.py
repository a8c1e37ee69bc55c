"""Real image builds in a folder of the test: buildah on the vfs driver, and a small registry."""

import hashlib
import json
import re
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "{place}/images"\nrunroot = "{place}/run"\n'
POLICY = '{"default": [{"type": "insecureAcceptAnything"}]}'
REGISTRIES = '[[registry]]\nlocation = "{address}"\ninsecure = true\n'


def build_environment(place: Path, *, registry: str = "") -> dict[str, str]:
    """Return the variables with which buildah keeps everything in `place`; skip without it."""
    if shutil.which("buildah") is None:
        pytest.skip("buildah is not installed")
    place.mkdir(parents=True, exist_ok=True)
    (place / "storage.conf").write_text(STORAGE.format(place=place))
    (place / "registries.conf").write_text(REGISTRIES.format(address=registry) if registry else "")
    return {
        "BUILDAH_ISOLATION": "chroot",
        "CONTAINERS_STORAGE_CONF": str(place / "storage.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(place / "registries.conf"),
        "STORAGE_DRIVER": "vfs",
    }


class Registry(ThreadingHTTPServer):
    """What a push needs of an image registry: blobs and manifests by their digest."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Pushed)
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, str] = {}
        """{name:tag: digest}."""
        self.refuses = False
        self.address = f"127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Pushed(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Registry

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": "0", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def do_GET(self) -> None:
        self._answer(200 if self.path == "/v2/" else 404)

    def do_HEAD(self) -> None:
        self._answer(200 if self.path.rpartition("/")[2] in self.server.blobs else 404)

    def do_POST(self) -> None:
        self._read()
        if self.server.refuses:
            self._answer(403)
            return
        self._answer(202, Location=f"{urlsplit(self.path).path}u{len(self.server.blobs)}")

    def do_PATCH(self) -> None:
        self.server.blobs[self.path] = self._read()
        self._answer(202, Location=self.path)

    def do_PUT(self) -> None:
        parts, data = urlsplit(self.path), self._read()
        wanted = parse_qs(parts.query).get("digest", [""])[0]
        named = re.match(r"/v2/(.+)/manifests/(.+)", parts.path)
        data = data if named else self.server.blobs.pop(parts.path, b"") + data
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if wanted not in ("", digest):
            self._answer(400)
            return
        self.server.blobs[digest] = data
        if named:
            assert json.loads(data)["schemaVersion"] == 2
            self.server.manifests[f"{named[1]}:{named[2]}"] = digest
        self._answer(201, Docker_Content_Digest=digest, Location=parts.path)

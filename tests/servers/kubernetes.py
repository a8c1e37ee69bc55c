"""A stub of the Kubernetes API over TLS: enough of it for a real kubectl to deploy on.

Tokens: `deployer` may do everything, `reader` only read; others are unknown.
"""

import contextlib
import copy
import json
import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.servers.kubernetes_state import Cluster, Object

DEPLOYER, READER = "token-of-the-deployer", "token-of-a-reader"
IDLE_S = 1.0
GROUPS = {
    "v1": {"services": "Service", "pods": "Pod", "events": "Event"},
    "apps/v1": {"deployments": "Deployment", "replicasets": "ReplicaSet"},
    "networking.k8s.io/v1": {"ingresses": "Ingress"},
}
_PATH = re.compile(
    r"/(?:api|apis)/(?P<group>v1|[a-z0-9.]+/v1)/namespaces/(?P<namespace>[^/]+)"
    r"/(?P<resource>[a-z]+)(?:/(?P<name>[^/]+))?\Z"
)
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: test
clusters: [{{name: test, cluster: {{server: "{url}", certificate-authority: {authority}}}}}]
users: [{{name: test, user: {{token: {token}}}}}]
contexts: [{{name: test, context: {{cluster: test, user: test, namespace: web}}}}]
"""


class Kubernetes(ThreadingHTTPServer):
    """The server, in threads of the test."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.folder = folder
        self.cluster = Cluster()
        self.asked: list[tuple[str, str]] = []
        """(method, path) of every request that changes something."""
        certificate, key = folder / "ca.pem", folder / "key.pem"
        words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        files = ["-keyout", str(key), "-out", str(certificate)]
        subprocess.run(["openssl", *words.split(), *names, *files], check=True, capture_output=True)
        around = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        around.load_cert_chain(certificate, key)
        # The handshake belongs to the connection's own thread.
        self.socket = around.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self._thread.start()

    def kubeconfig(self, token: str = DEPLOYER) -> Path:
        """Write a kubeconfig of somebody and return its path."""
        path = self.folder / f"kubeconfig-{token}"
        url = f"https://127.0.0.1:{self.server_port}"
        path.write_text(
            KUBECONFIG.format(url=url, authority=self.folder / "ca.pem", token=token or '""')
        )
        return path

    def image(self, name: str = "shop") -> str:
        """Return the image that a deployment shall run."""
        found = self.cluster.get("deployments", "web", name)
        assert found is not None
        return str(found["spec"]["template"]["spec"]["containers"][0]["image"])

    def close(self) -> None:
        """Stop."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        self.cluster.close()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Kubernetes

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # kubectl hangs up when it has seen enough
            super().handle()

    def _send(self, document: Any, status: int = 200) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _refuse(self, status: int, reason: str, message: str) -> None:
        said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status}
        self._send({**said, "reason": reason, "message": message}, status)

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")

    def _allowed(self) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in (DEPLOYER, READER):
            self._refuse(401, "Unauthorized", "Unauthorized")
            return False
        if self.command != "GET" and token == READER:
            where = _PATH.match(urlsplit(self.path).path)
            resource = where["resource"] if where else "things"
            message = f'{resource} is forbidden: User "reader" cannot {self.command.lower()} it'
            self._refuse(403, "Forbidden", message)
            return False
        if self.command != "GET":
            self.server.asked.append((self.command, urlsplit(self.path).path))
        return True

    def do_GET(self) -> None:
        if not self._allowed():
            return
        parts = urlsplit(self.path)
        where = _PATH.match(parts.path)
        if where is None:
            self._discover(parts.path)
            return
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if where["name"] is None:
            self._list(where, query)
            return
        found = self.server.cluster.get(where["resource"], where["namespace"], where["name"])
        if found is None:
            self._missing(where)
        else:
            self._send(found)

    def _missing(self, where: re.Match[str]) -> None:
        self._refuse(404, "NotFound", f'{where["resource"]} "{where["name"]}" not found')

    def _list(self, where: re.Match[str], query: dict[str, str]) -> None:
        name = query.get("fieldSelector", "").removeprefix("metadata.name=")
        if query.get("watch") in ("1", "true"):
            self._watch(where, name)
            return
        pairs = [one.split("=") for one in query.get("labelSelector", "").split(",") if one]
        found = self.server.cluster.list(
            where["resource"], where["namespace"], {pair[0]: pair[-1] for pair in pairs}
        )
        items = [one for one in found if not name or one["metadata"]["name"] == name]
        kind = GROUPS[where["group"]][where["resource"]]
        version = {"resourceVersion": str(self.server.cluster.version)}
        said = {"kind": f"{kind}List", "apiVersion": where["group"]}
        self._send({**said, "metadata": version, "items": items})

    def _watch(self, where: re.Match[str], name: str) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        cluster = self.server.cluster
        for one in cluster.watch(where["resource"], where["namespace"], name, IDLE_S):
            self.wfile.write(json.dumps({"type": "MODIFIED", "object": one}).encode() + b"\n")
            self.wfile.flush()

    def do_POST(self) -> None:
        if not self._allowed():
            return
        where, made = _PATH.match(urlsplit(self.path).path), self._body()
        if where is None:
            self._refuse(404, "NotFound", self.path)
            return
        self._send(self.server.cluster.put(where["resource"], where["namespace"], made), 201)

    def do_PATCH(self) -> None:
        if not self._allowed():
            return
        where, patch = _PATH.match(urlsplit(self.path).path), self._body()
        assert where is not None
        cluster = self.server.cluster
        with cluster.changed:
            found = cluster.get(where["resource"], where["namespace"], where["name"])
            if found is None:
                self._missing(where)
                return
            patched = _operate(found, patch) if isinstance(patch, list) else _merge(found, patch)
            done = cluster.put(where["resource"], where["namespace"], patched)
        self._send(done)

    def do_DELETE(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        where = _PATH.match(urlsplit(self.path).path)
        if not self._allowed() or where is None:
            return
        gone = self.server.cluster.delete(where["resource"], where["namespace"], where["name"])
        self._send(gone) if gone else self._missing(where)

    def _discover(self, path: str) -> None:
        group = path.removeprefix("/apis/").removeprefix("/api/")
        if path == "/version":
            self._send({"major": "1", "minor": "32", "gitVersion": "v1.32.0"})
        elif path == "/api":
            self._send({"kind": "APIVersions", "versions": ["v1"]})
        elif path == "/apis":
            named = [_group(name) for name in GROUPS if "/" in name]
            self._send({"kind": "APIGroupList", "apiVersion": "v1", "groups": named})
        elif group in GROUPS:
            known = [_resource(name, kind) for name, kind in GROUPS[group].items()]
            said = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group}
            self._send({**said, "resources": known})
        elif path == "/openapi/v3":
            self._send({"paths": {}})
        elif path == "/openapi/v2":  # no definitions: an empty protocol buffer
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif re.fullmatch(r"/api/v1/namespaces/[^/]+", path):
            meta = {"name": path.rpartition("/")[2]}
            self._send({"kind": "Namespace", "apiVersion": "v1", "metadata": meta})
        else:
            self._refuse(404, "NotFound", path)


def _group(name: str) -> Object:
    version = {"groupVersion": name, "version": name.rpartition("/")[2]}
    return {
        "name": name.partition("/")[0],
        "versions": [version],
        "preferredVersion": version,
    }


def _resource(name: str, kind: str) -> Object:
    verbs = ["create", "delete", "get", "list", "patch", "watch"]
    singular = kind.lower()
    return {
        "name": name,
        "singularName": singular,
        "namespaced": True,
        "kind": kind,
        "verbs": verbs,
    }


def _merge(base: Any, patch: Any) -> Any:
    """Return `base` with a strategic merge patch: lists of named things are merged by name."""
    if isinstance(base, dict) and isinstance(patch, dict):
        merged = copy.deepcopy(base)
        for key, value in patch.items():
            if key.startswith("$"):
                continue
            if value is None:
                merged.pop(key, None)
            else:
                merged[key] = _merge(merged.get(key), value)
        return merged
    if isinstance(base, list) and isinstance(patch, list) and _named(base) and _named(patch):
        found = {one["name"]: one for one in base}
        for one in patch:
            found[one["name"]] = _merge(found.get(one["name"]), one)
        return list(found.values())
    return copy.deepcopy(patch)


def _named(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(one, dict) and "name" in one for one in values)


def _operate(base: Object, operations: list[Any]) -> Object:
    """Return `base` with a JSON patch of `add` and `replace`."""
    changed = copy.deepcopy(base)
    for operation in operations:
        assert operation["op"] in ("add", "replace")
        *way, last = operation["path"].strip("/").replace("~1", "/").split("/")
        place = changed
        for step in way:
            place = place.setdefault(step, {})
        place[last] = operation["value"]
    return changed


@pytest.fixture
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubernetes]:
    """A cluster of this test alone; skip without kubectl or openssl."""
    for program in ("kubectl", "openssl"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    made = Kubernetes(tmp_path_factory.mktemp("kubernetes"))
    yield made
    made.close()

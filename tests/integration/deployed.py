"""An application in a home of its own: releases of the shop, a visitor, and its end."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from claude_agent.appd import client, history, processes, release, state
from claude_agent.appd.paths import AppPaths
from claude_agent.appd.release import Release
from claude_agent.appd.state import AppState
from tests.waiting import wait_until

SHOP = Path(__file__).resolve().parents[2] / "examples" / "shop"
MANIFEST = {"main.js": "assets/main-1A.js", "style.css": "assets/style-2B.css"}


class App:
    """One application; `close()` ends everything it started."""

    def __init__(self, home: Path) -> None:
        self.paths = AppPaths(home=home, name="shop")
        self._made = 0

    def make_release(self, *, start: tuple[str, ...] = ("python", "-m", "shop.serve")) -> str:
        """Make a release folder of the shop's release 1, started by `start`."""
        self._made += 1
        name = f"{self._made}-abcdef{self._made}"
        folder = self.paths.releases / name
        shutil.copytree(SHOP / "shop", folder / "shop", ignore=shutil.ignore_patterns("*.pyc"))
        assets = folder / "frontend" / "dist" / "assets"
        assets.mkdir(parents=True)
        for built in MANIFEST.values():
            (assets.parent / built).write_text("")
        (assets.parent / "manifest.json").write_text(json.dumps(MANIFEST))
        release.save(
            Release(
                id=name,
                folder=folder,
                start=start,
                environment={"APP_DATABASE": str(self.paths.database)},
            ),
            folder,
        )
        return name

    def migrate(self) -> None:
        """Bring the live database up to release 1's schema."""
        self.paths.make()
        subprocess.run(
            [sys.executable, "-m", "shop.migrations", "up"],
            cwd=SHOP,
            env={**os.environ, "APP_DATABASE": str(self.paths.database)},
            check=True,
            capture_output=True,
        )

    def deploy(self, name: str, execution: str = "e1", **more: object) -> dict[str, object]:
        """Switch to a release as the action does."""
        request = {
            "do": "deploy",
            "release": name,
            "execution": execution,
            "key": f"{execution}/deploy/1",
            **more,
        }
        return client.change(self.paths, request, timeout_s=10)

    def rollback(self, execution: str) -> dict[str, object]:
        """Undo an execution's switch as the action does."""
        request = {"do": "rollback", "execution": execution}
        return client.change(self.paths, request, timeout_s=10)

    @property
    def state(self) -> AppState:
        """What is on the disk."""
        return state.load(self.paths.folder)

    @property
    def events(self) -> list[tuple[object, object]]:
        """The history as (event, release), without the starts of appd itself."""
        told = history.read(self.paths.history)
        return [(e["event"], e.get("release")) for e in told if e["event"] != "appd_started"]

    def appd_pid(self) -> int:
        """Return the pid of the process that looks after the application."""
        started = [e for e in history.read(self.paths.history) if e["event"] == "appd_started"]
        return int(str(started[-1]["pid"]))

    def kill_appd(self) -> None:
        """kill -9 the process that looks after the application."""
        identity = processes.identify(self.appd_pid())
        with suppress(ProcessLookupError):
            os.kill(identity.pid, signal.SIGKILL)
        wait_until(lambda: not identity.alive(), what="the end of appd")

    def health(self) -> dict[str, object]:
        """Ask the public address."""
        return ask(self.state.port)

    def serves(self, name: str) -> bool:
        """Whether this release answers the public now."""
        try:
            return self.health()["release"] == name
        except OSError:
            return False

    def close(self) -> None:
        """End everything that this test started, whatever state it left."""
        for known in self.state.processes:
            processes.end(known, grace_s=1)
        if self.paths.history.exists():
            started = (e for e in history.read(self.paths.history) if e["event"] == "appd_started")
            for event in started:
                identity = processes.identify(int(str(event["pid"])))
                if _is_appd(identity.pid, self.paths.home):
                    processes.end(identity, grace_s=5)
        for known in self.state.processes:
            processes.end(known, grace_s=1)


def _is_appd(pid: int, home: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"claude_agent.appd.serving" in words and str(home).encode() in words


def ask(port: int, path: str = "/health") -> dict[str, object]:
    """GET a JSON document from a port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return dict(json.loads(connection.getresponse().read()))
    finally:
        connection.close()


@contextmanager
def visitors(port: int, count: int = 3) -> Iterator[Counter[str]]:
    """Visit gently and without a pause in between tries; count answers by release, and errors."""
    seen: Counter[str] = Counter()
    stop = threading.Event()

    def visit() -> None:
        while not stop.wait(0.005):
            try:
                seen[str(ask(port)["release"])] += 1
            except (OSError, http.client.HTTPException, ValueError) as error:
                seen[f"error: {error!r}"] += 1

    threads = [threading.Thread(target=visit) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def errors(seen: Mapping[str, int]) -> dict[str, int]:
    """Return what visitors saw go wrong."""
    return {told: times for told, times in seen.items() if told.startswith("error")}

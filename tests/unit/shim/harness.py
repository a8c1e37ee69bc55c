"""Starts real shims on real run folders; every process started here is ended here."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from claude_agent.agents import journal_reader, reaper, shim_builder
from claude_agent.agents.control import ShimGone, send
from claude_agent.agents.run_folder import RunFolder, RunSpec, StopTimes, Verdict
from tests.waiting import wait_until

COVERED = Path(__file__).with_name("covered.py")
QUICK = StopTimes(soft_ms=60, int_ms=60, term_ms=60)


class ShimLab:
    """Makes run folders and starts shims on them."""

    def __init__(self, home: Path, image: Path) -> None:
        self.home = home
        self.image = image
        self._started: list[subprocess.Popen[bytes]] = []
        self._run_ids: set[str] = set()
        self._count = 0

    def spec(self, *words: str, **changes: Any) -> RunSpec:
        """Return a spec of one command (`words`, or `sh=` for shell text)."""
        self._count += 1
        text = changes.pop("sh", None)
        argv = ("/bin/sh", "-c", text) if text is not None else words
        run_id = f"task-{os.getpid()}-{self._count}.1"
        plain = RunSpec(
            run_id=run_id,
            task_id=run_id.partition(".")[0],
            run=1,
            fence=3,
            agent="backend-api",
            ref="AB12",
            title="a title",
            commands=(("work", argv),),
            cwd=str(self.home),
            env={"PATH": os.environ["PATH"], "CLAUDE_AGENT_RUN_ID": run_id},
            stop=QUICK,
        )
        return replace(plain, **changes)

    def folder(self, spec: RunSpec, files: Mapping[str, bytes] | None = None) -> RunFolder:
        """Write the run folder of a spec."""
        self._run_ids.add(spec.run_id)
        folder = RunFolder(self.home / "runs" / spec.run_id.replace(".", "/"))
        folder.write(spec, files or {}, self.image)
        return folder

    def start(self, folder: RunFolder, **how: Any) -> subprocess.Popen[bytes]:
        """Start a shim on a folder and return its process."""
        argv = [sys.executable, "-I", "-S", str(folder.path / "shim.pyz"), str(folder.path)]
        if os.environ.get("SHIM_COVERAGE"):
            argv = [sys.executable, str(COVERED), str(folder.path)]
        how.setdefault("stdout", subprocess.DEVNULL)
        how.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(argv, **how)
        self._started.append(process)
        return process

    def run(self, spec: RunSpec, files: Mapping[str, bytes] | None = None) -> RunFolder:
        """Run a spec to its end."""
        folder = self.folder(spec, files)
        assert self.start(folder).wait(60) == 0
        return folder

    def running(self, spec: RunSpec, mark: str = "up") -> tuple[RunFolder, subprocess.Popen[bytes]]:
        """Start a spec whose command prints `mark` when it is at work, and wait for that."""
        folder = self.folder(spec)
        process = self.start(folder)
        wait_until(lambda: mark.encode() in folder.tail(4096), what=f"{mark!r} in the output")
        return folder, process

    def close(self) -> None:
        """End every process that is left."""
        for process in self._started:
            if os.environ.get("SHIM_COVERAGE") and process.poll() is None:
                process.terminate()  # a shim that is killed measures nothing
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(3)
            process.kill()
            process.wait()
            for pipe in (process.stdout, process.stderr, process.stdin):
                if pipe is not None:
                    pipe.close()
        for run_id in self._run_ids:
            reaper.reap(run_id)


@pytest.fixture(scope="session")
def shim_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shim as it is put into run folders."""
    return shim_builder.build(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def lab(tmp_path: Path, shim_image: Path) -> Iterator[ShimLab]:
    """A place for run folders whose processes are ended after the test."""
    place = ShimLab(tmp_path, shim_image)
    with contextlib.closing(place):
        yield place


def lines(folder: RunFolder) -> list[dict[str, Any]]:
    """Return the whole journal of a run."""
    found: list[dict[str, Any]] = []
    position = journal_reader.Position()
    while True:
        more, position = journal_reader.read(folder.path, position)
        if not more:
            return found
        found += more


def kinds(folder: RunFolder) -> list[str]:
    """Return the kinds of the journal's lines in order."""
    return [line["kind"] for line in lines(folder)]


def verdict(folder: RunFolder) -> Verdict:
    """Return the verdict of a run that has one."""
    found = folder.verdict()
    assert found is not None
    return found


def ask(folder: RunFolder, kind: str, **more: Any) -> dict[str, Any]:
    """Send a request with the run and fence of the lab's specs."""
    return send(folder.path, {"run": 1, "fence": 3, "kind": kind, **more}, timeout=5.0)


def listening(folder: RunFolder) -> bool:
    """Say whether a shim answers in this folder."""
    try:
        return bool(ask(folder, "status")["ok"])
    except ShimGone:
        return False


def end(pid: int) -> None:
    """Kill a process that may be gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def exists(pid: int) -> bool:
    """Say whether a process is there and not merely waiting to be collected."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return False
    return stat[stat.rindex(")") + 2] not in "ZX"

"""A run folder written as a shim writes it, line by line, when a test says so."""

import json
import socket
from pathlib import Path

from claude_agent.domain.task import Task
from tests.unit.agents.crew import Crew

BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()


class Shim:
    """Writes a run folder as a shim does, line by line, when told."""

    def __init__(self, crew: Crew, one: Task) -> None:
        self.folder = crew.folder(one)
        self.folder.path.mkdir(parents=True, exist_ok=True)
        self.run_id = one.run_id
        self.n = 0
        self.bell = str(crew.places.bell)

    def begin(self, pid: int, start_time: int) -> "Shim":
        claim = {"kind": "begun", "pid": pid, "start_time": start_time, "boot_id": BOOT, "at": 1}
        (self.folder.path / "claim").write_text(json.dumps(claim))
        return self

    def say(self, kind: str, *, ring: bool = True, **more: object) -> None:
        self.n += 1
        line = json.dumps({"n": self.n, "at": 1, "kind": kind, **more})
        with (self.folder.path / "events-000001.jsonl").open("a") as file:
            file.write(f"{line}\n")
        if ring:
            self.ring()

    def ring(self, text: str | None = None) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
            bell.sendto((text or self.run_id).encode(), self.bell)

    def text(self, *words: str) -> None:
        """Let the agent say something, one line for each word."""
        for word in words:
            self.say("protocol", line={"type": "text", "fake": True, "text": word})

    def end(self) -> None:
        verdict = {
            "v": 1,
            "run_id": self.run_id,
            "run": 1,
            "fence": 1,
            "code": 0,
            "signal": None,
            "error": None,
            "failed": None,
            "index": 0,
            "started_at": 1,
            "ended_at": 2,
            "usage": {},
            "output_bytes": 0,
            "stopped": False,
            "results": [],
        }
        (self.folder.path / "exit.json").write_text(json.dumps(verdict))

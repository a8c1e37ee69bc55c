"""What the tests of conversations share: run folders of them, peers, and what was told."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claude_agent.agents.run_folder import RunFolder, RunSpec, StopTimes
from claude_agent.shim.spec import digest
from tests.unit.shim.harness import ShimLab, lines
from tests.waiting import wait_until

FAKE = (sys.executable, "-I", "-m", "claude_agent.agents.fake_acp")
PATIENT = StopTimes(soft_ms=60_000, int_ms=60_000, term_ms=60_000)


def script(*steps: Mapping[str, Any]) -> str:
    return "\n".join(["[[fake]]", *(json.dumps(step) for step in steps)])


def conversation(
    lab: ShimLab,
    prompt: str,
    *,
    argv: tuple[str, ...] = FAKE,
    given: Mapping[str, Any] | None = None,
    policy: Mapping[str, Any] | None = None,
    **changes: Any,
) -> RunFolder:
    """Write the folder of a run that speaks ACP."""
    changes.setdefault("protocol", "acp")
    spec: RunSpec = lab.spec(*argv, stdin="stdin", stop=PATIENT, **changes)
    files = {"stdin": prompt.encode(), "talk.json": json.dumps(given or {}).encode()}
    if policy is not None:
        files["policy.json"] = json.dumps(policy).encode()
    return lab.folder(spec, files)


def said(folder: RunFolder, word: str) -> list[dict[str, Any]]:
    found = [line["line"] for line in lines(folder) if line["kind"] == "protocol"]
    return [line for line in found if line["told"] == word]


def ended(lab: ShimLab, folder: RunFolder) -> dict[str, Any]:
    """Run to the end and return its last word."""
    assert lab.start(folder).wait(30) == 0
    return last(folder)


def last(folder: RunFolder) -> dict[str, Any]:
    found = said(folder, "ended") + said(folder, "failed")
    assert len(found) == 1, lines(folder)
    return found[0]


def asked(folder: RunFolder) -> dict[str, Any]:
    """Wait for a question and return it."""
    return wait_until(
        lambda: next((line for line in lines(folder) if line["kind"] == "asked"), None),
        what="a question",
    )


def answers(folder: RunFolder) -> list[tuple[str, str]]:
    return [(x["decision"], x["via"]) for x in lines(folder) if x["kind"] == "answered"]


PERMIT = script({"permit": {"cmd": "echo ran > ran"}}, {"say": "that was it"})


PEER = """
import json, os, sys
def send(**f):
    os.write(1, json.dumps({"jsonrpc": "2.0", **f}).encode() + b"\\n")
def take():
    line = sys.stdin.readline()
    if not line: sys.exit(0)
    return json.loads(line)
def update(word, /, **f):
    params = {"sessionId": "s", "update": {"sessionUpdate": word, **f}}
    send(method="session/update", params=params)
def turn():
    n = take()["id"]; send(id=n, result={"protocolVersion": 1, "agentCapabilities": {}})
    n = take()["id"]; send(id=n, result={"sessionId": "s"})
    return take()["id"]
def done(n, stop="end_turn"):
    send(id=n, result={"stopReason": stop})
"""


def peer(lab: ShimLab, text: str) -> tuple[str, ...]:
    path = lab.home / f"peer-{abs(hash(text))}.py"
    path.write_text(PEER + text)
    return (sys.executable, "-I", "-S", str(path))


def rewrite(folder: RunFolder, data: dict[str, Any]) -> None:
    """Write a specification that was changed, under its new digest."""
    files = {name: (folder.path / name).read_bytes() for name in data["files"]}
    data["digest"] = digest(data, str(folder.path), files)
    (folder.path / "spec.json").write_text(json.dumps(data))


def memory_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])

"""Secrets between planner and shim: over real shims."""

import base64
import hashlib
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from claude_agent.agents.adapters.shell import ShellAdapter
from claude_agent.agents.run_files import place_of
from claude_agent.agents.run_folder import RunFolder
from claude_agent.agents.run_plan import RunPlanner
from claude_agent.domain.task import Task
from claude_agent.storage.secrets import SecretMissing
from tests.unit.agents.test_run_approved import AGENT, SERVER, planner_at
from tests.unit.domain.making import CLAIM, after, submitted
from tests.unit.shim.harness import ShimLab, lab, shim_image, verdict
from tests.waiting import wait_until

__all__ = ["lab", "shim_image"]
VALUE = "s3cr3t/välue+with=all"
KNOWN = {**SERVER, "CLAUDE_AGENT_SECRET_TOKEN": VALUE, "CLAUDE_AGENT_SECRET_OTHER": "unasked-for"}


def asking(text: str) -> Task:
    task = after(submitted(text=text), CLAIM)
    return replace(task, spec=replace(task.spec, secrets={"KEY": "TOKEN"}))


def planner_with(lab: ShimLab, environment: dict[str, str] | None = None) -> RunPlanner:
    shim = lab.home / "shim.pyz"
    if not shim.exists():
        os.link(lab.image, shim)
    return planner_at(lab.home, environment or KNOWN)


def folder_of(planner: RunPlanner, task: Task) -> RunFolder:
    planner.prepare(task, AGENT, ShellAdapter())
    return planner.folder(task)


def everything(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


def test_only_the_process_sees_it_and_nothing_of_it_is_written(lab: ShimLab) -> None:
    mark = hashlib.sha256(VALUE.encode()).hexdigest()
    text = """printf %s "$KEY" | sha256sum | grep -q MARK || exit 9
env | grep -c unasked-for && exit 8
printf 's3cr3t/vä'; sleep 0.2; printf 'lue+with=all and '; printf %s "$KEY" | base64
printf '{"a": "%s"}' "$KEY" > "$CLAUDE_AGENT_OUTPUTS"
echo "$KEY" > "$CLAUDE_AGENT_HEARTBEAT"; echo; echo "$KEY" >&2"""
    planner = planner_with(lab)
    task = asking(text.replace("MARK", mark))
    folder = folder_of(planner, task)
    place = place_of(folder.path)
    assert place.stat().st_mode & 0o777 == 0o600
    assert lab.start(folder).wait(60) == 0
    assert verdict(folder).code == 0, folder.tail(4096)
    assert not place.exists()
    assert folder.tail(4096) == b"0\n*** and ***\n\n***\n"
    assert folder.outputs() == {"a": "***"}
    written = everything(folder.path)
    assert VALUE.encode() not in written
    assert base64.b64encode(VALUE.encode()).rstrip(b"=") not in written


def test_a_shim_that_is_killed_before_it_begins_leaves_nothing_behind(lab: ShimLab) -> None:
    planner = planner_with(lab)
    task = asking("true")
    folder = folder_of(planner, task)
    place = place_of(folder.path)
    process = lab.start(folder)
    process.kill()  # while its interpreter starts, or a little later: what is left is told below
    process.wait(10)
    if folder.claim() is None:
        assert place.exists()
        assert folder.seal(task.fence)  # the server is back and knows that it never began
    else:
        folder.write_reaped([])  # it died after its claim
    assert not place.exists()
    assert lab.start(folder).wait(60) == 0
    assert folder.verdict() is None
    # What comes next is prepared anew, under another number.
    again = folder_of(planner, replace(task, run=task.run + 1))
    assert lab.start(again).wait(60) == 0
    assert verdict(again).ok


def test_a_killed_run_is_masked_by_the_server(lab: ShimLab) -> None:
    planner = planner_with(lab)
    text = 'echo "\\"$KEY\\"" > "$CLAUDE_AGENT_OUTPUTS"; echo up; sleep 60'
    task = asking(text)
    folder = folder_of(planner, task)
    process = lab.start(folder)
    wait_until(lambda: b"up" in folder.tail(100), what="the command")
    assert VALUE.encode() in everything(folder.path)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    planner.secrets.scrub(task, folder.path)
    folder.write_reaped([])
    assert VALUE.encode() not in everything(folder.path)


def test_what_was_not_handed_over_does_not_run(lab: ShimLab) -> None:
    planner = planner_with(lab)
    task = asking("echo ran")
    folder = folder_of(planner, task)
    place_of(folder.path).unlink()
    assert lab.start(folder).wait(60) == 0
    assert (verdict(folder).error or "").startswith("secrets: ")
    assert folder.tail(100) == b""


def test_another_value_than_the_approved_does_not_run(lab: ShimLab) -> None:
    planner = planner_with(lab)
    task = asking("echo ran")
    folder = folder_of(planner, task)
    place = place_of(folder.path)
    place.write_text(place.read_text().replace("s3cr3t", "forged"))
    assert lab.start(folder).wait(60) == 0
    assert verdict(folder).error == "digest_mismatch"
    assert not place.exists()
    changed = planner_with(lab, {**KNOWN, "CLAUDE_AGENT_SECRET_TOKEN": "a new value"})
    adapter = ShellAdapter()
    first = planner.preview(task, AGENT, adapter)
    assert first.digest == planner.preview(task, AGENT, adapter).digest
    assert first.digest != changed.preview(task, AGENT, adapter).digest
    assert VALUE not in str(first)
    assert "KEY" in first.shown["env_names"]


def test_without_a_value_nothing_is_made(lab: ShimLab) -> None:
    planner = planner_with(lab, SERVER)
    task = asking("true")
    with pytest.raises(SecretMissing, match="TOKEN"):
        planner.prepare(task, AGENT, ShellAdapter())
    assert not (planner.folder(task).path / "spec.json").exists()
    assert not place_of(planner.folder(task).path).exists()

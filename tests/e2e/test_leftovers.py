"""What runs leave: ended before their slot is free again; what escapes all that is found."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.files import ROOT
from tests.e2e.product import Product, lives, product
from tests.waiting import wait_until

STUBBORN = "trap '' INT TERM HUP; echo $$ > {file}; while :; do sleep 0.05; done"


@pytest.fixture(scope="module")
def _for_all() -> Iterator[Product]:
    with product({"CLAUDE_AGENT_AGENTS_DATABASE_SLOTS": "1"}) as made:
        yield made


@pytest.fixture
def single(_for_all: Product) -> Iterator[Product]:
    """A product whose agent `database` does one thing at a time."""
    yield _for_all
    _for_all.settle()


def test_a_slot_is_free_only_when_what_left_the_session_has_ended(single: Product) -> None:
    """The command obeys the first request; a child of a child in another session obeys none."""
    child = single.work / "child"
    away = STUBBORN.format(file=child)
    run = f'(setsid sh -c "{away.replace("$", chr(92) + "$")}" &)\n{single.held("parent")}'
    first = single.submit(run, agent="database")
    pid = int(wait_until(lambda: child.exists() and child.read_text().strip(), what="the child"))
    look = f"if kill -0 {pid} 2>/dev/null; then exit 7; fi"
    second = single.submit(look, agent="database")
    assert single.task(second["id"])["state"] == "ready"
    single.system.tasks.cancel(first["id"])
    assert single.reaches(second["id"], "succeeded", "dead", timeout=90)["state"] == "succeeded"
    assert single.task(first["id"])["state"] == "cancelled"
    assert not lives(pid)
    assert single.json("agent", "doctor")["ok"]


def faults(made: Product, expect: int) -> list[dict[str, Any]]:
    """Return what the doctor finds that should not be there."""
    said = made.json("agent", "doctor", expect=expect)
    return [one for one in said["leftovers"] if one["fault"]]


def test_the_doctor_finds_what_escaped_and_ends_it_when_asked(single: Product) -> None:
    done = single.submit("true")
    single.reaches(done["id"], "succeeded")
    carries = {"CLAUDE_AGENT_RUN_ID": f"{done['id']}.1", "CLAUDE_AGENT_HOME": str(single.home)}
    busy = single.submit(single.held("busy"))
    single.started("busy")
    escaped = subprocess.Popen(
        ["sleep", "300"], env={**os.environ, **carries}, start_new_session=True
    )
    try:
        (found,) = faults(single, 1)
        assert (found["kind"], found["pid"], found["run"]) == (
            "process",
            escaped.pid,
            carries["CLAUDE_AGENT_RUN_ID"],
        )
        assert escaped.poll() is None, "looking changes nothing"
        assert "end it: --clean" in single.cli("agent", "doctor", expect=1).stdout
        cleaned = single.json("agent", "doctor", "--clean")
        assert cleaned["ok"]
        assert escaped.wait(30) == -signal.SIGKILL
    finally:
        escaped.kill()
        escaped.wait()
    assert faults(single, 0) == []
    assert single.task(busy["id"])["state"] == "running", "what runs is no leftover"
    single.let_go("busy")
    single.reaches(busy["id"], "succeeded")


def test_a_lost_run_is_the_servers_to_settle(single: Product) -> None:
    """With no server up the doctor names it, and leaves it to the next one."""
    task = single.submit(single.held("lost"), idempotent=True)
    single.started("lost")
    shim = single.shim(f"{task['id']}.1")
    single.down()
    os.kill(shim, signal.SIGKILL)
    wait_until(lambda: not lives(shim), what="the end of the shim")
    found = faults(single, 1)
    assert {one["kind"] for one in found} == {"lost_run", "socket"}
    said = single.json("agent", "doctor", "--clean", expect=1)
    assert [one["kind"] for one in said["leftovers"] if one["fault"] and not one["cleaned"]] == [
        "lost_run"
    ]
    single.up()
    single.started("lost", 2)
    single.let_go("lost")
    single.reaches(task["id"], "succeeded")
    assert faults(single, 0) == []
    assert Path(single.home / "runs").is_dir()


def test_the_page_shows_what_the_doctor_says(single: Product) -> None:
    page = ROOT / "docs" / "how-to" / "agents.md"
    lines = page.read_text().splitlines()
    said = single.cli("agent", "doctor", "--clean").stdout
    at = lines.index("$ claude-agent agent doctor")
    assert single.cli("agent", "doctor").stdout.splitlines() == [lines[at + 1]], said

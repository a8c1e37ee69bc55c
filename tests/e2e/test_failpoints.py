"""The server dies by SIGKILL at each named point: nothing is lost, nothing runs twice."""

import ast
import contextlib
import json
import os
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.keeper_child import Limits
from tests.e2e.product import Product, product
from tests.e2e.test_messages import send
from tests.waiting import wait_until

SETTLED_S = Limits.quick + 0.2
HOOKS = Path(__file__).parent / "failpoints"
TASK_POINTS = (
    *("submit.in_transaction", "submit.committed", "claim.in_transaction", "claim.committed"),
    *("launch", "started.committed", "window.before", "window.after", "ended.before"),
    *("ended.committed", "gates.before", "gates.committed", "sweep.in_transaction"),
    "sweep.committed",
)
MESSAGE_POINTS = (
    "message.in_transaction",
    "message.committed",
    "message.claimed",
    "message.settled",
)
OTHER_POINTS = ("reap.after", "dispatcher.turn")
RECOVERY_POINTS = {
    # What dies first leaves what the second point is about.
    "seal.before": ("window.before", "seal.before"),
    "seal.after": ("window.before", "seal.after"),
    "adopt.before": ("window.after", "adopt.before"),
    "adopt.committed": ("window.after", "adopt.committed"),
}


@pytest.fixture(scope="module")
def failing() -> Iterator[Product]:
    """A product whose server can be told where to die."""
    with product({"PYTHONPATH": str(HOOKS)}, up=False) as made:
        made.environ["FAILPOINTS"] = str(made.work)
        made.up()
        yield made
        made.settle()


def arm(failing: Product, *points: str) -> None:
    """Have the server die at these points, one after the other.

    It must have lived for a while before: five quick deaths in a row make the keeper give up.
    """
    serving = failing.serves()
    wait_until(lambda: age(serving) > SETTLED_S, what="a server that has lived for a while")
    (failing.work / "armed").write_text("".join(f"{point}\n" for point in points))


def age(pid: int) -> float:
    """Return for how many seconds a process has lived."""
    begun = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    return uptime - begun / os.sysconf("SC_CLK_TCK")


def all_fired(failing: Product) -> None:
    """Wait until every armed point has been met, and the server serves again."""
    wait_until(
        lambda: not (failing.work / "armed").read_text(),
        timeout=40,
        what=f"the point {(failing.work / 'armed').read_text()!r}",
    )
    failing.serves()


def twice(failing: Product, name: str) -> str:
    """Return shell text that fails at its first attempt and succeeds at its second."""
    mark = shlex.quote(str(failing.work / f"{name}.tried"))
    return f"{failing.entry(name)}\nif [ ! -e {mark} ]; then touch {mark}; exit 1; fi"


def insist(failing: Product, key: str, command: str) -> None:
    """Send an actor; ask again with the same key when the server died before it answered."""

    def probe() -> bool:
        with contextlib.suppress(AssertionError):
            return bool(send(failing, key, command))
        failing.serves()
        return False

    wait_until(probe, timeout=40, what=f"an answer to {key}")


@pytest.mark.parametrize("point", TASK_POINTS)
def test_task_is_not_lost_and_not_doubled_when_the_server_dies_at(
    failing: Product, point: str
) -> None:
    arm(failing, point)
    retry = {"max_attempts": 2, "delay": "10ms"}
    task = failing.submit(twice(failing, point), gates=["true"], retry=retry)
    ended = failing.reaches(task["id"], "succeeded", "dead")
    all_fired(failing)
    assert (ended["state"], ended["attempt"]) == ("succeeded", 2)
    runs = [entry["run_id"] for entry in failing.entries(point)]
    assert len(runs) == len(set(runs)) == 2, "each attempt ran exactly once"
    assert failing.events(task["id"]).count("task.succeeded") == 1
    failing.verify()


@pytest.mark.parametrize("point", RECOVERY_POINTS)
def test_task_survives_a_server_that_dies_again_while_it_recovers_at(
    failing: Product, point: str
) -> None:
    arm(failing, *RECOVERY_POINTS[point])
    task = failing.submit(failing.held(point))
    all_fired(failing)
    failing.started(point)
    failing.let_go(point)
    ended = failing.reaches(task["id"], "succeeded", "dead")
    assert (ended["state"], ended["attempt"]) == ("succeeded", 1)
    assert len(failing.entries(point)) == 1
    failing.verify()


def test_task_is_decided_once_when_the_server_dies_right_after_reaping(failing: Product) -> None:
    task = failing.submit(failing.held("reaped"), idempotent=True, retry={"max_attempts": 2})
    [first] = failing.started("reaped")
    arm(failing, "reap.after")
    failing.kill(failing.shim(first["run_id"]), signal.SIGKILL)
    all_fired(failing)
    failing.started("reaped", times=2)
    failing.let_go("reaped")
    ended = failing.reaches(task["id"], "succeeded", "dead")
    assert (ended["state"], ended["attempt"]) == ("succeeded", 2)
    assert len(failing.entries("reaped")) == 2
    failing.verify()


@pytest.mark.parametrize("point", MESSAGE_POINTS)
def test_message_is_not_lost_and_not_doubled_when_the_server_dies_at(
    failing: Product, point: str
) -> None:
    arm(failing, point)
    insist(failing, point, failing.entry(point))
    failing.started(point)
    all_fired(failing)
    last = f"after-{point}"
    insist(failing, last, failing.entry(last))  # first in, first out: a double would be there
    [line] = failing.started(last)
    failing.reaches(line["task_id"], "succeeded")
    [line] = failing.entries(point)
    failing.reaches(line["task_id"], "succeeded")
    failing.verify()


def test_server_whose_dispatcher_hangs_is_killed_and_started_again(failing: Product) -> None:
    task = failing.submit(failing.held("hung"))
    failing.started("hung")
    old = failing.server
    arm(failing, "dispatcher.turn")
    insist(failing, "hung-message", failing.entry("hung-message"))
    failing.serves(not_pid=old, timeout=60)
    story = (failing.home / "logs" / "keeper.log").read_text()
    assert f"server pid {old} is hung (dispatcher silent): killed" in story
    [line] = failing.started("hung-message")
    failing.reaches(line["task_id"], "succeeded")
    failing.let_go("hung")
    assert failing.reaches(task["id"], "succeeded")["attempt"] == 1
    failing.verify()


def test_every_point_is_met_by_a_test() -> None:
    tree = ast.parse((HOOKS / "sitecustomize.py").read_text())
    [points] = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
    ]
    names = {json.loads(ast.unparse(key).replace("'", '"')) for key in points.keys if key}
    assert names == {*TASK_POINTS, *MESSAGE_POINTS, *RECOVERY_POINTS, *OTHER_POINTS}

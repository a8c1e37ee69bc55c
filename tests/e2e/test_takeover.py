"""A person takes a real agent's task over in its window, and hands it back: Claude Code, Codex."""

import os
import shlex
import signal
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.files import ROOT
from tests.e2e.product import Product, product
from tests.e2e.test_agent_matrix import PATIENCE_S, Bench
from tests.servers.agents import installed
from tests.servers.model.server import Model
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(400)
SCALE = int(os.environ.get("PROVE_SCALE", "1"))
CLIS = ("claude", "codex", "gemini")[: 2 if SCALE <= 1 else 3]
"""Gemini CLI takes half a minute: with `make prove` only."""
PAGE = ROOT / "docs" / "how-to" / "take-over.md"


@pytest.fixture(params=CLIS, scope="module")
def bench(request: pytest.FixtureRequest, model: Model) -> Iterator[Bench]:
    cli = installed(request.param)
    with product(cli.environ(model)) as made:
        yield Bench(cli, made, model)


class Window:
    """A task's window, for a person: keys go in; what comes out is for people only."""

    def __init__(self, made: Product, task: Any) -> None:
        self._socket = str(made.home / "tmux.sock")
        self._target = f"=claude-{task['agent']}:{task['ref']}"

    def tmux(self, *words: str) -> str:
        """Run one command of tmux; return what it prints."""
        argv = ["tmux", "-S", self._socket, *words]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def ask(self, form: str) -> str:
        """Return what tmux knows of the window."""
        return self.tmux("display-message", "-p", "-t", self._target, form)

    def kill(self) -> None:
        """Take the window away with whatever runs in it."""
        self.tmux("kill-window", "-t", self._target)

    def reads_keys(self) -> bool:
        """Say whether a program takes single keys there: its terminal gathers no lines."""
        fd = os.open(self.ask("#{pane_tty}"), os.O_RDONLY | os.O_NOCTTY)
        try:
            return not termios.tcgetattr(fd)[3] & termios.ICANON
        finally:
            os.close(fd)

    def says(self, text: str, model: Model, mark: str) -> None:
        """Type a message and press Enter until the model was asked it."""
        wait_until(self.reads_keys, timeout=PATIENCE_S, what="a screen that takes keys", every=0.1)
        tries = iter(range(10**6))

        def asked() -> bool:
            if model.asks(mark):
                return True
            if next(tries) % 20 == 0:  # what was typed into a screen that opened may be lost
                self.tmux("send-keys", "-t", self._target, "-l", text)
            self.tmux("send-keys", "-t", self._target, "Enter")
            return False

        wait_until(asked, timeout=PATIENCE_S, what=f"a model that was asked {mark}", every=0.7)


def as_told(what: str, ref: str) -> list[str]:
    """Return the words that the page shows for this, with the real ref."""
    lines = PAGE.read_text().splitlines()
    (line,) = (each for each in lines if each.startswith(f"$ claude-agent task {what} "))
    return [ref if word == "K7QF" else word for word in shlex.split(line)[2:]]


def phase(bench: Bench, task: Any, wanted: str) -> Any:
    """Wait until a takeover stands there, its run begun; return the task."""

    def probe() -> Any:
        found = bench.product.task(task["id"])
        had = found["taken_over"]
        return found if had is not None and had["phase"] == wanted else None

    return wait_until(probe, timeout=PATIENCE_S, what=f"the takeover at {wanted}", every=0.1)


def test_a_person_goes_on_in_the_conversation_and_hands_it_back(bench: Bench) -> None:
    """The same task, attempt and conversation; the server is killed while the person has it."""
    gate = {"name": "by hand", "run": "grep -q 'by a person' by-hand.txt"}
    task = bench.submit("waits", gates=[gate], timeout={"idle": "60s"})
    mark = f"run={Path(task['cwd']).name}"
    bench.works(task)
    window = Window(bench.product, task)
    pane = window.ask("#{pane_id}")

    said = bench.product.cli(*as_told("takeover", task["ref"]))
    assert f"task handback {task['ref']}" in said.stderr
    held = phase(bench, task, "screen")
    assert (held["state"], held["shown"]["word"]) == ("running", "taken over by operator")
    bench.product.shim(f"{task['id']}.2")
    assert window.ask("#{pane_id}") == pane, "the screen opens in the same window"
    told = f"Now write it. [[stub:hand cwd={task['cwd']} {mark}-hand]]"
    window.says(told, bench.model, f"{mark}-hand]]")
    by_hand = Path(task["cwd"]) / "by-hand.txt"
    wait_until(by_hand.exists, timeout=PATIENCE_S, what="what the person asked for", every=0.1)

    shim = bench.product.shim(f"{task['id']}.2")
    bench.product.kill_server()
    bench.product.adopted(task["id"])
    assert bench.product.shim(f"{task['id']}.2") == shim, "the person was not disturbed"
    assert bench.product.task(task["id"])["taken_over"]["by"] == "operator"

    bench.product.cli(*as_told("handback", task["ref"]))
    done = bench.ends(task, "succeeded")
    assert (done["attempt"], done["run_number"], done["taken_over"]) == (1, 3, None)
    assert done["outputs"]["summary"] == "DONE: went on by myself."
    seen = bench.model.asks(f"{mark}-hand]]")[-1]["told"]
    assert "(operator) went on in this conversation" in seen
    assert "I wrote by-hand.txt." in seen
    holds_once(bench, task)


def holds_once(bench: Bench, task: Any) -> None:
    """One conversation, and what it used is booked once."""
    frames = [f for f in bench.product.system.events.all() if f["id"] == task["id"]]
    kinds = [frame["type"] for frame in frames]
    assert kinds.count("task.started") == 3
    assert [f["data"]["attempt"] for f in frames if f["type"] == "task.started"] == [1, 1, 1]
    assert "task.attempt_failed" not in kinds
    (back,) = (f["data"] for f in frames if f["type"] == "task.handed_back")
    assert back["how"] == "person"
    spent = [f["data"]["verdict"].get("spent") for f in frames if "verdict" in f["data"]]
    used = [each for each in spent if each is not None]
    (talk,) = {each["conversation"] for each in used if each["conversation"]}
    (taken,) = (f["data"] for f in frames if f["type"] == "task.taken_over")
    assert taken["conversation"] == talk
    own = (700, 70)
    last = {"codex": (1630, 163)}.get(bench.cli.name, own)
    # Codex counts the conversation from its start, the person's turns too; Claude counts runs.
    assert (used[-1]["input"], used[-1]["output"]) == last
    # What a run used that was interrupted is told by Claude alone, and not always.
    assert {each["output"] for each in used} <= {0, 30, last[1]}


def test_a_screen_that_is_closed_or_whose_shim_dies_goes_back_to_the_agent(bench: Bench) -> None:
    """Nobody has to say anything: the conversation goes on, no attempt is lost."""
    closed, killed = bench.submit("waits"), bench.submit("waits")
    for task in (closed, killed):
        bench.works(task)
        bench.product.system.tasks.take_over(task["id"])
    for task in (closed, killed):
        phase(bench, task, "screen")
        bench.product.shim(f"{task['id']}.2")
        (Path(task["cwd"]) / "by-hand.txt").write_text("by a person\n")
    window = Window(bench.product, closed)
    wait_until(window.reads_keys, timeout=PATIENCE_S, what="a screen", every=0.1)
    window.kill()
    os.kill(bench.product.shim(f"{killed['id']}.2"), signal.SIGKILL)
    for task in (closed, killed):
        done = bench.ends(task, "succeeded")
        assert done["outputs"]["summary"] == "DONE: went on by myself."
    assert bench.product.task(closed["id"])["attempt"] == 1
    assert "task.attempt_failed" not in bench.product.events(killed["id"])

"""Real agent CLIs under the whole product, a scripted model instead of a vendor's: each way to end.

One product for each CLI; its tasks run side by side, and what each must come to is asserted.
"""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import TERMINAL, Product, product
from tests.servers.agents import CLIS, Cli, installed
from tests.servers.model.server import BAD_KEY, Model
from tests.waiting import wait_until

PATIENCE_S = 120.0
pytestmark = pytest.mark.timeout(400)


class Bench:
    """One CLI in a product of its own."""

    def __init__(self, cli: Cli, made: Product, model: Model) -> None:
        self.cli, self.product, self.model = cli, made, model

    def submit(self, scenario: str, **more: Any) -> Any:
        """Submit a prompt that makes the model play a scenario."""
        cwd = Path(tempfile.mkdtemp(prefix=f"{scenario}-", dir=self.product.work))
        told = f"Please do the job. [[stub:{scenario} cwd={cwd} run={cwd.name}]]"
        return self.product.system.tasks.submit(
            {"prompt": told, "agent": self.cli.agent, "cwd": str(cwd), **more}
        )

    def ends(self, task: Any, state: str, kind: str | None = None) -> Any:
        """Wait for the end of a task and hold it against what it must be."""
        ended = self.product.reaches(task["id"], *TERMINAL, timeout=PATIENCE_S)
        found = (ended["state"], (ended["error"] or {}).get("kind"))
        assert found == (state, kind), self.about(ended)
        assert self.processes(f"{ended['id']}.{ended['run_number']}") == []
        return ended

    def about(self, ended: Any) -> str:
        """Return what a person would look at."""
        folder = self.product.folder(f"{ended['id']}.{ended['run_number']}")
        log = folder / "output.log"
        said = log.read_text(errors="replace")[-3000:] if log.exists() else "nothing"
        return f"{ended['prompt']}: {ended['state']} {ended['error']}; it said: {said}"

    def processes(self, run_id: str) -> list[int]:
        """Return what carries a run's id."""
        mark = f"CLAUDE_AGENT_RUN_ID={run_id}\0".encode()
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with contextlib.suppress(OSError):
                    if mark in (folder / "environ").read_bytes() + b"\0":
                        found.append(int(folder.name))
        return found

    def in_tool(self, task: Any) -> str:
        """Wait until the agent runs the model's `sleep`; return the run's id."""
        run_id = f"{task['id']}.1"

        def sleeps() -> bool:
            for pid in self.processes(run_id):
                with contextlib.suppress(OSError):
                    if b"sleep(300)" in Path(f"/proc/{pid}/cmdline").read_bytes():
                        return True
            return False

        wait_until(sleeps, timeout=PATIENCE_S, what=f"{self.cli.name} in its tool", every=0.1)
        return run_id

    def group(self, run_id: str) -> int:
        """Return the process group of the command of a run, as its shim wrote it down."""
        journal = self.product.folder(run_id) / "events-000001.jsonl"
        lines = [json.loads(line) for line in journal.read_text().splitlines()]
        return next(int(line["pid"]) for line in lines if line["kind"] == "started")

    def spent(self, task: Any) -> list[Mapping[str, Any]]:
        """Return what the runs of a task that ended well used, in order."""
        return [
            frame["data"]["verdict"]["spent"]
            for frame in self.product.system.events.all()
            if frame["id"] == task["id"] and frame["type"] == "task.verifying"
        ]


@pytest.fixture(params=sorted(CLIS), scope="module")
def bench(request: pytest.FixtureRequest, model: Model) -> Iterator[Bench]:
    cli = installed(request.param)
    with product(cli.environ(model)) as made:
        yield Bench(cli, made, model)


def test_each_way_to_end(bench: Bench) -> None:
    """What a task of a real CLI comes to, whatever the model, the network or a signal does."""
    twice = {"max_attempts": 2, "delay": "0s"}
    edit = bench.submit("edit")
    subprocess.run(["git", "init", "-q", edit["cwd"]], check=True)
    wrong = bench.submit("err400", retry=twice)
    key = bench.submit("text", retry=twice, env={bench.cli.key: BAD_KEY})
    down = bench.submit("err500")
    overloaded = bench.submit("err529")
    cut = bench.submit("cut")
    hangs = bench.submit("hang", timeout={"run": "5s"})
    gate = {"name": "second", "run": '[ "$CLAUDE_AGENT_ATTEMPT" = 2 ]'}
    resumed = bench.submit("text", retry=twice, gates=[gate])

    done = bench.ends(edit, "succeeded")
    assert "DONE: hello.py written" in done["outputs"]["summary"]
    assert (Path(done["cwd"]) / "hello.py").read_text().startswith("print(")
    refused = bench.ends(wrong, "dead", "bad_request")
    assert "stub: bad request" in refused["error"]["message"]
    assert refused["attempt"] == 1, "another attempt would only repeat it"
    refused = bench.ends(key, "dead", "auth")
    assert refused["attempt"] == 1
    bench.ends(down, "dead", "overload")
    done = bench.ends(overloaded, "succeeded")
    assert done["outputs"]["summary"] == "recovered after an overload"
    bench.ends(cut, "dead", "cut")
    stopped = bench.ends(hangs, "dead", "timeout.run")
    assert "run timeout" in stopped["error"]["message"]
    resumes(bench, resumed)


def resumes(bench: Bench, task: Any) -> None:
    """The second attempt goes on in the same conversation and is not charged for the first."""
    done = bench.ends(task, "succeeded")
    assert done["attempt"] == 2
    first, second = bench.spent(task)
    assert first["conversation"] == second["conversation"] != ""
    assert (first["input"], first["output"]) == (500, 10)
    assert (second["input"], second["output"]) == (500, 10)
    assert second["cost_usd"] == pytest.approx(first["cost_usd"])
    asked = bench.model.asks(f"run={Path(done['cwd']).name}]]")
    assert max(each["rounds"] for each in asked) >= 3, "the model was shown the first turn again"


def test_signals_in_the_middle_of_a_tool_leave_nothing_behind(bench: Bench) -> None:
    interrupted, terminated, cancelled = (bench.submit("sleep") for _ in range(3))
    os.kill(bench.product.shim(bench.in_tool(interrupted)), signal.SIGINT)  # as Ctrl-C in its pane
    os.killpg(bench.group(bench.in_tool(terminated)), signal.SIGTERM)
    bench.in_tool(cancelled)
    bench.product.system.tasks.cancel(cancelled["id"])
    for task in (interrupted, terminated):
        ended = bench.product.reaches(task["id"], *TERMINAL, timeout=PATIENCE_S)
        kind = (ended["error"] or {}).get("kind")
        assert kind in ("killed", "no_terminal_event"), bench.about(ended)
        bench.ends(task, "dead", kind)
    bench.ends(cancelled, "cancelled")

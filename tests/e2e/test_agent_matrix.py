"""Real agent CLIs under the whole product, a scripted model instead of a vendor's: each way to end.

One product for each CLI; its tasks run side by side, and what each must come to is asserted.
"""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from claude_agent.clock import SystemClock
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
        scenario = self.cli.scenarios.get(scenario, scenario)
        cwd = Path(tempfile.mkdtemp(prefix=f"{scenario}-", dir=self.product.work))
        if scenario.startswith("edit"):
            subprocess.run(["git", "init", "-q", cwd], check=True)
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

    def works(self, task: Any) -> str:
        """Wait until the agent runs the model's `sleep`, or asks; return the run's id."""
        run_id = f"{task['id']}.1"

        def sleeps() -> bool:
            if self.cli.busy != "sleep":
                return bool(self.model.asks(f"run={Path(task['cwd']).name}]]"))
            for pid in self.processes(run_id):
                with contextlib.suppress(OSError):
                    if b"sleep(300)" in Path(f"/proc/{pid}/cmdline").read_bytes():
                        return True
            return False

        wait_until(sleeps, timeout=PATIENCE_S, what=f"{self.cli.name} at work", every=0.1)
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


Row: TypeAlias = Callable[[Bench], Iterator[None]]
"""Submits, yields, and says what has come of it."""
TWICE = {"max_attempts": 2, "delay": "0s"}


def edit(bench: Bench) -> Iterator[None]:
    task = bench.submit("edit")
    yield
    done = bench.ends(task, "succeeded")
    assert "DONE: hello.py written" in done["outputs"]["summary"]
    assert (Path(done["cwd"]) / "hello.py").read_text().startswith("print(")


def bad_request(bench: Bench) -> Iterator[None]:
    task = bench.submit("err400", retry=TWICE)
    yield
    refused = bench.ends(task, "dead", "bad_request")
    assert "stub: bad request" in refused["error"]["message"]
    assert refused["attempt"] == 1, "another attempt would only repeat it"


def bad_key(bench: Bench) -> Iterator[None]:
    task = bench.submit("text", retry=TWICE, env={bench.cli.key: BAD_KEY})
    yield
    assert bench.ends(task, "dead", "auth")["attempt"] == 1


def down(bench: Bench) -> Iterator[None]:
    patience = bench.cli.patience.get("down")
    task = bench.submit("err500", **({"timeout": {"run": patience}} if patience else {}))
    yield
    bench.ends(task, "dead", "timeout.run" if patience else "overload")


def overloaded(bench: Bench) -> Iterator[None]:
    task = bench.submit("err529")
    yield
    assert bench.ends(task, "succeeded")["outputs"]["summary"] == "recovered after an overload"


def cut(bench: Bench) -> Iterator[None]:
    task = bench.submit("cut")
    yield
    if not bench.cli.goes_on_when_cut:
        bench.ends(task, "dead", "cut")
        return
    assert bench.ends(task, "succeeded")["outputs"]["summary"] == "stub: script finished"


def hangs(bench: Bench) -> Iterator[None]:
    task = bench.submit("hang", timeout={"run": bench.cli.patience.get("hangs", "5s")})
    yield
    assert "run timeout" in bench.ends(task, "dead", "timeout.run")["error"]["message"]


def resumed(bench: Bench) -> Iterator[None]:
    """The second attempt goes on in the same conversation and is not charged for the first."""
    gate = {"name": "second", "run": '[ "$CLAUDE_AGENT_ATTEMPT" = 2 ]'}
    task = bench.submit("text", retry=TWICE, gates=[gate])
    yield
    done = bench.ends(task, "succeeded")
    assert done["attempt"] == 2
    first, second = bench.spent(task)
    assert first["conversation"] == second["conversation"] != ""
    assert (first["input"], first["output"]) == (500, 10)
    assert (second["input"], second["output"]) == (500, 10)
    assert second["cost_usd"] == pytest.approx(first["cost_usd"])
    asked = bench.model.asks(f"run={Path(done['cwd']).name}]]")
    assert max(each["rounds"] for each in asked) >= 3, "the model was shown the first turn again"


def limited(bench: Bench) -> Iterator[None]:
    """It is parked until the end that was said, the others of its account wait with it."""
    at = SystemClock().now()
    task = bench.submit("limit", agent="database")
    yield
    parked = bench.product.reaches(task["id"], "scheduled", timeout=PATIENCE_S)
    assert (parked["attempt"], parked["shown"]["word"]) == (0, "parked"), bench.about(parked)
    said = parked["parked"]
    assert (said["kind"], said["account"]) == ("rate", "limited")
    lasts = (said["until"] - at) / 1000
    assert 5_400 - 90 < lasts < 5_400 + 60 + PATIENCE_S if bench.cli.tells else lasts > 0
    waits = bench.submit("text", agent="database")
    told = bench.product.cli("task", "explain", waits["ref"]).stdout
    assert "The account limited has reached its usage limit" in told
    bench.model.script.well.add(Path(parked["cwd"]).name)
    bench.product.cli("breaker", "reset", "account:limited")
    done = bench.ends(task, "succeeded")
    assert (done["attempt"], done["run_number"]) == (1, 2)
    assert done["outputs"]["summary"] == "recovered after a limit"
    bench.ends(waits, "succeeded")


def interrupted(bench: Bench) -> Iterator[None]:
    task = bench.submit(bench.cli.busy)
    yield
    os.kill(bench.product.shim(bench.works(task)), signal.SIGINT)  # as Ctrl-C in its pane
    _ended_by_signal(bench, task)


def terminated(bench: Bench) -> Iterator[None]:
    task = bench.submit(bench.cli.busy)
    yield
    os.killpg(bench.group(bench.works(task)), signal.SIGTERM)
    _ended_by_signal(bench, task)


def cancelled(bench: Bench) -> Iterator[None]:
    task = bench.submit(bench.cli.busy)
    yield
    bench.works(task)
    bench.product.system.tasks.cancel(task["id"])
    bench.ends(task, "cancelled")


def _ended_by_signal(bench: Bench, task: Any) -> None:
    ended = bench.product.reaches(task["id"], *TERMINAL, timeout=PATIENCE_S)
    kind = (ended["error"] or {}).get("kind")
    assert kind in ("killed", "no_terminal_event"), bench.about(ended)
    bench.ends(task, "dead", kind)


def mcp(bench: Bench) -> Iterator[None]:
    """The CLI finds our tools by itself, also after the server was killed; a result that does not
    fit is refused and corrected.
    """
    schema = {
        "type": "object",
        "properties": {"files": {"type": "array"}, "lines": {"type": "integer"}},
        "required": ["files", "lines"],
    }
    asked = bench.submit("mcp", result_schema=schema)
    unfit = bench.submit("text", result_schema=schema)
    yield
    work = Path(asked["cwd"])
    wait_until((work / "waits").exists, timeout=PATIENCE_S, what=f"{bench.cli.name} in its tool")
    bench.product.kill_server()
    (work / "go").touch()
    done = bench.ends(asked, "succeeded")
    assert (done["outputs"]["files"], done["outputs"]["lines"]) == (["hello.py"], 1), done
    assert "DONE" in done["outputs"]["summary"]
    evidence = bench.product.system.tasks.result(done["id"])["evidence"]
    assert [each["level"] for each in evidence] == ["E1", "E3", "E4"]
    said = [x for x in bench.product.system.events.all() if x["id"] == done["id"]]
    (report,) = [x for x in said if x["type"] == "task.reported"]
    assert (report["actor"], report["data"]["late"]) == ("agent:testing", "")
    notes = [x["data"]["text"] for x in said if x["data"].get("kind") == "progress"]
    assert notes == ["half of it is done"]
    token = (bench.product.folder(f"{done['id']}.1") / "token").read_text()
    for file in ("output.log", "spec.json", "mcp.json", "gemini.json"):
        path = bench.product.folder(f"{done['id']}.1") / file
        assert not path.exists() or token not in path.read_text(errors="replace"), file
    refused = bench.ends(unfit, "dead", "outputs")
    assert "did not call complete_task" in refused["error"]["message"]


ENDS: Mapping[str, Row] = {
    "edit": edit,
    "bad_request": bad_request,
    "bad_key": bad_key,
    "down": down,
    "overloaded": overloaded,
    "cut": cut,
    "hangs": hangs,
    "resumed": resumed,
}
LIMITS: Mapping[str, Row] = {"limited": limited}
SIGNALS: Mapping[str, Row] = {
    "interrupted": interrupted,
    "terminated": terminated,
    "cancelled": cancelled,
}
TOOLS: Mapping[str, Row] = {"mcp": mcp}


def players(rows: Iterable[str]) -> list[str]:
    """Return the CLIs of which at least one of these rows is played."""
    scale = int(os.environ.get("PROVE_SCALE", "1"))
    return [name for name in sorted(CLIS) if any(CLIS[name].plays(row, scale) for row in rows)]


def test_each_way_to_end(bench: Bench, prove_scale: int) -> None:
    """What a task of a real CLI comes to, whatever the model or the network does."""
    play(bench, ENDS, prove_scale)


@pytest.mark.parametrize("bench", players(LIMITS), indirect=True)
def test_a_usage_limit_parks_and_uses_no_attempt(bench: Bench, prove_scale: int) -> None:
    play(bench, LIMITS, prove_scale)


def test_signals_in_the_middle_of_its_work_leave_nothing_behind(
    bench: Bench, prove_scale: int
) -> None:
    play(bench, SIGNALS, prove_scale)


@pytest.mark.parametrize("bench", players(TOOLS), indirect=True)
def test_a_result_is_handed_back_by_our_tools(bench: Bench, prove_scale: int) -> None:
    play(bench, TOOLS, prove_scale)


def play(bench: Bench, rows: Mapping[str, Row], scale: int) -> None:
    """Begin all rows that apply, then hold each against what it must be."""
    begun = [row(bench) for name, row in rows.items() if bench.cli.plays(name, scale)]
    assert begun, "a test that plays no row shows nothing"
    for row in begun:
        next(row)
    for row in begun:
        assert next(row, "over") == "over"


def test_each_row_that_a_cli_does_not_play_has_its_reason() -> None:
    for cli in CLIS.values():
        assert {*cli.without, *(cli.daily or ())} <= {*ENDS, *LIMITS, *SIGNALS, *TOOLS}, cli.name
        assert all(cli.without.values()), cli.name

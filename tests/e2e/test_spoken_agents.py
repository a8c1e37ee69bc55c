"""Real agent CLIs that are spoken with: what they ask waits for an answer, and nothing runs before.

Codex by its app-server, Gemini CLI over ACP; a scripted model instead of a vendor's. One product
for each; its tasks run side by side.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claude_agent.agents import control
from tests.e2e.product import product
from tests.e2e.test_agent_matrix import PATIENCE_S, Bench
from tests.servers.agents import installed
from tests.servers.model.server import Model
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(400)
AGED = """
cd "$CLAUDE_AGENT_HOME/agents/testing/.gemini/tmp" 2>/dev/null || cd /
for file in $(grep -lsF "$(basename "$OLDPWD")" */chats/session-*); do
  mv "$file" "${file%/*}/session-2026-01-01T00-00-${file##*-}" || true
done
"""
"""Gemini CLI 0.61 names its file by the minute, and destroys what it loads in the same one."""
SCHEMA = {
    "type": "object",
    "properties": {"files": {"type": "array", "items": {"type": "string"}}},
    "required": ["files"],
}
ASKING = ("codex", "gemini")


@pytest.fixture(params=ASKING, scope="module")
def bench(request: pytest.FixtureRequest, model: Model) -> Iterator[Bench]:
    cli = installed(request.param)
    environ = {**cli.environ(model), "CLAUDE_AGENT_AGENTS_TESTING_PERMISSIONS": "ask"}
    with product(environ) as made:
        yield Bench(cli, made, model)


class Questions:
    """What the runs of one task ask, read from the journal, and answered on the shim's socket."""

    def __init__(self, bench: Bench, task: Any) -> None:
        self.bench = bench
        self.folder = bench.product.folder(f"{task['id']}.1")
        self._n = 1000

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """Return the journal's lines of a kind."""
        found = sorted(self.folder.glob("events-*.jsonl"))
        text = "".join(path.read_text() for path in found)
        lines = [json.loads(line) for line in text.splitlines(keepends=True) if line[-1:] == "\n"]
        return [line for line in lines if line["kind"] == kind]

    def next(self) -> dict[str, Any]:
        """Wait for a question that is not answered."""

        def probe() -> dict[str, Any] | None:
            ended = self.lines("exit")
            assert not ended, self.story()
            done = {line["ask"] for line in self.lines("answered")}
            return next((x for x in self.lines("asked") if x["ask"] not in done), None)

        found = wait_until(probe, timeout=PATIENCE_S, what="a question", every=0.05)
        return dict(found)

    def story(self) -> str:
        """Return what was seen of the run, for the message of a failed test."""
        log = self.folder / "output.log"
        said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        return f"{self.lines('exit')} {self.lines('protocol')[-3:]} {said}"

    def answer(self, decision: str) -> dict[str, Any]:
        """Answer the next question; return it."""
        question = self.next()
        fence = json.loads((self.folder / "spec.json").read_text())["fence"] + 1  # adopted once
        self._n += 1
        data = {"ask": question["ask"], "decision": decision, "by": "tests"}
        order = {"run": 1, "fence": fence, "n": self._n, "kind": "answer"}
        control.send(self.folder, {**order, "data": data}, timeout=30)
        return question


def test_what_is_asked_runs_when_it_is_allowed_and_only_then(bench: Bench) -> None:
    allowed, denied, waits, stopped = (bench.submit("edit") for _ in range(4))
    person = Questions(bench, allowed)
    asked = [person.answer("allow") for _ in range(2)]
    assert all("hello.py" in json.dumps(each["input"]) for each in asked), asked
    done = bench.ends(allowed, "succeeded")
    assert done["outputs"]["summary"] == "DONE: hello.py written and committed."
    assert (Path(done["cwd"]) / "hello.py").read_text().startswith("print(")

    person = Questions(bench, denied)
    for _ in range(2):
        person.answer("deny")
    done = bench.ends(denied, "succeeded")  # the model only says that it did it: a gate would tell
    assert not (Path(done["cwd"]) / "hello.py").exists()

    person = Questions(bench, waits)
    question = person.next()
    bench.product.kill_server()
    bench.product.adopted(waits["id"])
    assert person.next() == question
    assert not (Path(waits["cwd"]) / "hello.py").exists()
    for _ in range(2):
        person.answer("allow")
    bench.ends(waits, "succeeded")
    assert (Path(waits["cwd"]) / "hello.py").exists()

    person = Questions(bench, stopped)
    person.next()
    bench.product.system.tasks.cancel(stopped["id"])
    bench.ends(stopped, "cancelled")
    assert not (Path(stopped["cwd"]) / "hello.py").exists()
    assert [x["via"] for x in person.lines("answered")] == ["gone"]
    stages = [x["stage"] for x in person.lines("stopping")]
    assert stages == ["soft"], "it ends by the protocol, not by a signal"


def test_ways_to_end_and_the_same_conversation_again(bench: Bench) -> None:
    twice = {"max_attempts": 2, "delay": "0s"}
    gate = {"name": "second", "run": f'{AGED}\n[ "$CLAUDE_AGENT_ATTEMPT" = 2 ]'}
    resumed = bench.submit("text", retry=twice, gates=[gate])
    wrong = bench.submit("err400", retry=twice)
    cut = bench.submit("cut")
    hands = bench.submit("hands", result_schema=SCHEMA)
    refused = bench.ends(wrong, "dead", "bad_request")
    assert "stub: bad request" in refused["error"]["message"]
    bench.ends(cut, "dead", "cut")
    done = bench.ends(hands, "succeeded")  # our own tools ask nobody
    assert done["outputs"]["files"] == ["hello.py"]
    done = bench.ends(resumed, "succeeded")
    assert done["attempt"] == 2
    assert done["outputs"]["summary"] == "PONG from the stub model."
    first, second = bench.spent(resumed)
    assert first["conversation"] == second["conversation"] != ""
    assert (first["input"], first["output"]) == (500, 10)
    assert (second["input"], second["output"]) == (500, 10)
    asked = bench.model.asks(f"run={Path(done['cwd']).name}]]")
    assert max(each["rounds"] for each in asked) >= 3, "the model was shown the first turn again"

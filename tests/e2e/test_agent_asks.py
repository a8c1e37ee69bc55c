"""A real Claude Code asks before its tools run; a person answers; whatever dies, nothing passes.

A scripted model stands instead of the vendor's; each prompt makes it call one command.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from claude_sdk.errors import Conflict
from tests.e2e.product import TERMINAL, Product, product
from tests.servers.agents import installed
from tests.servers.model.server import Model
from tests.waiting import wait_until

PATIENCE_S = 120.0
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def made(model: Model) -> Iterator[Product]:
    """The agent `testing` asks; `database` uses its tools without asking."""
    cli = installed("claude")
    asks = {"CLAUDE_AGENT_AGENTS_TESTING_PERMISSIONS": "ask"}
    free = replace(cli, agent="database").environ(model)
    with product(free | cli.environ(model) | asks) as one:
        yield one


def submit(made: Product, scenario: str = "ask", agent: str = "testing") -> Any:
    cwd = Path(tempfile.mkdtemp(prefix=f"{scenario}-", dir=made.work))
    told = f"Please do the job. [[stub:{scenario} cwd={cwd} run={cwd.name}]]"
    return made.system.tasks.submit({"prompt": told, "agent": agent, "cwd": str(cwd)})


def asked(made: Product, task: Any) -> Any:
    """Wait for the question of a task; nothing has run."""

    def probe() -> Any:
        found = made.system.questions.list(task=task["id"], state="open")["items"]
        ended = made.task(task["id"])
        assert ended["state"] not in TERMINAL, story(made, ended)
        return found[0] if found else None

    question = wait_until(probe, timeout=PATIENCE_S, what=f"a question of {task['ref']}", every=0.1)
    assert not ran(task)
    return question


def ran(task: Any) -> bool:
    return (Path(task["cwd"]) / "ran").exists()


def ends(made: Product, task: Any, state: str = "succeeded") -> Any:
    ended = made.reaches(task["id"], *TERMINAL, timeout=PATIENCE_S)
    assert ended["state"] == state, story(made, ended)
    return ended


def story(made: Product, ended: Any) -> str:
    folder = made.folder(f"{ended['id']}.{ended['run_number']}")
    names = ("output.log", "events-000001.jsonl")
    parts = [folder / name for name in names if (folder / name).exists()]
    return f"{ended['error']}: " + "\n".join(p.read_text(errors="replace")[-3000:] for p in parts)


def test_person_answers_from_the_command_line(made: Product) -> None:
    yes, no = submit(made), submit(made)
    first, second = asked(made, yes), asked(made, no)
    assert (first["what"], first["tool"], first["advisory"]) == ("permission", "Bash", True)
    assert first["input"]["command"].endswith("echo ran >> ran")
    shown = made.cli("task", "show", yes["ref"]).stdout
    assert "needs approval" in shown
    assert f"claude-agent question show {first['ref']}" in shown
    assert "2 questions wait for an answer: claude-agent question list" in made.cli("status").stdout
    assert made.task(yes["id"])["shown"]["word"] == "needs approval"
    assert f"question {first['ref']}" in made.cli("task", "explain", yes["ref"]).stdout
    listed = made.cli("question", "list", "-o", "name").stdout.split()
    assert sorted(listed) == sorted([first["ref"], second["ref"]])

    made.cli("question", "allow", first["ref"], "--note", "seen")
    made.cli("question", "deny", second["ref"], "Not on a Saturday.")
    ends(made, yes)
    ended = ends(made, no)
    assert ran(yes)
    assert not ran(no), "it was denied"
    assert "Not on a Saturday." in story(made, ended)
    told = made.system.questions.get(first["ref"])
    assert (told["state"], told["by"], told["note"]) == ("answered", "operator", "seen")
    assert told["delivered_at"] is not None
    with pytest.raises(Conflict, match="answered already"):
        made.system.questions.deny(first["ref"])


def test_agent_at_work_cannot_answer(made: Product) -> None:
    task = submit(made)
    question = asked(made, task)
    token = (made.folder(f"{task['id']}.1") / "token").read_text()
    path = f"/questions/{question['ref']}/answer"
    status, problem = made.ask("POST", path, {"decision": "allow"}, token=token)
    assert (status, problem["code"]) == (403, "forbidden")
    assert made.system.questions.get(question["id"])["state"] == "open"
    made.system.tasks.cancel(task["id"])
    ends(made, task, "cancelled")
    gone = made.system.questions.get(question["id"])
    assert gone["state"] == "gone"
    assert not ran(task)


def test_policy_denies_what_destroys_the_machine_in_every_mode(made: Product) -> None:
    for agent in ("database", "testing"):
        task = submit(made, "danger", agent=agent)
        ends(made, task)
        assert not ran(task), f"{agent}: the whole line is refused"
        (question,) = made.system.questions.list(task=task["id"])["items"]
        assert (question["decision"], question["via"]) == ("deny", "policy")
        assert question["by"] == "delete-everything"
    free = submit(made, agent="database")
    ends(made, free)
    assert ran(free), "what no rule names is not asked for there"
    assert not made.system.questions.list(task=free["id"])["items"]


def test_server_that_is_killed_lets_nothing_through_and_finds_the_question_again(
    made: Product,
) -> None:
    task = submit(made)
    question = asked(made, task)
    made.kill_server()
    assert not ran(task), "nobody answered"
    made.adopted(task["id"])
    again = asked(made, task)
    assert (again["id"], again["state"]) == (question["id"], "open")
    made.cli("question", "allow", task["ref"])
    ends(made, task)
    assert ran(task)


def test_shim_that_is_killed_lets_nothing_through(made: Product) -> None:
    task = submit(made)
    question = asked(made, task)
    run_id = f"{task['id']}.1"
    made.kill(made.shim(run_id))
    made.reaches(task["id"], "uncertain", *TERMINAL, timeout=PATIENCE_S)
    made.system.tasks.cancel(task["id"])
    ends(made, task, "cancelled")
    assert not ran(task)
    assert made.system.questions.get(question["id"])["state"] == "gone"


def test_hooks_hold_also_where_claude_skips_its_own_permissions(made: Product) -> None:
    """A real run's hooks under `bypassPermissions`, in an evil checkout; its shim has gone."""
    task = submit(made, agent="database")
    ends(made, task)
    hooks = made.folder(f"{task['id']}.1") / "claude-settings.json"
    assert not bypassed(made, str(hooks), '{"disableAllHooks": true}')
    assert bypassed(made, "{}", "{}"), "without our hooks it runs"


def bypassed(made: Product, settings: str, of_project: str) -> bool:
    """Say whether a command runs in a Claude Code that asks nobody."""
    place = Path(tempfile.mkdtemp(prefix="bypass-", dir=made.work))
    (place / ".claude").mkdir()
    for name in ("settings.json", "settings.local.json"):
        (place / ".claude" / name).write_text(of_project)
    argv = ["claude", "-p", "--permission-mode", "bypassPermissions", "--settings", settings]
    environ = made.environ | {"IS_SANDBOX": "1", "HOME": str(made.home / "agents" / "database")}
    done = subprocess.run(
        [*argv, "--output-format", "json", f"Do it. [[stub:ask cwd={place} run=x]]"],
        cwd=place,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert b"DONE" in done.stdout, done.stdout + done.stderr
    return (place / "ran").exists()

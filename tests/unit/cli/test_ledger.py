import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from claude_agent.cli.ledger import Entry, read_ledger, unexplained
from claude_sdk.wire import Frame, Start
from tests import wire_samples as samples
from tests.unit.cli.conftest import Cli
from tests.wire_server import WireServer


def entry(task: str, run: int, line: int = 1, folder: str = "") -> Entry:
    return Entry(line=line, task_id=task, run=run, folder=folder or f"{task}.{run}")


def started(*runs: tuple[str, int]) -> list[Start]:
    return [samples.start(task, run) for task, run in runs]  # type: ignore[misc]


def frames(*kinds: tuple[str, str]) -> list[Frame]:
    return [
        {
            "pos": number, "topic": "tasks", "type": kind, "id": task, "at": 0,
            "actor": "", "execution_id": None, "data": {},
        }
        for number, (kind, task) in enumerate(kinds, start=1)
    ]  # fmt: skip


def test_explained_starts_are_no_problem() -> None:
    log = frames(("task.started", "a"), ("task.attempt_failed", "a"), ("task.started", "a"))
    entries = [entry("a", 1), entry("a", 2, 2)]
    assert unexplained(entries, started(("a", 1), ("a", 2)), log) == []


def test_line_without_a_start_is_found() -> None:
    found = unexplained([entry("a", 2)], started(("a", 1)), [])
    assert found == ["ledger line 1: task a run 2: the log has no such start"]


def test_two_lines_of_one_run_are_found() -> None:
    found = unexplained([entry("a", 1), entry("a", 1, 2)], started(("a", 1)), [])
    assert len(found) == 1
    assert "ledger line 2" in found[0]
    assert "(line 1)" in found[0]


def test_gate_and_run_have_folders_of_their_own() -> None:
    entries = [entry("a", 1), entry("a", 1, 2, folder="a.1.gates-1")]
    assert unexplained(entries, started(("a", 1)), []) == []


def test_second_start_without_an_end_of_the_first_is_found() -> None:
    log = frames(("task.started", "a"), ("task.adopted", "a"), ("task.started", "a"))
    found = unexplained([], started(("a", 1), ("a", 2)), log)
    assert len(found) == 1
    assert "position 3" in found[0]
    assert "position 1" in found[0]


def test_run_that_was_given_back_must_not_have_started() -> None:
    log = frames(("task.started", "a"), ("task.released", "a"), ("task.started", "a"))
    log[1]["data"] = {"run": 1}
    starts = started(("a", 1), ("a", 2))
    assert unexplained([entry("a", 2)], starts, log) == []
    found = unexplained([entry("a", 1), entry("a", 2, 2)], starts, log)
    assert found == ["ledger line 1: task a run 1: the log gave this run back as never begun"]


def test_start_without_a_cause_is_found() -> None:
    starts = started(("a", 1))
    starts[0]["cause"] = "unexplained"
    assert len(unexplained([], starts, [])) == 1


def test_starts_of_other_tasks_do_not_explain_or_accuse() -> None:
    log = frames(
        ("task.started", "a"), ("task.started", "b"), ("task.resolved", "a"), ("task.started", "a")
    )
    assert unexplained([], started(("a", 1), ("b", 1), ("a", 2)), log) == []


def test_log_with_two_starts_of_one_run_is_found() -> None:
    assert len(unexplained([], started(("a", 1), ("a", 1)), [])) == 1


@given(st.text())
def test_ledger_of_any_text_never_raises(text: str) -> None:
    entries, bad = read_ledger(text)
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(entries) + len(bad) == len(lines)


def test_verify_command_passes_when_all_is_explained(
    server: WireServer, cli: Cli, tmp_path: Path
) -> None:
    server.world.starts = [samples.start("a", 1)]
    server.world.happen("task.started", "a")
    ledger = tmp_path / "ledger"
    ledger.write_text(json.dumps({"task_id": "a", "run": 1, "attempt": 1, "step": None}) + "\n\n")
    ran = cli("event", "verify", "--ledger", str(ledger))
    assert ran.code == 0
    assert "1 ledger line against 1 start, 0 problems" in ran.out


def test_verify_command_fails_on_an_unexplained_start(
    server: WireServer, cli: Cli, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger"
    ledger.write_text('{"task_id": "a", "run": 1}\nnonsense\n')
    ran = cli("event", "verify", "--ledger", str(ledger), "-o", "json")
    assert ran.code == 1
    document = json.loads(ran.out)
    assert (document["ok"], document["ledger_lines"], len(document["problems"])) == (False, 1, 2)


def test_verify_command_fails_on_a_broken_chain(server: WireServer, cli: Cli) -> None:
    assert cli("event", "verify").code == 0
    server.world.verdict = {"ok": False, "events": 3, "head": "x" * 64, "problems": ["pos 2"]}
    ran = cli("event", "verify")
    assert ran.code == 1
    assert "pos 2" in ran.out


def test_verify_command_names_a_missing_ledger(server: WireServer, cli: Cli) -> None:
    ran = cli("event", "verify", "--ledger", "gone")
    assert ran.code == 2
    assert "gone" in ran.err

from pathlib import Path
from typing import Any

import pytest

from claude_agent.domain.definition import DefinitionError
from claude_agent.errors import Conflict, Invalid, NotFound, TooLarge
from tests.unit.core.stand import NO, Stand

SMALL = """
name: Small One
steps:
  - id: a
    agent: testing
    run: "true"
  - id: b
    agent: testing
    run: "true"
    depends_on: [a]
"""
BAD: list[tuple[Any, type[Exception], str]] = [
    ("name: [", DefinitionError, "expected"),
    ("", DefinitionError, "empty"),
    ("name: x\nsteps:\n  - id: a\n    agent: tseting\n    run: x\n", DefinitionError, "tseting"),
    (
        "name: x\nsteps:\n  - id: a\n    agent: testing\n    rnu: x\n",
        DefinitionError,
        "does nothing",
    ),
    (
        {"name": "x", "steps": [{"id": "a", "run": "x", "depends_on": ["a"]}]},
        DefinitionError,
        "itself",
    ),
    ("x" * 2_000_000, TooLarge, "limit"),
]


@pytest.mark.parametrize(("source", "kind", "said"), BAD, ids=range(len(BAD)))
def test_bad_definition_is_refused_and_leaves_no_row(
    stand: Stand, source: Any, kind: type[Exception], said: str
) -> None:
    before = stand.everything()
    with pytest.raises(kind, match=said):
        stand.engine.define_workflow(source, file="w.yaml")
    with pytest.raises(kind, match=said):
        stand.engine.compile(source)
    assert stand.everything() == before


def test_definition_is_stored_once_under_its_hash(stand: Stand) -> None:
    digest = stand.engine.define_workflow(SMALL, file="w.yaml")
    assert stand.engine.define_workflow(SMALL) == digest
    (row,) = stand.rows("executions.newest_definitions")
    assert (row["hash"], row["slug"], row["source"], row["origin"]) == (
        digest,
        "small-one",
        SMALL,
        "user",
    )


def test_newest_definition_of_a_name_is_executed_and_old_executions_keep_theirs(
    stand: Stand,
) -> None:
    first = stand.engine.define_workflow(SMALL)
    old = stand.engine.execute("small-one")
    stand.clock.advance(1)
    second = stand.engine.define_workflow(SMALL.replace("b\n", "c\n", 1))
    new = stand.engine.execute("small-one")
    assert stand.execution(old).definition == first
    assert stand.execution(new).definition == second
    assert stand.execution(stand.engine.execute(first)).definition == first
    stand.clock.advance(1)
    stand.engine.define_workflow(SMALL)
    assert stand.execution(stand.engine.execute("small-one")).definition == first


def test_execution_begins_at_once_with_its_parameters(stand: Stand, tmp_path: Path) -> None:
    stand.engine.define_workflow(SMALL)
    execution = stand.engine.execute("small-one", {"n": 1}, cwd=str(tmp_path), actor="me")
    run = stand.execution(execution)
    assert (run.state, run.params, run.cwd) == ("running", {"n": 1}, str(tmp_path))
    assert run.workspace == str(stand.folder / "workspaces" / execution)
    assert stand.history()[0].event.actor == "me"
    assert stand.step_task(execution, "a").spec.cwd == str(tmp_path)


@pytest.mark.parametrize(
    ("name", "how", "kind", "said"),
    [
        ("nowhere", {}, NotFound, "no workflow nowhere"),
        ("small-one", {"cwd": "relative"}, Invalid, "absolute folder"),
        ("small-one", {"cwd": "/no/such"}, Invalid, "absolute folder"),
        ("strict", {"params": {"m": 1}}, DefinitionError, "m"),
        ("strict", {"params": {"n": "x"}}, DefinitionError, "n"),
        ("small-one", {"params": {"n": "a\ud800"}}, Invalid, "half of a character"),
        ("small-one", {"params": {"n": ["a\0"]}}, Invalid, "NUL"),
    ],
)
def test_execution_that_is_refused_leaves_no_row(
    stand: Stand, name: str, how: dict[str, Any], kind: type[Exception], said: str
) -> None:
    stand.engine.define_workflow(SMALL)
    stand.engine.define_workflow(
        {
            "name": "strict",
            "inputs": {"n": {"type": "integer"}},
            "steps": [{"id": "a", "agent": "testing", "run": "x"}],
        }
    )
    before = stand.everything()
    with pytest.raises(kind, match=said):
        stand.engine.execute(name, **how)
    assert stand.everything() == before


def test_cancel_stops_an_execution_and_says_who(stand: Stand) -> None:
    stand.engine.define_workflow(SMALL)
    execution = stand.engine.execute("small-one")
    ref = stand.execution(execution).ref
    found = stand.engine.cancel(ref, compensate=None, actor="me", reason="no need")
    assert found == execution
    run = stand.execution(execution)
    assert (run.state, run.cancel_requested) == ("cancelled", "no need")


def test_cancel_of_an_ended_execution_is_refused(stand: Stand) -> None:
    stand.engine.define_workflow(SMALL)
    execution = stand.engine.execute("small-one")
    stand.do(execution, "a", NO)
    with pytest.raises(Conflict, match="is failed already") as caught:
        stand.engine.cancel(execution, compensate=None, actor="me", reason="no")
    assert "execution show" in caught.value.hint
    with pytest.raises(NotFound):
        stand.engine.cancel("ZZZZ", compensate=None, actor="me", reason="no")


def test_progress_is_every_event_to_the_last(stand: Stand) -> None:
    stand.engine.define_workflow(SMALL)
    execution = stand.engine.execute("small-one")
    frames = stand.engine.monitor_progress(execution)
    early = [next(frames) for _ in range(3)]
    stand.do(execution, "a")
    stand.do(execution, "b")
    found = early + list(frames)
    assert [one["type"] for one in found] == stand.types(f"execution/{execution}")
    assert [one["seq"] for one in found] == list(range(1, len(found) + 1))
    assert found[-1]["data"]["state"] == "succeeded"
    assert found[0]["pos"] == 1


def test_progress_waits_for_more(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand.engine.define_workflow(SMALL)
    execution = stand.engine.execute("small-one")
    waited: list[int] = []

    def wait(head: int, timeout: float) -> bool:
        waited.append(head)
        stand.do(execution, "ab"[len(waited) - 1])
        return True

    monkeypatch.setattr(stand.follower, "wait_beyond", wait)
    found = list(stand.engine.monitor_progress(execution))
    assert len(waited) == 2
    assert found[-1]["type"] == "execution.ended"


def test_progress_of_an_unknown_execution_is_told(stand: Stand) -> None:
    with pytest.raises(NotFound):
        next(stand.engine.monitor_progress("none"))

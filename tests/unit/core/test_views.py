from dataclasses import replace
from typing import Any

import pytest

from claude_agent.core import execution_views, views
from claude_agent.domain import task_events as ev
from claude_agent.domain.deciding.news import CancelAsked
from claude_agent.domain.definition_parts import Foreach
from claude_agent.domain.events import Event
from claude_agent.storage.log import Recorded
from tests.unit.core.stand import NO, Stand, catalogue
from tests.unit.domain.making import AT, Play, definition, fold, running, step, submitted, undo


def test_task_is_shown_with_what_was_asked() -> None:
    found = views.task_view(submitted(with_={"x": 1}), fake=False, adapter="shell")
    assert (found["state"], found["shown"]["word"], found["priority"]) == (
        "ready",
        "queued",
        "NORMAL",
    )
    assert (found["run"], found["prompt"], found["action"], found["with"]) == (
        "true",
        None,
        None,
        {"x": 1},
    )
    assert (found["execution_id"], found["error"], found["outputs"], found["due_at"]) == (
        None,
        None,
        None,
        None,
    )
    assert found["url"] == "/ui/#/tasks/AB12"


@pytest.mark.parametrize("kind", ["prompt", "run", "action"])
def test_task_shows_its_text_under_its_kind(kind: str) -> None:
    found = views.task_view(submitted(kind=kind, text="do it"), fake=True, adapter="fake")
    assert [found[name] for name in ("prompt", "run", "action")].count("do it") == 1
    assert (found[kind], found["fake"], found["adapter"]) == ("do it", True, "fake")


def test_task_shows_when_it_is_due_and_that_it_is_a_retry() -> None:
    retry = ev.TaskRetryScheduled(due=AT + 9, attempt=2, reason="no")
    found = views.task_view(fold(running(), retry), fake=False, adapter="")
    assert (found["due_at"], found["shown"]["word"], found["adapter"]) == (
        AT + 9,
        "retrying",
        "shell",
    )


def test_task_shows_why_it_is_being_cancelled() -> None:
    one = replace(running(), cancel_requested="by me", reason="other")
    found = views.task_view(one, fake=False, adapter="")
    assert (found["reason"], found["shown"]["word"]) == ("by me", "cancelling")


def test_result_shows_the_exit_where_there_was_one() -> None:
    done = ev.TaskSucceeded(
        outputs={"x": 1}, verdict={"code": 0, "signal": None}, evidence=["E1", "E4"]
    )
    found = views.result_view(fold(running(), done))
    assert found["exit"] == {"code": 0, "signal": None}
    assert [one["level"] for one in found["evidence"]] == ["E1", "E4"]
    assert views.result_view(submitted())["exit"] is None


def played() -> Play:
    made = Play(
        definition(
            step("a", compensate=undo()),
            step("b", "a", compensate=undo(kind="action", action="drop", run=None)),
            step("c", "b"),
            on_failure="compensate",
        )
    ).begin()
    made.do("a", outputs={"x": 1})
    return made


def test_execution_is_shown_with_its_steps() -> None:
    made = played()
    found = execution_views.execution_view(made.run, made.definition)
    assert (found["state"], found["error"], found["not_undone"]) == ("running", None, [])
    first, second, third = found["steps"]
    assert (first["state"], first["outputs"], first["compensate"]) == (
        "succeeded",
        {"x": 1},
        {"action": None, "run": "undo", "on": "succeeded"},
    )
    assert (second["state"], second["depends_on"]) == ("queued", ["a"])
    assert (third["task_id"], third["compensate"], third["compensation"]) == (None, None, None)


def test_step_that_waits_for_its_next_attempt_is_shown_as_retrying() -> None:
    made = played()
    made.news("b", "started", attempt=1)
    made.news("b", "retrying", message="no", due=9)
    found = execution_views.execution_view(made.run, made.definition)["steps"][1]
    assert (found["shown"]["word"], found["error"]) == (
        "retrying",
        {"kind": "failed", "message": "no"},
    )


def test_failed_execution_says_where_and_shows_the_plan_of_its_undoing() -> None:
    made = played()
    made.do("b")
    made.do("c", "failed", reason="exit", message="no")
    found = execution_views.execution_view(made.run, made.definition)
    assert (found["state"], found["error"]) == (
        "compensating",
        {"kind": "exit", "message": "c: no"},
    )
    undoing = {one["id"]: one["compensation"] for one in found["steps"]}
    assert (undoing["b"]["order"], undoing["b"]["state"]) == (1, "compensating")
    assert (undoing["a"]["order"], undoing["a"]["state"]) == (2, "pending")
    assert undoing["c"] is None
    assert undoing["b"]["task_ref"]


def test_execution_whose_outputs_failed_names_them() -> None:
    made = Play(definition(step("a"), outputs={"x": "${{ steps.a.outputs.none }}"})).begin()
    made.do("a")
    found = execution_views.execution_view(made.run, made.definition)
    assert found["error"]["kind"] == "expression"
    assert found["error"]["message"].startswith("outputs: ")


def test_edges_lead_from_a_step_to_what_follows() -> None:
    made = definition(step("a"), step("b", "a"), step("c", "a", "b"))
    assert views.edges(made) == [["a", "b"], ["a", "c"], ["b", "c"]]


def test_workflow_is_shown_as_it_was_stored(stand: Stand) -> None:
    stand.engine.define_workflow(
        {
            "name": "Two",
            "description": "d",
            "inputs": {"n": {"type": "integer", "default": 3}},
            "steps": [
                {"id": "a", "agent": "testing", "run": "x", "compensate": {"run": "undo"}},
                {"id": "b", "action": "noop", "depends_on": ["a"]},
            ],
        },
        origin="shipped",
    )
    (row,) = stand.rows("executions.newest_definitions")
    found = views.workflow_view(row)
    assert (found["workflow"], found["source"], found["description"]) == ("two", "shipped", "d")
    assert found["inputs"]["n"]["default"] == 3
    assert [one["compensate"] for one in found["steps"]] == [True, False]
    assert found["steps"][1] == {
        "id": "b",
        "kind": "action",
        "agent": None,
        "action": "noop",
        "depends_on": ["a"],
        "compensate": False,
    }


@pytest.mark.parametrize(
    ("stream", "topic", "execution"),
    [
        ("task/t1", "tasks", "e1"),
        ("task/t2", "tasks", None),
        ("execution/e9", "executions", "e9"),
        ("agent/x", "agents", None),
        ("approval/a1", "approvals", "e1"),
        ("approval/a2", "approvals", None),
        ("system/server", "system", None),
        ("bus/x", "system", None),
    ],
)
def test_frame_has_its_topic_and_its_execution(
    stream: str, topic: str, execution: str | None
) -> None:
    event = Event(stream=stream, seq=1, type="x.y", v=1, at=AT, actor="me", data={"n": 1})
    found = views.frame(Recorded(pos=7, event=event), {"t1": "e1", "t2": "", "a1": "e1"})
    assert (found["topic"], found["execution_id"], found["pos"], found["id"]) == (
        topic,
        execution,
        7,
        stream.partition("/")[2],
    )


def test_frame_of_a_task_without_a_map_has_no_execution() -> None:
    event = Event(stream="task/t1", seq=1, type="x.y", v=1, at=AT, actor="me", data={})
    assert views.frame(Recorded(pos=1, event=event))["execution_id"] is None


@pytest.mark.parametrize(
    ("alive", "running_rows", "state"),
    [
        ("alive", [], "idle"),
        ("gone", [], "lost"),
        ("alive", [{"attempt_started_at": None}], "starting"),
        ("gone", [{"attempt_started_at": None}, {"attempt_started_at": 5}], "working"),
    ],
)
def test_agents_state_is_what_it_does(
    alive: str, running_rows: list[dict[str, Any]], state: str
) -> None:
    assert views.agent_state(alive=alive == "alive", running=running_rows) == state


def test_agents_are_shown_with_what_they_run(stand: Stand) -> None:
    one = stand.running(title="hello")
    rows = stand.rows("tasks.active_rows")
    found = views.agent_views(catalogue().agents, rows, {"testing": True}, {"testing": 9})
    mine = next(each for each in found if each["name"] == "testing")
    assert (mine["state"], mine["session"], mine["slots"], mine["last_output_at"]) == (
        "working",
        "claude-testing",
        2,
        9,
    )
    assert mine["running"] == [
        {"id": one.id, "ref": one.ref, "title": "hello", "started_at": one.attempt_started_at}
    ]
    other = next(each for each in found if each["name"] == "chat")
    assert (other["state"], other["fake"], other["last_output_at"]) == ("lost", True, None)


def test_queues_are_shown_with_their_depth(stand: Stand) -> None:
    at = stand.clock.now()
    stand.running()
    stand.reaped(stand.running())
    stand.submit()
    stand.submit(delay="1h")
    stand.end(stand.running("database"), NO)
    depths = [*stand.rows("tasks.by_queue"), {"queue": "gone", "state": "ready", "count": 3}]
    found = {one["name"]: one for one in views.queue_views(stand.rows("work.queues"), depths)}
    assert found["testing"] == {
        "name": "testing",
        "ready": 1,
        "scheduled": 1,
        "running": 2,
        "limit": 2,
        "oldest_ready_at": at,
        "paused": False,
        "shown": {"word": "open", "icon": "circle", "family": "idle"},
    }
    assert (found["database"]["running"], found["database"]["oldest_ready_at"]) == (0, None)
    assert "gone" not in found


def test_instances_of_a_step_are_shown_below_it() -> None:
    made = Play(definition(step("t", foreach=Foreach(items=["x", "y"])), step("b", "t"))).begin()
    made.do("t[0]", outputs={"n": 1})
    found = execution_views.execution_view(made.run, made.definition)
    first, second = found["steps"]
    assert (first["id"], first["outputs"], second["instances"]) == ("t", None, None)
    assert (first["instances"]["total"], first["instances"]["counts"]) == (
        2,
        {"succeeded": 1, "queued": 1},
    )
    one, two = first["instances"]["items"]
    assert (one["id"], one["item"], one["outputs"], one["state"]) == (
        *("t[0]", "x", {"n": 1}),
        "succeeded",
    )
    assert two["task_ref"]
    short = execution_views.execution_view(made.run, made.definition, whole=False)
    assert short["steps"][0]["instances"] == {**first["instances"], "items": []}
    made.do("t[1]")
    assert execution_views.execution_view(made.run, made.definition)["steps"][0]["outputs"] is None


def test_of_many_instances_those_that_went_wrong_or_are_open_are_shown() -> None:
    many = Foreach(items=list(range(500)), fail_fast=False, max_parallel=300)
    made = Play(definition(step("t", foreach=many))).begin()
    for n in range(298):
        made.news(f"t[{n}]", "failed" if n == 7 else "succeeded", reason="exit", message="no")
    found = execution_views.execution_view(made.run, made.definition)["steps"][0]["instances"]
    shown = {one["id"]: one["state"] for one in found["items"]}
    assert (found["total"], len(shown)) == (500, execution_views.SHOWN_INSTANCES)
    assert shown["t[7]"] == "failed"
    assert list(shown.values()).count("queued") == 199


def test_execution_that_is_to_be_undone_names_the_step_it_waits_for() -> None:
    made = played()
    made.news("b", "started", attempt=1)
    made.news("b", "uncertain", reason="gone")
    made.tell(CancelAsked(reason="by me", compensate=True))
    found = execution_views.execution_view(made.run, made.definition)
    assert (found["state"], found["reason"]) == ("cancelling", "compensating, waits for b")
    made.news("b", "cancelled", ended_well=True)
    found = execution_views.execution_view(made.run, made.definition)
    assert (found["state"], found["reason"]) == ("compensating", "by me")

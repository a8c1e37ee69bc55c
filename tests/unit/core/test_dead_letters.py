"""Dead letters of both kinds, on the real core."""

import json
from typing import Any

import pytest

from claude_agent.core.letters import Criteria
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.errors import Conflict, Invalid, NotFound, UnknownName
from tests.unit.core.stand import NO, Stand, compare_with_the_log

ALL = Criteria()


def die(stand: Stand, name: str = "testing", **fields: Any) -> Task:
    """Return a task that died at its first attempt; a millisecond passes."""
    gone = stand.end(stand.running(name, **fields), NO)
    stand.clock.advance(1)
    return gone


def bury(stand: Stand, message_id: str, **change: Any) -> None:
    """Put a dead message into the table, as the broker leaves one."""
    body = {
        "queue_name": "default",
        "actor_name": "notify",
        "args": [1],
        "kwargs": {"to": "ann"},
        "options": {"retries": 2, "traceback": "Traceback\nValueError: no", "priority": 1},
        "message_id": message_id,
        "message_timestamp": 1,
    }
    row = {
        "id": message_id,
        "queue": "default",
        "actor": "notify",
        "body": json.dumps(body),
        "state": "ready",
        "priority": 0,
        "base_priority": 0,
        "expires_at": None,
        "position": 1,
        "not_before": 0,
        "enqueued_at": stand.clock.now(),
        **change,
    }

    def work(tx: Any) -> None:
        tx.execute("messages.put", **row)
        tx.execute("messages.claim", owner="w", queue=row["queue"], count=9, now=0)
        tx.execute(
            "messages.bury",
            id=message_id,
            owner="w",
            fence=1,
            now=stand.clock.now(),
            reason="failed",
            error="",
            line='{"event":"dead"}\n',
        )

    stand.database.write(work)
    stand.clock.advance(1)


def page(stand: Stand, wanted: Criteria = ALL, limit: int = 50) -> list[Any]:
    return stand.database.read(lambda r: stand.letters.page(r, wanted, limit))


def redrive(stand: Stand, kind: str, ref: str, **how: Any) -> Any:
    context = stand.desk.context("ann")
    return stand.database.write(lambda tx: stand.letters.redrive(tx, (kind, ref), context, **how))


def discard(stand: Stand, kind: str, ref: str, reason: str = "obsolete") -> Any:
    context = stand.desk.context("ann")
    return stand.database.write(
        lambda tx: stand.letters.discard(tx, (kind, ref), context, reason=reason)
    )


def test_letters_of_both_kinds_are_listed_together_the_newest_first(stand: Stand) -> None:
    first = die(stand)
    bury(stand, "m1")
    last = die(stand, "database")
    found = page(stand)
    assert [one["ref"] for one in found] == [last.ref, "m1", first.ref]
    assert [one["kind"] for one in found] == ["task", "message", "task"]
    assert found[0]["error"] == {"kind": "exit", "message": "It exited with 1."}
    assert found[1]["error"] == {"kind": "failed", "message": "ValueError: no"}
    assert found[1]["attempts"] == 3
    assert stand.database.read(lambda r: stand.letters.counts(r, ALL)) == {"task": 2, "message": 1}


@pytest.mark.parametrize(
    ("wanted", "refs"),
    [
        (Criteria(kind="message"), ["m1"]),
        (Criteria(kind="task", agent="database"), ["D"]),
        (Criteria(queue="default"), ["m1"]),
        (Criteria(agent="notify"), ["m1"]),
        (Criteria(reason="exit"), ["D", "T"]),
        (Criteria(reason="failed"), ["m1"]),
        (Criteria(since=1), ["D", "m1", "T"]),
        (Criteria(since=2**53), []),
    ],
    ids=lambda value: str(value.to_data()) if isinstance(value, Criteria) else "",
)
def test_letters_are_narrowed_by_criteria(stand: Stand, wanted: Criteria, refs: list[str]) -> None:
    known = {"T": die(stand).ref}
    bury(stand, "m1")
    known["D"] = die(stand, "database").ref
    assert [one["ref"] for one in page(stand, wanted)] == [known.get(ref, ref) for ref in refs]
    counts = stand.database.read(lambda r: stand.letters.counts(r, wanted))
    assert sum(counts.values()) == len(refs)


def test_a_letter_shows_its_errors_in_order_and_its_payload(stand: Stand) -> None:
    task = stand.running(retry={"max_attempts": 2, "delay": "1s"}, env={"A": "1"})
    stand.end(task, NO)
    stand.clock.advance(5_000)
    stand.scheduler.tick()
    (again,) = stand.claims.claim()
    gone = stand.end(stand.start(again), NO)
    found, of = stand.database.read(lambda r: stand.letters.show(r, "task", gone.ref))
    assert of == gone
    assert [(one["attempt"], one["run"]) for one in found["errors"]] == [(1, 1), (2, 2)]
    assert found["reason"] == "attempts_used_up"
    assert found["payload"]["run"] == "true"
    assert found["payload"]["env"] == ["A"]
    assert "verify" not in found["payload"]
    assert [one["type"] for one in found["events"]][-1] == "task.dead"


def test_a_letter_of_a_message_shows_its_arguments_and_history(stand: Stand) -> None:
    bury(stand, "m1")
    found, of = stand.database.read(lambda r: stand.letters.show(r, "message", "m1"))
    assert of is None
    assert found["payload"]["args"] == [1]
    assert found["payload"]["kwargs"] == {"to": "ann"}
    assert found["errors"][0]["message"] == "ValueError: no"
    assert found["history"] == [{"event": "dead"}]
    assert found["tail"].startswith("Traceback")
    bury(stand, "m2", body="not JSON")
    broken, _ = stand.database.read(lambda r: stand.letters.show(r, "message", "m2"))
    assert broken["payload"] == {"body": "not JSON"}


def test_a_re_driven_task_runs_again_in_a_new_generation(stand: Stand) -> None:
    gone = die(stand)
    done = redrive(stand, "task", gone.ref, reason="fixed it")
    assert (done["state"], done["generation"]) == ("ready", 2)
    (again,) = stand.claims.claim()
    assert (again.id, again.run, again.attempt) == (gone.id, 2, 0)
    assert stand.end(stand.start(again)).state == TaskState.SUCCEEDED
    compare_with_the_log(stand)
    redriven = next(one for one in stand.history() if one.event.type == "task.redriven")
    assert redriven.event.actor == "ann"
    assert redriven.event.data["reason"] == "fixed it"


def test_a_re_driven_task_may_be_changed_and_moved(stand: Stand) -> None:
    gone = die(stand, run="exit 1", priority="LOW", env={"A": "1"}, timeout="5m")
    changes = {
        "run": "exit 0",
        "agent": "database",
        "priority": "HIGH",
        "retry": {"max_attempts": 3},
    }
    redrive(stand, "task", gone.ref, changes=changes)
    found = stand.task(gone.id)
    assert (found.spec.text, found.spec.title) == ("exit 0", "exit 0")
    assert (found.spec.agent, found.spec.queue) == ("database", "database")
    assert found.spec.retry.max_attempts == 3
    assert (found.spec.env, found.spec.limits) == (gone.spec.env, gone.spec.limits)
    (row,) = stand.rows("tasks.by_id", id=gone.id)
    assert (row["effective_priority"], row["queue"]) == (int(found.spec.priority), "database")
    assert [one.id for one in stand.claims.claim()] == [gone.id]
    compare_with_the_log(stand)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"agent": "nobody"}, UnknownName),
        ({"prompt": "say hello"}, Invalid),
        ({"queue": "nowhere"}, UnknownName),
        ({"retry": {"max_attempts": -1}}, Invalid),
        ({"args": [1]}, Invalid),
        ({"action": "clone_repo"}, Invalid),
    ],
)
def test_a_change_is_checked_as_at_submit(
    stand: Stand, changes: dict[str, Any], error: type[Exception]
) -> None:
    gone = die(stand)
    with pytest.raises(error):
        redrive(stand, "task", gone.ref, changes=changes)
    assert stand.task(gone.id) == gone


def test_an_action_gets_its_parameters_with_the_change(stand: Stand) -> None:
    gone = die(stand, run=None, action="setup_database")
    redrive(stand, "task", gone.ref, changes={"with": {"to": "0002"}})
    assert stand.task(gone.id).spec.with_ == {"to": "0002"}


def test_a_step_of_a_workflow_is_not_re_driven_and_may_be_discarded(stand: Stand) -> None:
    execution = stand.engine.execute(
        {"name": "D", "steps": [{"id": "a", "run": "x", "agent": "testing"}]}
    )
    gone = stand.do(execution, "a", NO)
    assert gone.state == TaskState.DEAD
    with pytest.raises(Conflict, match="belongs to step a"):
        redrive(stand, "task", gone.ref)
    assert page(stand)[0]["redrivable"] is False
    assert discard(stand, "task", gone.ref)["state"] == "discarded"
    compare_with_the_log(stand)


def test_a_discarded_letter_is_listed_no_more(stand: Stand) -> None:
    gone = die(stand)
    bury(stand, "m1")
    assert discard(stand, "task", gone.ref)["state"] == "discarded"
    assert discard(stand, "message", "m1")["state"] == "discarded"
    assert page(stand) == []
    assert stand.task(gone.id).state == TaskState.DISCARDED
    (told,) = [one.event for one in stand.history() if one.event.type == "message.discarded"]
    assert told.actor == "ann"
    assert told.data["reason"] == "obsolete"
    assert told.data["payload"]["args"] == [1]


def test_a_re_driven_message_forgets_its_attempts_and_keeps_its_history(stand: Stand) -> None:
    bury(stand, "m1")
    rung: list[str] = []
    stand.notifier.ring = rung.append  # type: ignore[method-assign]
    assert redrive(stand, "message", "m1")["state"] == "ready"
    assert rung == ["messages"]
    (row,) = stand.rows("messages.of_id", id="m1")
    assert (row["state"], row["deliveries"], row["dead_reason"]) == ("ready", 0, None)
    body = json.loads(row["body"])
    assert body["options"] == {"priority": 1}
    assert [json.loads(x)["event"] for x in row["history"].splitlines()] == ["dead", "redriven"]
    assert stand.types("message/m1") == ["message.redriven"]
    with pytest.raises(NotFound):
        redrive(stand, "message", "m1")


def test_a_message_may_be_changed(stand: Stand) -> None:
    bury(stand, "m1")
    changes = {"args": [2], "kwargs": {}, "queue": "other"}
    redrive(stand, "message", "m1", changes=changes)
    (row,) = stand.rows("messages.of_id", id="m1")
    body = json.loads(row["body"])
    assert (body["args"], body["kwargs"], body["queue_name"], row["queue"]) == (
        [2],
        {},
        "other",
        "other",
    )


def test_a_message_that_cannot_be_read_is_re_driven_only_as_it_is(stand: Stand) -> None:
    bury(stand, "m1", body="not JSON")
    with pytest.raises(Invalid, match="cannot be read"):
        redrive(stand, "message", "m1", changes={"args": []})
    with pytest.raises(Invalid, match="has no run"):
        redrive(stand, "message", "m1", changes={"run": "true"})
    assert redrive(stand, "message", "m1")["state"] == "ready"


def test_what_is_no_dead_letter_is_not_found(stand: Stand) -> None:
    alive = stand.submit()
    with pytest.raises(NotFound, match="is ready"):
        stand.database.read(lambda r: stand.letters.show(r, "task", alive.ref))
    with pytest.raises(Conflict):
        redrive(stand, "task", alive.ref)
    for kind in ("task", "message"):
        with pytest.raises(NotFound):
            discard(stand, kind, "nothing")


def test_the_first_letter_of_a_kind_is_told_once(stand: Stand) -> None:
    def told() -> list[tuple[str, str]]:
        return [
            (one.event.data["agent"], one.event.data["reason"])
            for one in stand.history()
            if one.event.type == "dead_letter.first"
        ]

    gone = [die(stand), die(stand)]
    assert told() == [("testing", "exit")]
    die(stand, "database")
    assert told() == [("testing", "exit"), ("database", "exit")]
    for one in gone:
        discard(stand, "task", one.ref)
    die(stand)
    assert told()[2:] == [("testing", "exit")]

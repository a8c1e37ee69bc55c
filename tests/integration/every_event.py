"""A history that holds every type of event there is, and rows in every table of people's things."""

import ast
import contextlib
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import dramatiq

from claude_agent.api.asked import IdempotencyKey
from claude_agent.core.agent_reports import Speaker
from claude_agent.core.questions import QuestionDesk
from claude_agent.core.queue_desk import QueueDesk
from claude_agent.core.run_control import Ended
from claude_agent.core.run_journal import Position
from claude_agent.core.webhooks import Delivery
from claude_agent.domain.deciding.news import Signalled
from claude_agent.domain.events import kinds
from claude_agent.domain.problem import DefinitionError
from claude_agent.domain.question import Answer
from claude_agent.domain.retry import Failure
from claude_agent.domain.task_lost import ReportLate
from claude_agent.queue import BrokerOptions, DatabaseBroker, DatabaseRateLimits, DatabaseResults
from claude_agent.serve.base import keep_answer
from claude_agent.storage.database import Tx
from tests.architecture.files import ROOT
from tests.integration.every_limit import play_limits
from tests.integration.every_pause import play_pauses
from tests.unit.core.stand import NO, Stand
from tests.unit.core.test_dead_letters import bury, die
from tests.unit.core.test_execution_desk import UNDO, step, workflow
from tests.unit.core.test_hosts import Other
from tests.unit.core.test_redrives import begin
from tests.unit.core.test_waits import wait

SAID_OF_QUEUES = {"queue.paused", "queue.resumed", "queue.limited", "queue.purged"}
OF_PROCESSES = {"agent.session_lost", "server.started", "server.stopped", "worker.fenced_out"}
NOT_YET = {"step.expanded"}
"""Decided on, but no execution with it can be started yet."""
ODD = "half \ud800 of \u00e4"
SAID_BY_AGENT = f"{ODD} and nul \0"
"""People cannot send a NUL: the gateway refuses it."""
RETRY = {"max_attempts": 2, "delay": "1s", "jitter": 0}


def known_types() -> set[str]:
    """Return every type of event that the code can append.

    The registered payloads, and what is named where events without a state machine are recorded.
    """
    named = {
        value
        for path in sorted((ROOT / "src" / "claude_agent").rglob("*.py"))
        for value in _recorded_in(ast.parse(path.read_text()))
    }
    return set(kinds()) | named | SAID_OF_QUEUES | OF_PROCESSES


def _recorded_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in {"record", "_record"}:
            for argument in node.args:
                value = argument.value if isinstance(argument, ast.Constant) else None
                if isinstance(value, str) and "." in value and "/" not in value:
                    yield value


def play(stand: Stand) -> None:
    """Let everything happen once."""
    play_pauses(stand)
    _state(stand)
    _breakers(stand)
    _questions(stand)
    play_limits(stand)
    _tasks_that_wait(stand)
    _tasks_that_run(stand)
    _hands(stand)
    _executions(stand)
    _people(stand)
    _another_host(stand)
    _processes(stand)
    _messages(stand)
    _schedules(stand)
    _webhooks(stand)
    _event_triggers(stand)
    stand.restart()
    stand.running("database", title="runs while it is moved", lock="the-lock")
    _keys(stand)


def _keys(stand: Stand) -> None:
    """One execution has a key and waits for a signal that is not the one it had; one waits."""
    flow = workflow(wait("w", signal="go"), concurrency={"key": "k", "on_conflict": "queue"})
    first = stand.engine.execute(flow)
    stand.engine.execute(flow)
    news = Signalled(name="other", data={"n": 1}, source="me", message_id="m1")
    context = stand.desk.context("me")
    stand.database.write(lambda tx: stand.links.signals.send(tx, first, news, context))


def _questions(stand: Stand) -> None:
    """One is answered and delivered, one nobody waits for any more."""
    desk = QuestionDesk(stand.foundation, stand.desk)
    task = stand.running(title="asks")
    row = stand.records.position(task.run_id)
    assert row is not None
    was = Position(segment=row["segment"], byte=row["byte"], line=row["line"])
    given = {"command": f"say {SAID_BY_AGENT}"}
    lines = [
        {"kind": "asked", "ask": "1", "what": "permission", "tool": "Bash", "input": given},
        {"kind": "asked", "ask": "2", "what": "question", "text": SAID_BY_AGENT, "options": ["a"]},
    ]
    first, _ = stand.records.move(task, was, Position(segment=1, byte=90, line=9), asks=lines)
    said = Answer(decision="allow", by="ann", note="fine", input={"command": "true"})
    stand.database.write(lambda tx: desk.answer(tx, first.id, said))
    now = Position(segment=1, byte=99, line=10)
    told = {"kind": "answered", "ask": "1", "decision": "allow", "via": "person"}
    stand.records.move(task, Position(segment=1, byte=90, line=9), now, asks=[told])
    stand.end(task)


def _breakers(stand: Stand) -> None:
    for _ in range(5):
        stand.resilience.failed("agent:nobody", "auth: no")
    stand.clock.advance(30_000)
    stand.scheduler.tick()
    stand.resilience.worked("agent:nobody")
    stand.resilience.failed("webhook:somewhere", "it is away")


def _state(stand: Stand) -> None:
    stand.state.update_state("kept", {"text": "ä"})
    stand.state.update_state("gone", 1)
    stand.state.update_state("expires", 1, ttl_ms=3_600_000)
    stand.snapshots.take("before")
    stand.state.delete_state("gone")
    stand.snapshots.restore("before")


def _tasks_that_wait(stand: Stand) -> None:
    stand.submit(delay="2s", title="comes due")
    stand.submit(delay="1h", title="is moved")
    stand.scheduler.tick()
    stand.clock.jump(60_000)
    stand.scheduler.tick()
    stand.clock.advance(2_500)
    stand.scheduler.tick()
    late = stand.submit("deployment", timeout={"start": "1s"}, delay="0s")
    stand.clock.advance(3_000)
    stand.scheduler.tick()
    assert stand.task(late.id).state == "expired"
    stand.orders.cancel(stand.submit("master", delay="1h").id, reason=ODD, actor="me")
    first = stand.submit("master", title="is followed")
    stand.submit("testing", title="follows", after=[first.ref])
    for one in stand.claims.claim():
        stand.end(stand.start(one))
    stand.links.orchestrator.drain()
    for one in stand.claims.claim():
        stand.end(stand.start(one))
    others = [stand.submit("master", delay="1h", title=f"awaited {n}").id for n in range(2)]
    stand.submit("testing", title="waits for two", after=others)


def _tasks_that_run(stand: Stand) -> None:
    stand.submit("testing", title="released")
    (claimed,) = stand.claims.claim()
    stand.control.release(claimed, "its run was sealed")
    (claimed,) = stand.claims.claim()
    one = stand.start(claimed)
    stand.bus.send_command(one.id, "interrupt", {}, actor="me")
    at = stand.records.position(one.run_id)
    assert at is not None
    was = Position(segment=at["segment"], byte=at["byte"], line=at["line"])
    now = Position(segment=at["segment"], byte=9, line=1)
    stand.records.move(one, was, now, notes=[("text", SAID_BY_AGENT)])
    speaker = Speaker(agent="testing", task_id=one.id, run=one.run)
    stand.reports.progress(speaker, SAID_BY_AGENT)
    stand.reports.complete(speaker, {"text": SAID_BY_AGENT})
    one = stand.control.adopt(stand.task(one.id), alive=True)
    one = stand.control.stop_run(one, "timeout.run")
    stand.end(one)
    stand.reports.fail(speaker, "late", retryable=False)
    gates = stand.running("database", gates=["true"])
    stand.end(gates)
    again = stand.control.restart_gates(stand.task(gates.id))
    stand.control.gates_ended(again.id, again.fence, None, ("gate.log",))
    retried = stand.running("testing", retry=RETRY, env={"A": "b"})
    stand.end(retried, NO)
    stand.clock.advance(1_500)
    stand.scheduler.tick()
    (second,) = stand.claims.claim()
    stand.orders.cancel(stand.start(second).id, reason="no", actor="me")
    stand.end(stand.task(second.id), NO)
    lost = stand.reaped(stand.running("testing"))
    stand.orders.answer(lost.id, "succeeded", ODD, "me")
    spent = {"conversation": "c", "input": 3, "output": 2, "cost_usd": 0.5}
    told = {"run_id": lost.run_id, "run": lost.run, "code": 1, "signal": None, "spent": spent}
    late = ReportLate(run=lost.run, verdict=told, kind="exit", message=ODD, evidence=("E1",))
    stand.records.late_reports().record(lost.id, late)


def _hands(stand: Stand) -> None:
    """A person takes one over and hands it back; the second still has theirs."""
    for title in ("is handed back", "stays taken over"):
        asked = stand.bus.publish_task("chat", {"prompt": "Do it.", "title": title})
        one = stand.start(next(each for each in stand.claims.claim() if each.id == asked))
        stand.orders.take_over(one.id, actor="me")
        stopped = Ended(verdict={"stopped": True, "code": 0}, failure=NO, outputs=None)
        stopped = replace(stopped, conversation="talk")
        shown = stand.start(stand.control.ended(one.id, one.fence, stopped))
        if title == "is handed back":
            stand.orders.hand_back(shown.id, note=ODD, actor="me")
            back = stand.control.ended(shown.id, shown.fence, stopped)
            stand.end(stand.start(back))


def _webhooks(stand: Stand) -> None:
    hook = {"path": "moved", "secret": "MOVED"}
    body = [{"id": "a", "run": "true", "agent": "testing"}]
    flow = {"name": "Hooked", "secrets": ["MOVED"], "on": {"webhook": [hook]}, "steps": body}
    stand.engine.define_workflow(flow)
    signature = "sha256=" + hmac.new(b"not-a-secret", b"{}", hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": signature}
    os.environ["CLAUDE_AGENT_SECRET_MOVED"] = "not-a-secret"  # noqa: S105 - of the test
    one = Delivery(path="moved", raw=b"{}", body={}, headers=headers)
    stand.links.triggers.webhooks.receive(one)
    del os.environ["CLAUDE_AGENT_SECRET_MOVED"]


def _event_triggers(stand: Stand) -> None:
    body = [{"id": "a", "run": "true", "agent": "testing"}]
    line = {"type": "moved.now", "if": "event.data.wanted"}
    stand.engine.define_workflow({"name": "Told", "on": {"event": [line]}, "steps": body})
    for wanted in (True, False, ODD):  # it starts; it does not; it cannot be evaluated
        stand.bus.broadcast_event("moved.now", {"wanted": wanted})
    stand.scheduler.tick()
    stand.bus.broadcast_event("moved.now", {"wanted": True})  # is not looked at before the move


def _schedules(stand: Stand) -> None:
    desk = stand.links.triggers.schedule_desk
    lines = [{"cron": "* * * * *", "overlap": how} for how in ("skip", "queue")]
    body = [{"id": "a", "run": "true", "agent": "testing"}]
    flow = {"name": "Timed", "on": {"schedule": lines}, "steps": body}
    stand.engine.define_workflow(flow)
    for _ in range(2):
        stand.clock.advance(60_000)
        stand.scheduler.tick()
    desk.pause("timed.1", reason=ODD, actor="me")
    desk.resume("timed.1", actor="me")
    stand.clock.advance(3_600_000)
    stand.scheduler.tick()
    stand.engine.define_workflow(flow | {"on": {"schedule": lines[:1]}})
    desk.pause("timed.1", reason="", actor="me")


def _executions(stand: Stand) -> None:
    undone = stand.engine.execute(
        workflow(
            step("a", compensate=UNDO),
            step("b", "a", compensate={"run": "no"}),
            step("c", "b", retry=RETRY),
            step("d", "c"),
            on_failure="compensate",
        )
    )
    stand.do(undone, "a", text=SAID_BY_AGENT)
    stand.do(undone, "b")
    stand.do(undone, "c", NO)
    stand.clock.advance(1_500)
    stand.scheduler.tick()
    stand.do(undone, "c", Failure(kind="exit", message=SAID_BY_AGENT, exit_code=1))
    stand.do(undone, "undo b")
    stand.do(undone, "undo a", NO)
    assert stand.execution(undone).ended_at is not None
    with contextlib.suppress(DefinitionError):  # stored, not started in this version
        stand.engine.execute(workflow(step("many", foreach={"items": ["x", "y"]})))
        NOT_YET.clear()
    skips = stand.engine.execute(workflow(step("a"), step("b", **{"if": "false"})))
    lost = stand.start(next(x for x in stand.claims.claim() if x.spec.step_id == "a"))
    stand.control.lost(lost.id, lost.fence, "its shim was lost")
    reaped = stand.control.reaped(lost.id, stand.task(lost.id).fence, 0)
    stand.orders.answer(reaped.id, "succeeded", "", "me")
    stand.execution(skips)
    gone = stand.engine.execute(workflow(step("a"), step("b", "a")))
    stand.engine.cancel(gone, compensate=None, actor="me", reason=ODD)


def _people(stand: Stand) -> None:
    letters = [die(stand, title=f"letter {n}") for n in range(3)]
    bury(stand, "m1")
    bury(stand, "m2")
    act = stand.desk.context("ann")

    def work(tx: Tx) -> None:
        changed = {"run": "echo mended", "env": {"SHADE": "blue"}}
        stand.letters.redrive(tx, ("task", letters[0].id), act, changes=changed, reason=ODD)
        stand.letters.discard(tx, ("task", letters[1].id), act, reason=ODD)
        stand.letters.discard(tx, ("message", "m1"), act, reason="a test")
        key = IdempotencyKey(key="k1", body_hash="h")
        keep_answer(tx, key, (201, {"text": ODD}), act.at)

    stand.database.write(work)
    begin(stand, queue="testing")
    stand.scheduler.tick()
    bury(stand, "m3")
    begin(stand, "1/m", kind="message")
    stand.scheduler.tick()
    die(stand, "deployment")
    stand.redrives.tell_first_messages()
    queues = QueueDesk(stand.database, stand.desk, stand.catalogue, stand.notifier)
    queues.pause("testing", reason=ODD, actor="ann")
    queues.pause("database", reason="a release", actor="ann")
    queues.resume("database", actor="ann")
    queues.limit("testing", 7, actor="ann")
    queues.limit("database", 7, actor="ann")
    queues.limit("database", None, actor="bob")
    stand.submit("chat", prompt="x", run=None)
    queues.purge("chat", reason="stale", actor="ann")


def _another_host(stand: Stand) -> None:
    other = Other(stand, "far")
    stand.submit("deployment", title="on the other host")
    for one in other.claims.claim():
        other.control.started(one, adapter="shell", digest="d")
    stand.clock.advance(60_000)
    for _ in range(10):
        stand.hosts.look()
        stand.clock.advance(2_500)
    stand.hosts.declare_lost("there", "ann")


def _processes(stand: Stand) -> None:
    for type_ in sorted(OF_PROCESSES):
        stand.database.write(partial(_record, stand, type_))
    stand.bus.broadcast_event("hello", {"n": 1, "text": json.dumps(ODD)})


def _messages(stand: Stand) -> None:
    """Leave rows in the broker's own tables."""
    broker = DatabaseBroker(
        database=stand.database, options=BrokerOptions(owners=stand.folder / "owners")
    )

    @dramatiq.actor(broker=broker)
    def greet(name: str) -> None:
        raise AssertionError(name)

    sent = greet.send_with_options(args=(SAID_BY_AGENT,), dedupe_key="once", delay=60_000)
    broker.publish_manifest()
    DatabaseResults(broker).store_result(sent, ODD, 60_000)
    DatabaseRateLimits(broker).add("limit", 1, 60_000)
    broker.close()


def _record(stand: Stand, type_: str, tx: Tx) -> None:
    stand.bus.record(tx, "system/server", type_, {"said": ODD})

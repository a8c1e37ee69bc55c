"""Stories around each new transaction of the engine, in which the server is killed."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from claude_agent.core.second_chances import Chance, SecondChances
from claude_agent.core.webhooks import Delivery
from claude_agent.domain.approval import Say
from claude_agent.domain.approval_policy import Match, Policy, Rule
from claude_agent.domain.approval_rights import Decider
from claude_agent.domain.deciding.news import Signalled
from tests.simulation.lives import Act, Story
from tests.unit.core.stand import Stand

SECRET = "a key of the stories"  # noqa: S105 - of the test
UNDO = {"run": "undo"}


def step(name: str, *depends_on: str, **more: Any) -> dict[str, Any]:
    """Return a step that runs something."""
    after = {"depends_on": list(depends_on)} if depends_on else {}
    return {"id": name, "agent": "testing", "run": "x", **after, **more}


def flow(name: str, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a workflow."""
    return {"name": name, "steps": list(steps), **more}


def runs(stand: Stand, workflow: str) -> list[dict[str, Any]]:
    """Return the executions of a workflow, the first one first."""
    found = stand.rows("rebuild.executions")
    return [dict(row) for row in found if row["workflow"] == workflow]


def execute(made: dict[str, Any], times: int = 1) -> Act:
    """Start a workflow; ask whether it has started where nobody answered."""

    def act(stand: Stand) -> bool:
        if len(runs(stand, made["name"])) >= times:
            return True
        stand.engine.execute(made)
        return False

    return act


def define(made: dict[str, Any]) -> Act:
    """Store a workflow; the same one twice is one."""

    def act(stand: Stand) -> bool:
        if stand.database.read(lambda r: r.row("executions.newest_definition", slug=made["name"])):
            return True
        stand.engine.define_workflow(made)
        return False

    return act


def said(type_: str, times: int, do: Callable[[Stand], object]) -> Act:
    """Do something until the log has an event of it so often."""

    def act(stand: Stand) -> bool:
        if sum(one.event.type == type_ for one in stand.history()) >= times:
            return True
        do(stand)
        return False

    return act


# Approvals --------------------------------------------------------------------------------


def approve(stand: Stand) -> None:
    """Say yes to what waits."""
    found = stand.rows(
        "approvals.list", state="requested", agent="", execution="",
        before_at=2**62, before_id="", limit=9,
    )  # fmt: skip
    for row in found:
        asked = stand.approvals.settle(row["ref"])
        by = Decider(actor="operator", role="operator")
        yes = Say(yes=True, by=by, digest=asked.digest)
        stand.database.write(lambda tx, asked=asked, yes=yes: stand.approvals.say(tx, asked, yes))


APPROVAL = Story(
    execute(
        flow(
            "asks",
            {"id": "ask", "type": "approval", "approval": {"prompt": "Go?"}},
            step("gone", "ask", run="rm -rf x"),
        )
    ),
    said("approval.approved", 2, approve),
    policy=Policy(rules=(Rule(name="ask", match=Match(command="rm -rf"), decide="always_ask"),)),
    about="approval.approved approval.used step.held",
)

# Many, sub-workflows, keys ----------------------------------------------------------------

MANY = Story(
    execute(
        flow(
            "many",
            step("each", foreach={"items": ["a", "b", "c"], "max_parallel": 2}, compensate=UNDO),
            step("join", "each"),
            on_failure="compensate",
        )
    ),
    fails=lambda what, n: what == "step join",  # noqa: ARG005 - of its shape,
    about="step.expanded",
)
CHILD = Story(
    define(flow("sub", step("s", compensate=UNDO), on_failure="compensate")),
    execute(
        flow("whole", {"id": "c", "workflow": "sub"}, step("bad", "c"), on_failure="compensate")
    ),
    fails=lambda what, n: what == "step bad",  # noqa: ARG005 - of its shape,
    about="step.child_started execution.reopened",
)
TURNS = Story(
    execute(flow("turns", step("t"), concurrency={"key": "k", "on_conflict": "queue"}), times=3),
    about="execution.started",
)

# Signals, events, time, deliveries ---------------------------------------------------------


def signal(stand: Stand) -> None:
    """Send the same message until it is there; the same one again changes nothing."""
    news = Signalled(name="go", data={"n": 1}, source="me", message_id="m1")
    (run,) = runs(stand, "waits")
    if run["ended_at"] is None:
        context = stand.desk.context("me")
        stand.database.write(lambda tx: stand.links.signals.send(tx, run["id"], news, context))


SIGNAL = Story(
    execute(
        flow(
            "waits",
            {"id": "w", "type": "wait", "wait": {"signal": "go"}},
            {"id": "time", "type": "wait", "depends_on": ["w"], "wait": {"for": "2s"}},
            step("then", "time"),
        )
    ),
    said("execution.signalled", 1, signal),
    about="execution.signalled step.signal_taken step.waiting",
)
EVENT = Story(
    define(flow("told", step("a"), on={"event": [{"type": "it.happened"}]})),
    execute(flow("hears", {"id": "w", "type": "wait", "wait": {"event": "it.happened"}})),
    execute(
        flow("says", step("b"), {"id": "say", "type": "emit", "depends_on": ["b"],
             "emit": {"type": "it.happened"}})
    ),
    about="trigger.fired bus.it.happened",
)  # fmt: skip


def pause(stand: Stand) -> None:
    """Stop a schedule after its third time."""
    if sum(one.event.type == "schedule.fired" for one in stand.history()) >= 3:
        stand.links.triggers.schedule_desk.pause("timed.1", reason="", actor="me")


SCHEDULE = Story(
    define(
        flow("timed", step("a"), on={"schedule": [{"cron": "* * * * * *", "overlap": "allow"}]})
    ),
    said("schedule.paused", 1, pause),
    about="schedule.fired",
)


def deliver(stand: Stand) -> None:
    """Deliver until there is an answer, as a sender does."""
    signature = "sha256=" + hmac.new(SECRET.encode(), b"{}", hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": signature, "x-github-delivery": "d1"}
    one = Delivery(path="hook", raw=b"{}", body={}, headers=headers)
    stand.links.triggers.webhooks.receive(one)


def repeated(stand: Stand) -> bool:
    """Deliver the same once more: it starts nothing."""
    deliver(stand)
    return True


WEBHOOK = Story(
    define(
        flow("hooked", step("a", secrets=["HOOK"]), secrets=["HOOK"],
             on={"webhook": [{"path": "hook", "secret": "HOOK"}]})
    ),
    said("webhook.received", 1, deliver),
    repeated,
    about="webhook.received",
)  # fmt: skip

# Again, state, after -----------------------------------------------------------------------


def again(what: str, name: str, *more: Any) -> Callable[[Stand], None]:
    """Ask for a second chance once it has failed."""

    def do(stand: Stand) -> None:
        (run,) = runs(stand, "again")
        if run["ended_at"] is None:
            return
        chances = SecondChances(stand.executions, stand.desk, stand.engine)
        chance = Chance(ref=run["id"], actor="me", step=name)
        stand.database.write(lambda tx: getattr(chances, what)(tx, chance, *more))

    return do


AGAIN = Story(
    execute(flow("again", step("a"), step("b", "a"), on_failure="fail")),
    said("execution.reopened", 1, again("retry", "")),
    said("execution.reopened", 2, again("rewind", "a", "do it otherwise")),
    fails=lambda what, n: what == "step b" and n == 1,
    about="execution.reopened",
)
UNDOING = Story(
    execute(
        flow("undone", step("a", compensate=UNDO), step("b", "a", compensate=UNDO), step("c", "b"),
             on_failure="compensate")
    ),
    fails=lambda what, n: what == "step c",  # noqa: ARG005 - of its shape,
    about="compensation.planned step.compensating",
)  # fmt: skip


def put(stand: Stand) -> None:
    """Set a key where it is not set yet."""
    stand.state.update_state("key", {"n": 1}, actor="me")


STATE = Story(
    said("state.changed", 1, put),
    said("state.snapshot_taken", 1, lambda stand: stand.snapshots.take("kept")),
    said("state.deleted", 1, lambda stand: stand.state.delete_state("key")),
    said("state.restored", 1, lambda stand: stand.snapshots.restore("kept")),
    about="state.changed state.restored",
)


def submit(title: str, after: str = "") -> Act:
    """Submit a task, and ask whether it is there where nobody answered."""

    def act(stand: Stand) -> bool:
        refs = {row["title"]: row["ref"] for row in stand.rows("rebuild.tasks")}
        if title in refs:
            return True
        more = {"after": [refs[after]]} if after else {"delay": "3s"}
        stand.submit("testing", title=title, lock="one", **more)
        return False

    return act


AFTER = Story(
    submit("first"),
    submit("second", "first"),
    submit("third", "second"),
    about="task.followed",
)
STORIES = {
    "approval": APPROVAL,
    "many": MANY,
    "child": CHILD,
    "turns": TURNS,
    "signal": SIGNAL,
    "event": EVENT,
    "schedule": SCHEDULE,
    "webhook": WEBHOOK,
    "again": AGAIN,
    "undoing": UNDOING,
    "state": STATE,
    "after": AFTER,
}

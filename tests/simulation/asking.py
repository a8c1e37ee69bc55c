"""What people ask and answer beside the runs: approvals, keys, tasks after others, and nonsense."""

from collections.abc import Callable
from typing import Any

from claude_agent.api.services import Answered, IdempotencyKey
from claude_agent.domain.approval import Approval, Say
from claude_agent.domain.approval_policy import Match, Policy, Rule
from claude_agent.domain.approval_rights import Decider
from claude_agent.domain.deciding.news import Signalled
from claude_agent.errors import ClaudeAgentError
from claude_agent.serve.base import Base
from claude_agent.storage.database import Reader, Tx
from tests.simulation import limits
from tests.simulation.acts import AGENTS, act, pick
from tests.simulation.flows import INPUTS
from tests.simulation.world import REFUSED, Server, World

POLICY = Policy(
    rules=(
        Rule(name="ask", match=Match(command="ask-me"), decide="manual", expires_ms=20_000),
        Rule(name="always", match=Match(command="ask-hard"), decide="always_ask"),
        Rule(name="count", match=Match(command="count-down"), decide="auto", countdown_ms=5_000),
        Rule(name="never", match=Match(command="no-way"), decide="reject"),
    )
)
"""What the servers of every world hold up: `flows.GATED` are such commands."""
PEOPLE = (Decider(actor="me", role="operator"), Decider(actor="you", role="approver", name="you"))


class Keyed(Base):
    """The services' way to serve a key once, on a server of the simulation."""

    def __init__(self, one: Server) -> None:
        self._database, self._clock = one.database, one.clock

    def serve(self, key: IdempotencyKey, work: Callable[[Tx], str]) -> Answered:
        """Do the work once for this key; return the stored answer."""

        def whole(tx: Tx) -> Callable[[Reader], dict[str, Any]]:
            found = work(tx)
            return lambda _: {"id": found}

        return self._once(key, whole)


# Approvals ------------------------------------------------------------------------------------


def open_approvals(one: Server) -> list[str]:
    """Return the ids of what waits for a decision."""
    rows = one.disk_rows("SELECT id FROM approvals WHERE state = 'requested' ORDER BY id")
    return [row["id"] for row in rows]


@act(6)
def decides(world: World, one: Server) -> None:
    if (name := pick(world, open_approvals(one))) is not None:
        decide(world, one, name, yes=world.chance.random() < 0.65)


def decide(world: World, one: Server, name: str, *, yes: bool) -> None:
    """Let a person look at an approval and say yes or no."""
    if one not in world.servers:
        return

    def work() -> Approval:
        asked = one.approvals.settle(name)
        by = world.chance.choice(PEOPLE)
        command = Say(yes=yes, by=by, digest=asked.digest, note="do it otherwise")
        known = asked.id in world.yes
        if yes:
            world.yes.add(asked.id)  # the server may die of it after the commit
        try:
            return one.database.write(lambda tx: one.approvals.say(tx, asked, command))
        except REFUSED:
            if not known:
                world.yes.discard(asked.id)
            raise

    world.call(one, f"is told {'yes' if yes else 'no'} to {name[-6:]}", work)


# Keys -----------------------------------------------------------------------------------------


@act(3)
def submit_with_key(world: World, one: Server) -> None:
    """I5: one key, one task, whatever dies and however often it is sent."""
    key = world.chance.choice(["k1", "k2"])
    body = world.chance.choice(["true", "true", "true", "false"])
    given = {"run": body, "title": key}
    served = world.call(
        one,
        f"submits {body} with the key {key}",
        lambda: Keyed(one).serve(
            IdempotencyKey(key=key, body_hash=body),
            lambda tx: one.bus.accept(tx, {**given, "agent": "testing"}, actor="me").id,
        ),
    )
    if served is None:
        return
    found = served[1]["id"]
    world.accepted[found] = "task"
    known = world.keys.setdefault(key, (found, body))
    assert known == (found, body), f"I5: {key} gave {known}, then {(found, body)}"


@act(2)
def submit_after(world: World, one: Server) -> None:
    """Submit a task that waits for others."""
    tasks = [name for name, kind in world.accepted.items() if kind == "task"]
    if not tasks:
        return
    after = sorted(set(world.chance.choices(tasks, k=world.chance.choice([1, 1, 2]))))
    given = {"run": "true", "after": after}
    who = world.chance.choice(AGENTS)
    found = world.call(one, "submits after others", lambda: one.bus.publish_task(who, given))
    if found:
        world.accepted[found] = "task"


# Nonsense -------------------------------------------------------------------------------------

LOOP = {"id": "a", "agent": "testing", "run": "x", "depends_on": ["b"]}
GOOD = {"id": "a", "agent": "testing", "run": "x"}
NONSENSE: dict[str, Callable[[World, Server], object]] = {
    "an unknown agent": lambda _, one: one.bus.publish_task("nobody", {"run": "x"}),
    "a delay in words": lambda _, one: one.bus.publish_task("testing", {"run": "x", "delay": "z"}),
    "after nobody": lambda _, one: one.bus.publish_task("testing", {"run": "x", "after": ["ZZ"]}),
    "no parameter": lambda _, one: one.bus.publish_task("testing", {"action": "clone_repo"}),
    "an unknown step": lambda _, one: one.engine.execute({"name": "x", "steps": [LOOP]}),
    "an unknown input": lambda _, one: one.engine.execute(
        {"name": "x", "inputs": INPUTS, "steps": [GOOD]}, {"unknown": 1}
    ),
    "an unknown workflow": lambda _, one: one.engine.execute("nobody"),
    "an unknown task": lambda _, one: one.orders.cancel("ZZZZ", reason="no", actor="me"),
    "a signal without a name": lambda world, one: one.database.write(
        lambda tx: one.links.signals.send(
            tx, world.executions[0], Signalled(name=""), one.desk.context("me")
        )
    ),
}
"""What must be refused."""


@act(2)
def nonsense(world: World, one: Server) -> None:
    """I8: what is refused leaves no trace."""
    what = world.chance.choice(sorted(NONSENSE))
    if not world.executions:
        return
    world.disk.fault = None
    before = world.disk.everything()
    try:
        NONSENSE[what](world, one)
    except ClaudeAgentError as error:
        world.say(f"{one.name} refuses {what}: {type(error).__name__}")
    else:
        msg = f"I8: {what} was accepted"
        raise AssertionError(msg)
    after = world.disk.everything()
    changed = [name for name in after if after[name] != before.get(name)]
    assert not changed, f"I8: {what} was refused and left traces in {changed}"


act(5)(limits.prompt)
act(1)(limits.reset)

"""Limits of accounts: prompts that meet them, and people who end them early."""

from functools import partial
from typing import Any

from claude_agent.domain.retry import Failure
from claude_agent.domain.usage_limit import Reset
from tests.simulation.world import Run, Server, World
from tests.unit.core.stand import NO

ACTS = ("prompt", "reset")
AGENTS = ("claude", "twin", "spare")


def failure(world: World, run: Run) -> Failure | None:
    """Return how a run ends: well, as it met a limit, or it just failed."""
    met = run.met
    if run.ok or not met:
        return None if run.ok else NO
    now = world.clock.now()
    said = [None, Reset(at=now + 20_000), Reset(after_ms=5_000), Reset(at=now - 1)]
    reset = world.chance.choice(said) if met == "rate" else None
    return Failure(kind=met, message="It met a limit.", retryable=met == "rate", reset=reset)


def meet(world: World, run: Run) -> None:
    """Let the run of a prompt meet a limit, as often as not."""
    if run.task.spec.kind == "prompt" and world.chance.random() < 0.5:
        run.ok, run.met = False, world.chance.choice(["rate", "rate", "auth"])


def prompt(world: World, one: Server) -> None:
    """Submit a prompt to an agent that has an account."""
    chance = world.chance
    given: dict[str, Any] = {
        "prompt": "do it",
        "retry": {"max_attempts": chance.choice([1, 2]), "delay": 1, "jitter": 0},
    }
    if chance.random() < 0.2:
        given["lock"] = "the-lock"
    who = chance.choice(AGENTS)
    found = world.call(one, f"submits a prompt to {who}", lambda: one.bus.publish_task(who, given))
    if found:
        world.accepted[found] = "task"


def reset(world: World, one: Server) -> None:
    """A person ends every limit early."""
    shut = one.disk_rows("SELECT name FROM breakers WHERE state <> 'closed' ORDER BY name")
    for name in [row["name"] for row in shut]:
        world.call(one, f"resets {name}", partial(one.accounts.reset, name, actor="me"))
        if one not in world.servers:
            return


def check(one: Server) -> None:
    """Nothing that has ended is parked, and what is parked waits for its time."""
    rows = one.disk_rows("SELECT ref, state FROM tasks WHERE parked <> '{}'")
    assert all(row["state"] == "scheduled" for row in rows), [dict(row) for row in rows]

"""The stand-in server's paths for queues."""

from collections.abc import Callable
from typing import Any

from claude_agent.api import wire, wire_queues
from tests import wire_samples as samples
from tests.wire_world import Json, Refused, Seen, World


def _queue(world: World, _: Seen, name: str) -> tuple[int, Json]:
    if name not in world.queues:
        raise Refused(
            404, "not_found", f"There is no queue {name}.", hint="claude-agent queue list"
        )
    return 200, world.queues[name]


def _change(
    world: World, seen: Seen, name: str, kind: str, change: dict[str, object]
) -> tuple[int, Json]:
    _, found = _queue(world, seen, name)
    told = {"pos": 1, "topic": "system", "type": f"queue.{kind}", "id": name, "at": samples.NOW}
    told |= {"actor": "operator", "execution_id": None, "data": dict(seen.body or {})}
    found["history"].append(told)
    found.update(change)
    return 200, found


def _pause(world: World, seen: Seen, name: str) -> tuple[int, Json]:
    wire_queues.PauseQueue.model_validate(seen.body)
    return _change(world, seen, name, "paused", {"paused": True, "shown": samples.shown("paused")})


def _resume(world: World, seen: Seen, name: str) -> tuple[int, Json]:
    wire.Nothing.model_validate(seen.body or {})
    return _change(world, seen, name, "resumed", {"paused": False, "shown": samples.shown("open")})


def _limit(world: World, seen: Seen, name: str) -> tuple[int, Json]:
    body = wire_queues.LimitQueue.model_validate(seen.body)
    change = {"limit": body.limit or 3, "limit_by_person": body.limit is not None}
    return _change(world, seen, name, "limited", change)


def _purge(world: World, seen: Seen, name: str) -> tuple[int, Json]:
    wire_queues.PurgeQueue.model_validate(seen.body)
    _, found = _queue(world, seen, name)
    waiting = sum(found["states"].pop(state, 0) for state in ("ready", "scheduled"))
    return 200, {"name": name, "cancelled": waiting}


Route = Callable[..., tuple[int, Any]]

QUEUE_GETS: dict[str, Route] = {
    "queues": lambda w, _: (200, {"items": [samples.queue(name) for name in w.queues]}),
    "queues/*": _queue,
}
QUEUE_POSTS: dict[str, Route] = {
    "queues/*/pause": _pause,
    "queues/*/resume": _resume,
    "queues/*/limit": _limit,
    "queues/*/purge": _purge,
}

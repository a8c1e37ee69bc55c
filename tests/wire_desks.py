"""The stand-in server's paths for queues and dead letters."""

from collections.abc import Callable
from typing import Any

from claude_agent.api import wire, wire_queues
from tests import wire_samples as samples
from tests.wire_world import Json, Refused, Seen, World


def _queues(world: World, _: Seen) -> tuple[int, Json]:
    counts = {"ready": 1, "delayed": 0, "leased": 0, "dead": 2}
    messages = [{"name": "default", "kind": "message", **counts}]
    return 200, {"items": [samples.queue(name) for name in world.queues], "messages": messages}


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


def _letters(world: World, seen: Seen) -> tuple[int, Json]:
    query = wire_queues.LetterQuery.model_validate({k: v[0] for k, v in seen.query.items()})
    found = [one for one in world.letters if query.kind in {None, one["kind"]}]
    first = int(query.cursor or 0)
    following = str(first + query.limit) if first + query.limit < len(found) else None
    counts = {kind: sum(x["kind"] == kind for x in found) for kind in ("task", "message")}
    evidence = {"payload", "errors", "tail", "diff", "environment", "events", "history"}
    whole = seen.path.endswith("/export")
    items = [
        one if whole else {name: one[name] for name in one if name not in evidence}
        for one in found[first : first + query.limit]
    ]
    return 200, {"items": items, "next": following} | ({} if whole else {"counts": counts})


def _letter(world: World, _: Seen, kind: str, ref: str) -> tuple[int, Json]:
    for one in world.letters:
        if one["kind"] == kind and ref in {one["id"], one["ref"]}:
            return 200, one
    raise Refused(404, "not_found", f"There is no dead {kind} {ref}.", hint="deadletter list")


def _handled(one: Json, state: str) -> Json:
    names = ("kind", "id", "ref", "title", "queue", "generation", "url")
    return {name: one[name] for name in names} | {"state": state}


def _redrive(world: World, seen: Seen, kind: str, ref: str) -> tuple[int, Json]:
    wire_queues.RedriveLetter.model_validate(seen.body)
    _, one = _letter(world, seen, kind, ref)
    if not one["redrivable"]:
        raise Refused(409, "conflict", "It belongs to step a.", hint="Start the workflow again")
    world.letters.remove(one)
    return 200, _handled(one | {"generation": 2}, "ready")


def _discard(world: World, seen: Seen, kind: str, ref: str) -> tuple[int, Json]:
    wire_queues.DiscardLetter.model_validate(seen.body)
    _, one = _letter(world, seen, kind, ref)
    world.letters.remove(one)
    return 200, _handled(one, "discarded")


def _redrive_many(world: World, seen: Seen) -> tuple[int, Json]:
    body = wire_queues.RedriveLetters.model_validate(seen.body)
    new = samples.redrive(f"r{len(world.redrives) + 1}", body.to_criteria().to_data(), body.rate)
    world.redrives.append(new)
    return 201, dict(new)


def _look(world: World, _: Seen, redrive_id: str) -> tuple[int, Json]:
    """Each look finds it one letter further."""
    for one in world.redrives:
        if one["id"] == redrive_id:
            one["done"] += 1
            if one["done"] >= one["total"]:
                one |= {"state": "ended", "ended_at": samples.NOW}
            return 200, one
    raise Refused(404, "not_found", f"There is no re-drive {redrive_id}.")


def _stop(world: World, seen: Seen, redrive_id: str) -> tuple[int, Json]:
    _, found = _look(world, seen, redrive_id)
    found |= {"state": "ended", "ended_at": samples.NOW}
    return 200, found


Route = Callable[..., tuple[int, Any]]

QUEUE_GETS: dict[str, Route] = {
    "queues": _queues,
    "queues/*": _queue,
    "dead-letters": _letters,
    "dead-letters/export": _letters,
    "dead-letters/redrives": lambda w, _: (200, {"items": w.redrives}),
    "dead-letters/redrives/*": _look,
    "dead-letters/*/*": _letter,
}
QUEUE_POSTS: dict[str, Route] = {
    "queues/*/pause": _pause,
    "queues/*/resume": _resume,
    "queues/*/limit": _limit,
    "queues/*/purge": _purge,
    "dead-letters/redrive": _redrive_many,
    "dead-letters/redrives/*/stop": _stop,
    "dead-letters/*/*/redrive": _redrive,
    "dead-letters/*/*/discard": _discard,
}

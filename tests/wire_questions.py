"""The stand-in server's paths for questions of agents at work."""

from collections.abc import Callable
from typing import Any

from claude_agent.api import wire_questions as wire
from tests.wire_world import Json, Refused, Seen, World

Route = Callable[..., tuple[int, Any]]


def _list(world: World, seen: Seen) -> tuple[int, Json]:
    wanted = {name: seen.query.get(name, [""])[0] for name in ("state", "agent")}
    items = [
        one
        for one in world.questions
        if all(value in ("", one[name]) for name, value in wanted.items())
    ]
    counts = {"open": sum(one["state"] == "open" for one in world.questions)}
    return 200, {"items": items, "next": None, "counts": counts, "advisory": True}


def _find(world: World, ref: str) -> Json:
    for one in world.questions:
        if ref in (one["ref"], one["id"], one["task_id"]):
            return one
    raise Refused(404, "not_found", f"There is no question {ref}.")


def _answer(world: World, seen: Seen, ref: str) -> tuple[int, Json]:
    body = wire.AnswerQuestion.model_validate(seen.body or {})
    with world.changed:
        one = _find(world, ref)
        if one["state"] != "open":
            raise Refused(409, "question_decided", f"{ref} is answered already.")
        one |= {"state": "answered", "decision": body.decision, "by": "operator", "via": "person"}
        one |= {"said": body.text, "note": body.note, "given": body.input}
        return 200, one


QUESTION_GETS: dict[str, Route] = {
    "questions": _list,
    "questions/*": lambda world, _, ref: (200, _find(world, ref)),
}
QUESTION_POSTS: dict[str, Route] = {"questions/*/answer": _answer}

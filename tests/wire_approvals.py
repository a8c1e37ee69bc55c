"""The stand-in server's paths for approvals and tokens."""

from collections.abc import Callable
from typing import Any

from claude_agent.api import wire_approvals as wire
from tests import approval_samples as samples
from tests.wire_world import Json, Refused, Seen, World


def _list(world: World, seen: Seen) -> tuple[int, Json]:
    state = seen.query.get("state", [""])[0]
    items = [one for one in world.approvals if state in ("", one["state"])]
    waiting = sum(one["state"] == "requested" for one in world.approvals)
    counts = {"requested": waiting} if waiting else {}
    return 200, {"items": items, "next": None, "counts": counts, "advisory": True}


def _find(world: World, ref: str) -> Json:
    for one in world.approvals:
        if ref in (one["ref"], one["id"], one["task_id"]):
            return one
    raise Refused(404, "not_found", f"There is no approval {ref}.")


def _decide(state: str) -> Callable[..., tuple[int, Json]]:
    def decide(world: World, seen: Seen, ref: str) -> tuple[int, Json]:
        body = wire.DecideApproval.model_validate(seen.body or {})
        with world.changed:
            one = _find(world, ref)
            if one["state"] != "requested":
                raise Refused(409, "approval_decided", f"The approval {ref} is decided already.")
            if body.digest not in (None, one["digest"]):
                raise Refused(409, "approval_changed", f"What {ref} would run is not the same.")
            more = {"state": state, "decided_by": "operator", "note": body.note}
            one |= more | {"answers": body.answers}
            return 200, one

    return decide


def _made(_: World, seen: Seen) -> tuple[int, Json]:
    body = wire.CreateToken.model_validate(seen.body)
    return 201, {"name": body.name, "role": body.role, "token": "person.secret"}


Route = Callable[..., tuple[int, Any]]

APPROVAL_GETS: dict[str, Route] = {
    "approvals": _list,
    "approvals/rules": lambda _, __: (200, samples.approval_rules()),
    "approvals/*": lambda world, _, ref: (200, _find(world, ref)),
    "tokens": lambda _, __: (200, {"items": [samples.token()]}),
}
APPROVAL_POSTS: dict[str, Route] = {
    "approvals/*/approve": _decide("approved"),
    "approvals/*/reject": _decide("rejected"),
    "tokens": _made,
    "tokens/*/revoke": lambda _, __, name: (200, {"name": name}),
}

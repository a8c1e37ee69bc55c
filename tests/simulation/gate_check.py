"""I9 and the like, read from the log: nothing begins before what it must wait for."""

from typing import TYPE_CHECKING

from claude_agent.storage.log import Recorded
from tests.simulation.log_check import ENDS

if TYPE_CHECKING:
    from tests.simulation.world import World

Streams = dict[str, list[Recorded]]


def check_gates(world: "World", streams: Streams, history: list[Recorded]) -> None:
    """Assert I5, I9, the order of tasks after others, and that locks have one holder."""
    yes = dict(_approved(world, streams))
    for stream, events in streams.items():
        if stream.startswith("task/"):
            _check_task(stream, events, yes, streams)
    _check_keys(world, history)
    _check_locks(history)


def _approved(world: "World", streams: Streams) -> list[tuple[str, int]]:
    """Return what was approved and where in the log; each rightly so."""
    found = []
    for stream, events in streams.items():
        kind, _, name = stream.partition("/")
        if kind != "approval":
            continue
        due = ""
        said = [one.event.type for one in events]
        for one in events:
            data = one.event.data
            due = data.get("on_due", due)
            if one.event.type != "approval.approved":
                continue
            asked = data["how"] == "decided"
            assert name in world.yes if asked else due == "approve", f"I9: nobody said yes: {said}"
            found.append((name, one.pos))
        ways = {"approval.approved", "approval.rejected", "approval.expired"} & set(said)
        assert len(ways) <= 1, f"I9: decided in more than one way: {said}"
        used = said.count("approval.used")
        assert used <= ("approval.approved" in said), f"I9: used without a yes: {said}"
    return found


def _check_task(stream: str, events: list[Recorded], yes: dict[str, int], all_: Streams) -> None:
    approval, before = "", dict[str, str]()
    for one in events:
        data = one.event.data
        if one.event.type in ("task.submitted", "task.redriven"):
            approval = data.get("approval", "")
            before = data.get("after", {})
        elif one.event.type == "task.claimed":
            if approval:
                assert yes.get(approval, one.pos) < one.pos, f"I9: {stream} began without a yes"
            for name in before:
                ended = [each for each in all_[f"task/{name}"] if each.pos < one.pos]
                assert any(each.event.type == "task.succeeded" for each in ended), (
                    f"I7: {stream} began before {name} had succeeded"
                )


def _check_keys(world: "World", history: list[Recorded]) -> None:
    for key in ("k1", "k2"):
        made = [
            one.event.stream.removeprefix("task/")
            for one in history
            if one.event.type == "task.submitted" and one.event.data["spec"]["title"] == key
        ]
        assert len(made) <= 1, f"I5: {key} made {made}"
        if key in world.keys:
            assert made == [world.keys[key][0]], f"I5: {key} gave {world.keys[key]}, made {made}"


def _check_locks(history: list[Recorded]) -> None:
    """A lock is held from the claim to the end, through gates, doubt and backoff."""
    names: dict[str, str] = {}
    holders: dict[str, str] = {}
    for one in history:
        stream, kind = one.event.stream, one.event.type
        if kind == "task.submitted" and (lock := one.event.data["spec"].get("lock")):
            names[stream] = lock
        elif kind == "task.claimed" and stream in names:
            holder = holders.setdefault(names[stream], stream)
            assert holder == stream, f"{stream} has the lock {names[stream]} of {holder}"
        elif kind in ENDS and stream in names and holders.get(names[stream]) == stream:
            del holders[names[stream]]

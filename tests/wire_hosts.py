"""The stand-in server's paths for hosts and signals."""

from collections.abc import Callable
from typing import Any

from claude_agent.api import wire, wire_signals
from tests import wire_samples as samples
from tests.wire_world import Json, Refused, Seen, World


def _hosts(_: World, __: Seen) -> tuple[int, Json]:
    return 200, {"items": [samples.host("head"), samples.host("far", "unreachable")]}


def _lost(_: World, seen: Seen, name: str) -> tuple[int, Json]:
    wire.Nothing.model_validate(seen.body or {})
    if name != "far":
        raise Refused(409, "conflict", f"A process of host {name} is alive.", hint="Stop it.")
    return 200, {"name": name, "tasks": ["T1"]}


def _signal(_: World, seen: Seen, ref: str, name: str) -> tuple[int, Json]:
    wire_signals.Signal.model_validate(seen.body or {})
    if name == "late":
        raise Refused(409, "conflict", f"Execution {ref} is succeeded: it takes no signal.")
    return 200, samples.execution(ref)


Route = Callable[..., tuple[int, Any]]

HOST_GETS: dict[str, Route] = {"hosts": _hosts}
HOST_POSTS: dict[str, Route] = {"hosts/*/lost": _lost, "executions/*/signals/*": _signal}

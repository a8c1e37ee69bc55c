"""The stand-in server's explanations, and samples of them."""

from collections.abc import Callable
from typing import Any

from claude_agent.api import wire_insight
from tests import wire_samples as samples
from tests.wire_world import Json, Refused, Seen, World

Route = Callable[..., tuple[int, Any]]


def reason(code: str, text: str, *about: str, command: str | None = None) -> Json:
    """Return one reason."""
    named = list(about)
    return {"code": code, "text": text, "about": named, "command": command, "until": None}


def execution_explained(ref: str, step: str = "b") -> Json:
    """Return why an execution waits for a signal, with what follows."""
    command = f"claude-agent execution signal {ref} go"
    well = {"starts": ["c"], "skips": [], "undecided": ["d"], "ends": None}
    well["skips"] = [{"step": "e", "reason": "condition_false"}]
    failed = {"stops": ["x"], "starts": ["f"], "skips": ["c"], "undoes": [["b"], ["a"]]}
    one = {
        "id": step,
        "state": "running",
        "task_ref": None,
        "reasons": [reason("signal", "It waits for the signal go.", "go", command=command)],
        "if_well": well,
        "if_failed": {**failed, "not_undone": ["y"], "ends": "compensating"},
    }
    return {
        "id": ref,
        "ref": ref,
        "state": "paused",
        "shown": samples.shown("paused"),
        "ended": False,
        "reasons": [],
        "steps": [one],
        "total": 3,
        "at": samples.NOW,
    }


def task_explained(ref: str) -> Json:
    """Return why a task waits for a lock."""
    command = "claude-agent task explain T9"
    return {
        "id": ref,
        "ref": ref,
        "state": "ready",
        "shown": samples.shown("ready"),
        "ended": False,
        "reasons": [reason("lock", "Task T9 holds the lock db.", "db", "T9", command=command)],
        "execution_id": None,
        "step_id": None,
        "at": samples.NOW,
    }


def _execution(_: World, seen: Seen, ref: str) -> tuple[int, Json]:
    query = {name: value[0] for name, value in seen.query.items()}
    step = wire_insight.ExplainQuery.model_validate(query).step
    if step == "none":
        raise Refused(422, "unknown_name", "There is no step named none.", hint="Known: b.")
    return 200, execution_explained(ref, step or "b")


def _task(_: World, __: Seen, ref: str) -> tuple[int, Json]:
    return 200, task_explained(ref)


INSIGHT_GETS: dict[str, Route] = {"executions/*/explain": _execution, "tasks/*/explain": _task}

"""The stand-in server's explanations, and samples of them."""

from collections.abc import Callable
from typing import Any

from claude_agent.api import wire, wire_insight
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
    well = {"starts": ["c"], "cached": [], "skips": [], "undecided": ["d"], "ends": None}
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


def plan(params: Json) -> Json:
    """Return a plan of three steps, one of them skipped."""
    one = {
        "id": "a",
        "kind": "run",
        "level": 1,
        "depends_on": [],
        "when": "success",
        "agent": "testing",
        "routed_by": "the workflow names it",
        "condition": "none",
        "skipped": None,
        "many": False,
        "instances": None,
        "waits": [],
    }
    lock = reason("lock", "It takes the lock db, which is free.", "db")
    two = {**one, "id": "b", "level": 2, "depends_on": ["a"], "many": True, "instances": 3}
    three = {**one, "id": "c", "level": 2, "condition": "fails", "skipped": "condition_false"}
    return {
        "workflow": "deploy",
        "name": "Deploy",
        "hash": "c" * 64,
        "params": params,
        "levels": [["a"], ["b", "c"]],
        "steps": [one, {**two, "condition": "later", "waits": [lock]}, three],
        "waits": [reason("concurrency", "It takes the concurrency key k.", "k")],
        "on_failure": "compensate",
        "undoes": [["b[1]", "b[0]"], ["a"]],
        "not_undone": ["c"],
        "missing": [],
    }


def versions(name: str) -> Json:
    """Return two versions."""
    one = {"hash": "c" * 64, "version": "2", "source": "user", "created_at": samples.NOW}
    newest = {**one, "steps": 3, "newest": True}
    older = {**one, "hash": "d" * 64, "version": None, "steps": 2, "newest": False}
    return {"workflow": name, "items": [newest, older]}


def imported(source: str) -> Json:
    """Return what came of an import; of a text with `nothing` nothing."""
    lost = {"line": 3, "path": "jobs.a.container", "reason": "it has no counterpart"}
    made = None if "nothing" in source else "name: CI\nsteps: []\n"
    return {"origin": "github", "source": made, "steps": int(bool(made)), "unmapped": [lost]}


def diff(name: str, before: str, after: str) -> Json:
    """Return one change."""
    change = {"kind": "changed", "path": "steps.a.agent", "before": "x", "after": "y"}
    return {
        "workflow": name,
        "before": before or "d" * 64,
        "after": after or "c" * 64,
        "changes": [{**change, "text": '~ steps.a.agent: "x" -> "y"'}],
        "text": "--- d\n+++ c\n-x\n+y",
    }


def _execution(_: World, seen: Seen, ref: str) -> tuple[int, Json]:
    query = {name: value[0] for name, value in seen.query.items()}
    step = wire_insight.ExplainQuery.model_validate(query).step
    if step == "none":
        raise Refused(422, "unknown_name", "There is no step named none.", hint="Known: b.")
    return 200, execution_explained(ref, step or "b")


def _task(_: World, __: Seen, ref: str) -> tuple[int, Json]:
    return 200, task_explained(ref)


def _plan(_: World, seen: Seen, name: str) -> tuple[int, Json]:
    body = wire.ExecuteWorkflow.model_validate(seen.body)
    if body.source is not None and "broken" in body.source:
        problem = {"message": 'unknown key "depend_on"', "file": body.file, "line": 3, "column": 5}
        listed = [problem | {"path": "steps.0", "hint": "did you mean depends_on?"}]
        raise Refused(422, "definition_invalid", "The definition has 1 problem.", problems=listed)
    if name not in {"-", "deploy"}:
        raise Refused(404, "not_found", f"There is no workflow {name}.")
    return 200, plan(dict(body.params))


def _import(_: World, seen: Seen) -> tuple[int, Json]:
    return 200, imported(wire_insight.ImportWorkflow.model_validate(seen.body).source)


def _versions(_: World, __: Seen, name: str) -> tuple[int, Json]:
    return 200, versions(name)


def _diff(_: World, seen: Seen, name: str) -> tuple[int, Json]:
    query = {key: value[0] for key, value in seen.query.items()}
    wanted = wire_insight.DiffQuery.model_validate(query)
    return 200, diff(name, wanted.before, wanted.after)


INSIGHT_GETS: dict[str, Route] = {
    "executions/*/explain": _execution,
    "tasks/*/explain": _task,
    "workflows/*/versions": _versions,
    "workflows/*/diff": _diff,
}
INSIGHT_POSTS: dict[str, Route] = {"workflows/*/plan": _plan, "workflows/import": _import}

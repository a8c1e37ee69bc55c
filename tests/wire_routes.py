"""The paths of the stand-in server; what it is sent is checked with the gateway's own models."""

from collections.abc import Callable
from time import monotonic
from typing import Any

from claude_agent.api import wire
from tests import wire_attempts
from tests import wire_samples as samples
from tests.wire_approvals import APPROVAL_GETS, APPROVAL_POSTS
from tests.wire_desks import QUEUE_GETS, QUEUE_POSTS
from tests.wire_hosts import HOST_GETS, HOST_POSTS
from tests.wire_insight import INSIGHT_GETS, INSIGHT_POSTS
from tests.wire_questions import QUESTION_GETS, QUESTION_POSTS
from tests.wire_world import Json, Refused, Seen, World


def _submit(world: World, seen: Seen) -> tuple[int, Json]:
    spec = wire.TaskSpec.model_validate(seen.body).to_spec()
    if len(spec.get("agents", ())) > 1:
        raise Refused(422, "planning_not_available", "Several agents need a planner.")
    if spec.get("agent") == "shelly" and "prompt" in spec:
        raise Refused(422, "not_promptable", "The agent shelly takes no prompt.", hint="Use --run")
    return _once(world, seen, lambda: _new_task(world, spec))


def _once(world: World, seen: Seen, make: Callable[[], Json]) -> tuple[int, Json]:
    key = seen.headers.get("Idempotency-Key", "")
    with world.changed:
        if key in world.keys:
            body, stored = world.keys[key]
            if body != seen.body:
                raise Refused(409, "idempotency_mismatch", "The key came with another body.")
            return 201, stored
    made = make()
    world.keys[key] = (seen.body, made)
    return 201, made


def _new_task(world: World, spec: Json) -> Json:
    task = samples.task(f"T{len(world.tasks) + 1}", **spec)
    world.tasks[task["id"]] = task
    world.happen("task.submitted", task["id"], ref=task["ref"])
    return task


def _execute(world: World, seen: Seen, name: str) -> tuple[int, Json]:
    body = wire.ExecuteWorkflow.model_validate(seen.body)
    if body.source is not None and "broken" in body.source:
        _broken(body.file or "?")

    def make() -> Json:
        made = samples.execution(f"X{len(world.executions) + 1}", params=body.params, cwd=body.cwd)
        world.executions[made["id"]] = made
        world.happen("execution.submitted", made["id"], execution=made["id"])
        return made

    if name not in {"-", "deploy"}:
        raise Refused(404, "not_found", f"There is no workflow {name}.")
    return _once(world, seen, make)


def _broken(file: str) -> None:
    problem = {"message": 'unknown key "depend_on"', "file": file, "line": 3, "column": 5}
    raise Refused(
        422,
        "definition_invalid",
        "The definition has 1 problem.",
        problems=[problem | {"path": "steps.0", "hint": "did you mean depends_on?"}],
    )


def _validate(_: World, seen: Seen) -> tuple[int, Json]:
    body = wire.ValidateWorkflow.model_validate(seen.body)
    if "broken" in body.source:
        _broken(body.file)
    return 200, {
        "valid": True,
        "workflow": "deploy",
        "name": "D",
        "steps": 2,
        "hash": "c" * 64,
        "not_yet": [],
    }


def _list_tasks(world: World, seen: Seen) -> tuple[int, Json]:
    query = wire.TaskQuery.model_validate({name: value[0] for name, value in seen.query.items()})
    items = [t for t in world.tasks.values() if query.state in {None, t["state"]}]
    return 200, {"items": items[: query.limit], "next": None, "counts": {}}


def _list_executions(world: World, seen: Seen) -> tuple[int, Json]:
    query = wire.ExecutionQuery.model_validate(
        {name: value[0] for name, value in seen.query.items()}
    )
    items = list(world.executions.values())[: query.limit]
    return 200, {"items": items, "next": None, "counts": {}}


def _events(world: World, seen: Seen) -> tuple[int, Json]:
    query = wire.EventQuery.model_validate({name: value[0] for name, value in seen.query.items()})
    topics: set[str] = {query.topic or "*"}
    deadline = monotonic() + query.wait_ms / 1000
    with world.changed:
        while True:
            frames, reset = world.since(query.after, topics)
            left = deadline - monotonic()
            if frames or reset or left <= 0:
                break
            world.changed.wait(left)
        return 200, {"items": frames, "cursor": world.cursor(), "reset": reset}


def _log(world: World, seen: Seen, ref: str) -> tuple[int, Json]:
    task = world.find(world.tasks, ref)
    query = wire.LogQuery.model_validate({name: value[0] for name, value in seen.query.items()})
    raw = world.logs.get(task["ref"], "").encode()
    piece = raw[query.offset : query.offset + min(query.limit, 16)]
    return 200, {
        "run": query.run or 1,
        "offset": query.offset,
        "next": query.offset + len(piece),
        "total": len(raw),
        "text": piece.decode(),
        "done": task["ended_at"] is not None,
    }


def _result(world: World, _: Seen, ref: str) -> tuple[int, Json]:
    return 200, samples.result(world.find(world.tasks, ref))


def _cancel_task(world: World, seen: Seen, ref: str) -> tuple[int, Json]:
    wire.Nothing.model_validate(seen.body or {})
    task = world.find(world.tasks, ref)
    world.end_task(task["ref"], "cancelled")
    return 202, task


def _cancel_execution(world: World, seen: Seen, ref: str) -> tuple[int, Json]:
    wire.CancelExecution.model_validate(seen.body)
    found = world.find(world.executions, ref)
    world.end_execution(found["ref"], "cancelled")
    return 202, found


def _execution_events(world: World, _: Seen, ref: str) -> tuple[int, Json]:
    found = world.find(world.executions, ref)
    with world.changed:
        items = [e for e in world.events if e["execution_id"] == found["id"]]
        return 200, {"items": items, "cursor": world.cursor()}


def _summary(world: World, _: Seen, ref: str) -> tuple[int, Json]:
    with world.changed:
        found = world.find(world.executions, ref)
        return 200, found | {"graph": {"edges": []}, "cursor": world.cursor(), "spent": None}


def _agent(world: World, name: str) -> Json:
    for agent in world.agents:
        if agent["name"] == name:
            return agent
    raise Refused(404, "not_found", f"There is no agent {name}.", hint="claude-agent agent list")


def _stop(world: World, seen: Seen) -> tuple[int, Json]:
    wire.StopServer.model_validate(seen.body)
    if world.on_stop:
        world.on_stop()
    return 202, {"left_running": world.left_running}


def _stop_app(world: World, _: Seen, name: str) -> tuple[int, Json]:
    for item in world.apps:
        if item["name"] == name:
            item["state"] = "stopped"
            return 200, item
    raise Refused(404, "not_found", f"There is no application {name}.")


def _attempts(world: World, _: Seen, ref: str) -> tuple[int, Json]:
    world.find(world.tasks, ref)
    return 200, wire_attempts.attempts()


Route = Callable[..., tuple[int, Any]]

GETS: dict[str, Route] = {
    "health": lambda *_: (200, {"status": "ok", "version": "0.1.0"}),
    "agents/status": lambda w, _: (200, samples.status(w.agents, w.cursor())),
    "agents/*": lambda w, _, name: (200, _agent(w, name)),
    "agents/*/logs": lambda w, _, name: (
        200,
        {"text": f"{_agent(w, name)['name']} says\x1b[31m hi"},
    ),
    "agents/*/attach": lambda _, __, name: (200, {"argv": ["tmux", "attach", "-t", name]}),
    "tasks": _list_tasks,
    "tasks/*": lambda w, _, ref: (200, w.find(w.tasks, ref)),
    "tasks/*/result": _result,
    "tasks/*/attempts": _attempts,
    "tasks/*/log": _log,
    "executions": _list_executions,
    "executions/*": lambda w, _, ref: (200, w.find(w.executions, ref)),
    "executions/*/summary": _summary,
    "executions/*/events": _execution_events,
    "workflows": lambda *_: (200, {"items": [samples.workflow()]}),
    "workflows/schema": lambda *_: (200, {"title": "A workflow", "type": "object"}),
    "workflows/*": lambda *_: (200, samples.workflow()),
    "events": _events,
    "events/head": lambda w, _: (200, {"cursor": w.cursor(), "hash": "ab" * 32}),
    "events/verify": lambda w, _: (200, w.verdict),
    "events/starts": lambda w, _: (200, {"items": w.starts}),
    "apps": lambda w, _: (200, {"items": w.apps}),
    **QUEUE_GETS,
    **HOST_GETS,
    **APPROVAL_GETS,
    **QUESTION_GETS,
    **INSIGHT_GETS,
}
POSTS: dict[str, Route] = {
    "tasks/submit": _submit,
    "tasks/*/cancel": _cancel_task,
    "executions/*/cancel": _cancel_execution,
    "workflows/validate": _validate,
    "workflows/*/execute": _execute,
    "apps/*/stop": _stop_app,
    "server/stop": _stop,
    "messages": lambda _, s: (201, {"message_id": f"m-{s.body['actor']}"}),
    **QUEUE_POSTS,
    **HOST_POSTS,
    **APPROVAL_POSTS,
    **QUESTION_POSTS,
    **INSIGHT_POSTS,
    "session/ticket": lambda *_: (201, {"url": "/ui/login?ticket=t1"}),
}

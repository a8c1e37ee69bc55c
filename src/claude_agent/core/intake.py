"""Turns what a client submits into a task's specification, or says what is wrong with it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claude_agent.core.catalogue import Catalogue, unknown
from claude_agent.domain.definition import Timeouts
from claude_agent.domain.duration import parse_duration
from claude_agent.domain.priority import NAMES, Priority
from claude_agent.domain.retry import RetryPolicy
from claude_agent.domain.task_spec import KINDS, ON_UNCERTAIN, TaskSpec
from claude_agent.errors import Invalid, NotPromptable, TooLarge

MAX_TEXT = 262_144
MAX_SPEC = 1_048_576
MAX_TITLE = 120
_RETRY_DURATIONS = {"delay": "delay_ms", "max_delay": "max_delay_ms", "deadline": "deadline_ms"}
_RETRY_PLAIN = ("max_attempts", "factor", "jitter", "on", "not_on", "exit_codes")


def spec_of(task: Mapping[str, Any], catalogue: Catalogue) -> TaskSpec:
    """Return the specification of a submitted task (fields: `POST /tasks/submit`).

    Raises UnknownName, Invalid, NotPromptable, TooLarge; nothing was stored then.
    """
    kind, text = _what(task)
    agent, routed_by = _who(task, text, catalogue)
    info = catalogue.agent(agent)
    with_ = task.get("with") or {}
    idempotent = bool(task.get("idempotent", False))
    if kind == "action":
        idempotent = task.get("idempotent", catalogue.action(text).idempotent)
        _check_action(text, with_, catalogue)
    if kind == "prompt" and not info.takes_prompt:
        message = f"The agent {agent} takes no prompt: {info.note or 'its adapter runs commands'}."
        raise NotPromptable(
            message,
            hint=f"Give it a command with --run, or set adapter in [agents.{agent}].",
            pointer="/agent",
        )
    queue = task.get("queue") or info.queue
    queues = {each.queue for each in catalogue.agents.values()}
    if queue not in queues:
        raise unknown(what="queue", name=queue, known=queues)
    spec = TaskSpec(
        title=str(task.get("title") or _first_line(text))[:MAX_TITLE],
        kind=kind,
        text=text,
        agent=agent,
        queue=queue,
        priority=_priority(task.get("priority") or "NORMAL"),
        with_=dict(with_),
        cwd=_cwd(task.get("cwd") or ""),
        env={str(key): str(value) for key, value in (task.get("env") or {}).items()},
        limits=limits_of(task.get("timeout")),
        retry=retry_of(task.get("retry")),
        gates=tuple(_gate(gate, n) for n, gate in enumerate(task.get("gates") or ())),
        outputs=dict(task.get("outputs") or {}),
        verify=task.get("verify") or "",
        idempotent=idempotent,
        on_uncertain=_on_uncertain(task),
        routed_by=routed_by,
    )
    if len(json.dumps(spec.to_data())) > MAX_SPEC:
        message = "The task's specification is over 1 MiB."
        raise TooLarge(message, hint="Put large inputs into a file and name its path.")
    return spec


def _what(task: Mapping[str, Any]) -> tuple[str, str]:
    given = [kind for kind in KINDS if task.get(kind) is not None]
    if len(given) != 1:
        message = f"A task carries exactly one of prompt, run, action; {len(given)} are given."
        raise Invalid(message, hint="Use --task TEXT, --run CMD or --action NAME.", pointer="/")
    kind = given[0]
    text = task[kind]
    if not isinstance(text, str) or not text.strip():
        message = f"The {kind} is empty."
        raise Invalid(message, pointer=f"/{kind}")
    if len(text) > MAX_TEXT:
        message = f"The {kind} is over {MAX_TEXT // 1024} KiB."
        raise TooLarge(message, hint="Put it into a file and name its path.", pointer=f"/{kind}")
    if "\x00" in text:
        message = f"The {kind} holds a NUL character."
        raise Invalid(message, hint="Remove it.", pointer=f"/{kind}")
    return kind, text


def _who(task: Mapping[str, Any], text: str, catalogue: Catalogue) -> tuple[str, str]:
    named = task.get("agent")
    if named:
        catalogue.agent(named)
        return named, "you named it"
    route = catalogue.route(str(task.get("title") or text))
    return route.agent, route.reason


def _check_action(name: str, with_: Mapping[str, Any], catalogue: Catalogue) -> None:
    action = catalogue.action(name)
    for key in with_:
        if key not in action.parameters:
            raise unknown(
                what="parameter", name=key, known=action.parameters, pointer=f"/with/{key}"
            )
    for key, parameter in action.parameters.items():
        if parameter.required and key not in with_:
            message = f"The action {name} needs the parameter {key}."
            raise Invalid(message, hint=f"Add --with {key}=…", pointer=f"/with/{key}")


def _priority(name: str) -> int:
    if name.upper() not in NAMES:
        raise unknown(what="priority", name=name, known=NAMES)
    return Priority[name.upper()]


def _on_uncertain(task: Mapping[str, Any]) -> str:
    value = task.get("on_uncertain") or ("verify" if task.get("verify") else "ask")
    if value not in ON_UNCERTAIN:
        raise unknown(what="on_uncertain", name=str(value), known=ON_UNCERTAIN)
    return str(value)


def _cwd(text: str) -> str:
    if not text:
        return ""
    path = Path(text)
    if not path.is_absolute() or not path.is_dir():
        message = f"The working directory {text[:200]} is not an existing absolute folder."
        raise Invalid(message, hint="Give --cwd an absolute path.", pointer="/cwd")
    return str(path)


def _gate(gate: Any, n: int) -> dict[str, str]:
    if isinstance(gate, str):
        return {"name": f"gate {n + 1}", "run": gate}
    return {"name": str(gate.get("name") or f"gate {n + 1}"), "run": str(gate["run"])}


def limits_of(timeout: Any) -> Timeouts:
    """Return the limits of `5m` (one attempt) or `{start, run, total, idle}`."""
    if timeout is None:
        return Timeouts()
    if not isinstance(timeout, Mapping):
        return Timeouts(run_ms=parse_duration(timeout))
    found = {f"{key}_ms": parse_duration(value) for key, value in timeout.items() if value}
    return Timeouts(**found)


def retry_of(retry: Mapping[str, Any] | None) -> RetryPolicy:
    """Return the policy of `{max_attempts, delay, factor, …}`."""
    given = dict(retry or {})
    data = {name: given[name] for name in _RETRY_PLAIN if given.get(name) is not None}
    for name, field in _RETRY_DURATIONS.items():
        if given.get(name) is not None:
            data[field] = parse_duration(given[name])
    return RetryPolicy.from_data(data)


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), text)

"""Turns what a client submits into a task's specification, or says what is wrong with it."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from claude_agent.core.catalogue import Catalogue, unknown
from claude_agent.domain.compile_reader import Cursor, Problems
from claude_agent.domain.compile_schemas import result_schema, schemas
from claude_agent.domain.compile_values import environment, retry_of_task, timeouts
from claude_agent.domain.definition import DefinitionError, Timeouts
from claude_agent.domain.node import node_from_data
from claude_agent.domain.priority import NAMES, Priority
from claude_agent.domain.retry import RetryPolicy
from claude_agent.domain.task_spec import KINDS, MAX_LOCK, ON_UNCERTAIN, TaskSpec
from claude_agent.errors import Invalid, NotPromptable, TooLarge

MAX_TEXT = 262_144
MAX_SPEC = 1_048_576
MAX_TITLE = 120
T = TypeVar("T")


def spec_of(task: Mapping[str, Any], catalogue: Catalogue) -> TaskSpec:
    """Return the specification of a submitted task (fields: `POST /tasks/submit`).

    Raises UnknownName, Invalid, NotPromptable, TooLarge; nothing was stored then.
    """
    kind, text = _what(task)
    agent, routed_by = _who(task, text, catalogue)
    info = catalogue.agent(agent)
    with_ = _mapping(task, "with")
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
    queue = _text(task, "queue") or info.queue
    if queue not in (queues := {each.queue for each in catalogue.agents.values()}):
        raise unknown(what="queue", name=queue, known=queues)
    spec = TaskSpec(
        title=(_text(task, "title") or _first_line(text))[:MAX_TITLE],
        kind=kind,
        text=text,
        agent=agent,
        queue=queue,
        priority=_priority(_text(task, "priority") or "NORMAL"),
        with_=with_,
        cwd=_cwd(_text(task, "cwd")),
        env=_read(task, "env", environment, {}),
        limits=_read(task, "timeout", lambda c: timeouts(c, Timeouts()), Timeouts()),
        retry=_retry(task, kind, catalogue),
        gates=_gates(task.get("gates") or ()),
        outputs=_read(task, "outputs", schemas, {}),
        result_schema=_read(task, "result_schema", result_schema, {}),
        verify=_text(task, "verify"),
        idempotent=idempotent,
        on_uncertain=_on_uncertain(task),
        lock=_lock(_text(task, "lock").strip()),
        routed_by=routed_by,
    )
    data = spec.to_data()
    if len(_json(data)) > MAX_SPEC:
        message = "The task's specification is over 1 MiB."
        raise TooLarge(message, hint="Put large inputs into a file and name its path.")
    check_text(data, "/")
    return spec


def _retry(task: Mapping[str, object], kind: str, catalogue: Catalogue) -> RetryPolicy:
    found = _read(task, "retry", lambda c: retry_of_task(c, catalogue.agents), RetryPolicy())
    if found.agent and kind == "prompt" and not catalogue.agent(found.agent).takes_prompt:
        message = f"The agent {found.agent} takes no prompt, and is to make the further attempts."
        raise NotPromptable(message, hint="Name another one.", pointer="/retry/agent")
    return found


def _json(data: object) -> str:
    try:
        return json.dumps(data, allow_nan=False)
    except (TypeError, ValueError) as error:
        message = f"The task is not JSON: {error}."
        raise Invalid(message, hint="Use texts, numbers, lists, mappings.", pointer="/") from None


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
    check_text(text, f"/{kind}")
    return kind, text


def _who(task: Mapping[str, Any], text: str, catalogue: Catalogue) -> tuple[str, str]:
    named = _text(task, "agent")
    if named:
        catalogue.agent(named)
        return named, "you named it"
    route = catalogue.route(_text(task, "title") or text)
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


def _lock(name: str) -> str:
    if len(name) > MAX_LOCK:
        message = f"The name of the lock is over {MAX_LOCK} characters."
        raise Invalid(message, hint="Give it a shorter name.", pointer="/lock")
    return name


def _cwd(text: str) -> str:
    if not text:
        return ""
    path = Path(text)
    if not path.is_absolute() or not path.is_dir():
        message = f"The working directory {text[:200]} is not an existing absolute folder."
        raise Invalid(message, hint="Give --cwd an absolute path.", pointer="/cwd")
    return str(path)


def _gates(value: object) -> tuple[dict[str, str], ...]:
    if not isinstance(value, list | tuple):
        raise _unreadable(key="gates")
    return tuple(_gate(gate, n) for n, gate in enumerate(value))


def _gate(gate: object, n: int) -> dict[str, str]:
    given = gate if isinstance(gate, Mapping) else {"run": gate}
    run = given.get("run")
    if not isinstance(run, str) or not run.strip():
        message = f"Gate {n + 1} has no command."
        raise Invalid(
            message, hint="A gate is a command, or {name, run}.", pointer=f"/gates/{n}/run"
        )
    return {"name": str(given.get("name") or f"gate {n + 1}"), "run": run}


def _read(task: Mapping[str, Any], key: str, reader: Callable[[Cursor], T], absent: T) -> T:
    """Read a field by the compiler's own rules, so that a task is no way around them."""
    value = task.get(key)
    if value is None:
        return absent
    problems = Problems()
    try:
        node = node_from_data(value)
    except DefinitionError:
        raise _unreadable(key) from None
    found = reader(Cursor(node, key, problems))
    if problems.any:
        first = problems.in_order()[0]
        pointer = "/" + (first.path or key).replace(".", "/")
        message = f"{first.message}."
        raise Invalid(message, hint=first.hint, pointer=pointer)
    return found


def _mapping(task: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = task.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise _unreadable(key)
    return dict(value)


def _text(task: Mapping[str, Any], key: str) -> str:
    value = task.get(key)
    if value is not None and not isinstance(value, str):
        raise _unreadable(key)
    return value or ""


def _unreadable(key: str) -> Invalid:
    message = f"The field {key} of the task cannot be read."
    return Invalid(message, hint="See the fields of POST /tasks/submit.", pointer=f"/{key}")


def check_text(value: object, pointer: str) -> None:
    """Refuse text that no program can be given: NUL and unpaired surrogates.

    `value` is JSON data. Raises Invalid.
    """
    for text in _texts(value):
        try:
            text.encode()
        except UnicodeEncodeError:
            message = "A text holds half of a character (an unpaired surrogate)."
            raise Invalid(message, hint="Remove it.", pointer=pointer) from None
        if "\x00" in text:
            message = "A text holds a NUL character."
            raise Invalid(message, hint="Remove it.", pointer=pointer)


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            waiting += [*each, *each.values()]
        elif isinstance(each, list | tuple):
            waiting += each


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), text)

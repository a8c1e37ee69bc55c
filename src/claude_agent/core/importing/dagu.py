"""Dagu workflows as our definitions; both spellings of its keys (`retryPolicy`, `retry_policy`)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from claude_agent.core.importing.dagu_texts import (
    checked,
    environment,
    parameters,
    read_by,
    script_of,
)
from claude_agent.core.importing.report import (
    Imported,
    Report,
    each,
    entries,
    name_of,
    text,
    written,
)
from claude_agent.domain.node import Node

_TOP = frozenset(
    {"name", "description", "schedule", "params", "env", "steps", "type", "handler_on", "shell"}
    | {"preconditions", "precondition", "timeout_sec", "max_active_runs", "working_dir", "dir"}
)
_STEP = frozenset(
    {"id", "name", "description", "depends", "command", "script", "run", "args", "shell", "env"}
    | {"working_dir", "dir", "retry_policy", "continue_on", "preconditions", "precondition"}
    | {"output", "timeout_sec", "with"}
)
_WHEN = {"success": "success", "failure": "failure", "exit": "always", "cancel": "cancelled"}
_SNAKE = re.compile(r"(?<=[a-z])(?=[A-Z])")


def read_dagu(tree: Node) -> Imported:
    """Return a Dagu workflow in our format. Raises nothing for any tree."""
    return _Workflow(tree).whole()


def _fields(node: Node | None) -> dict[str, Node]:
    return {_SNAKE.sub("_", key).lower(): value for key, value in entries(node).items()}


class _Workflow:
    def __init__(self, tree: Node) -> None:
        self._top = _fields(tree)
        self._report = Report()
        self._inputs = parameters(self._top.get("params"), self._report)
        self._steps: dict[str, dict[str, Any]] = {}
        self._names: dict[str, str] = {}
        self._outputs: dict[str, str] = {}
        """A variable that a step captures to that step."""

    def whole(self) -> Imported:
        """Return all of it."""
        for name in sorted(set(self._top) - _TOP):
            self._note(name, f"`{name}` has no counterpart")
        self._read_steps()
        if not self._steps:
            self._note("steps", "there is no step that could be mapped")
            found = tuple(self._report.found)
            return Imported(origin="dagu", source="", steps=0, unmapped=found)
        self._gate_all()
        self._handlers()
        self._captured()
        env = {name: f"${{{{ inputs.{name} }}}}" for name in self._inputs}
        env |= environment(self._top.get("env"), self._report, "env")
        document = {
            "name": text(self._top.get("name")) or "imported",
            "description": text(self._top.get("description")),
            "on": self._schedule(),
            "inputs": self._inputs,
            "env": env,
            "concurrency": self._concurrency(),
            "timeout": _seconds(self._top.get("timeout_sec")),
            "steps": list(self._steps.values()),
        }
        unmapped = sorted(self._report.found, key=lambda one: one.line)
        source = written(document, "Dagu", unmapped)
        return Imported(
            origin="dagu", source=source, steps=len(self._steps), unmapped=tuple(unmapped)
        )

    def _note(self, name: str, reason: str) -> None:
        self._report.note(self._top.get(name), name, reason)

    # Steps ----------------------------------------------------------------------------------

    def _read_steps(self) -> None:
        node = self._top.get("steps")
        given: Iterable[tuple[str, Node]]
        if node is not None and node.kind == "map":
            given = entries(node).items()
        else:
            given = [("", one) for one in each(node)]
        listed = []
        for n, (key, one) in enumerate(given, start=1):
            fields = _fields(one)
            if one.kind == "scalar":
                fields = {"run": one}
            said = text(fields.get("id")) or text(fields.get("name")) or key or f"step_{n}"
            name = name_of(said, self._names_taken())
            for alias in {said, text(fields.get("name")), text(fields.get("id")), key} - {""}:
                self._names[alias] = name
            listed.append((name, f"steps[{n - 1}]", one, fields))
            self._steps[name] = {}
        chain = text(self._top.get("type")) == "chain"
        last = ""
        for name, path, one, fields in listed:
            needs = [
                self._names[text(d)] for d in each(fields.get("depends")) if text(d) in self._names
            ]
            if chain and last and not needs:
                needs = [last]
            del self._steps[name]  # checks come before their step
            self._step(name, path, (one, fields), needs)
            last = name

    def _names_taken(self) -> Mapping[str, object]:
        return self._steps

    def _step(
        self, name: str, path: str, given: tuple[Node, dict[str, Node]], needs: list[str]
    ) -> None:
        node, fields = given
        for key in sorted(set(fields) - _STEP):
            self._report.note(fields[key], f"{path}.{key}", f"`{key}` has no counterpart")
        made: dict[str, Any] = {"id": name}
        condition, needs = self._condition(name, path, fields, needs)
        if needs:
            made["depends_on"] = needs
        if condition:
            made["if"] = condition
        made |= {"retry": _retry(fields.get("retry_policy"), self._report, path)}
        seconds = _seconds(fields.get("timeout_sec"))
        made["timeout"] = {"run": seconds} if seconds else {}
        made["env"] = environment(fields.get("env"), self._report, f"{path}.env")
        variable = text(fields.get("output")).lstrip("$").strip("{}")
        if variable and re.fullmatch(r"[A-Za-z_]\w*", variable):
            made["outputs"] = {variable: {"type": "string"}}
            self._outputs[variable] = name
        elif "output" in fields:
            self._report.note(fields["output"], f"{path}.output", "only a name is understood")
            variable = ""
        defaults: dict[str, Node] = {
            key: self._top[key] for key in ("shell", "working_dir", "dir") if key in self._top
        }
        script = script_of({**defaults, **fields}, variable)
        if not script:
            reason = "it runs no command of its own; it fails here until it is written"
            self._report.note(node, path, reason)
            script = f"echo 'not imported: step {name}' >&2\nexit 1\n"
        if _goes_on(fields.get("continue_on")):
            script = _forgiving(script)
            reason = "a failure that is passed over counts as a success here"
            self._report.note(fields["continue_on"], f"{path}.continue_on", reason)
        kept = {key: value for key, value in made.items() if value}
        self._steps[name] = {**kept, "run": script}

    def _condition(
        self, name: str, path: str, fields: dict[str, Node], needs: list[str]
    ) -> tuple[str, list[str]]:
        """Return the condition of a step; commands become a step that checks before it."""
        given = [*each(fields.get("preconditions")), *each(fields.get("precondition"))]
        if not given:
            return "", needs
        plain, script = checked(given, self._inputs, self._report, path)
        parts = list(plain)
        if script:
            check = name_of(f"{name}_check", self._steps)
            one: dict[str, Any] = {"id": check}
            one |= {"depends_on": needs} if needs else {}
            self._steps[check] = {**one, "outputs": {"ok": {"type": "boolean"}}, "run": script}
            parts.append(f"steps.{check}.outputs.ok")
            needs = [*needs, check]
        return (f"${{{{ {' && '.join(parts)} }}}}" if parts else ""), needs

    def _gate_all(self) -> None:
        if not {"preconditions", "precondition"} & set(self._top):
            return
        roots = [name for name, one in self._steps.items() if "depends_on" not in one]
        before = dict(self._steps)
        self._steps = {}
        condition, needs = self._condition("workflow", "preconditions", self._top, [])
        self._steps |= before
        for name in roots:
            one = self._steps[name]
            rest = {key: value for key, value in one.items() if key != "id"}
            both = [each[3:-2].strip() for each in (condition, rest.pop("if", "")) if each]
            gated: dict[str, Any] = {"id": name}
            gated |= {"depends_on": needs} if needs else {}
            gated |= {"if": f"${{{{ {' && '.join(both)} }}}}"} if both else {}
            self._steps[name] = {**gated, **rest}

    def _handlers(self) -> None:
        leaves = self._leaves()
        for event, node in _fields(self._top.get("handler_on")).items():
            when = _WHEN.get("cancel" if event == "abort" else event)
            fields = _fields(node)
            script = script_of(fields, "")
            if when is None or not script:
                self._report.note(node, f"handler_on.{event}", "it has no counterpart")
                continue
            one: dict[str, Any] = {"id": name_of(f"on_{event}", self._steps)}
            if when in ("success", "always"):
                one["depends_on"] = leaves
            if when != "success":
                one["when"] = when
            env = environment(fields.get("env"), self._report, f"handler_on.{event}.env")
            self._steps[one["id"]] = {**one, **({"env": env} if env else {}), "run": script}

    def _leaves(self) -> list[str]:
        needed = {name for one in self._steps.values() for name in one.get("depends_on", ())}
        return [name for name in self._steps if name not in needed]

    def _captured(self) -> None:
        """Give captured variables to the steps that read them."""
        for name, one in self._steps.items():
            for variable in read_by(one["run"], self._outputs):
                source = self._outputs[variable]
                if source in self._before(name):
                    value = f"${{{{ steps.{source}.outputs.{variable} }}}}"
                    one["env"] = {**one.get("env", {}), variable: value}
                elif source != name:
                    reason = f"${variable} is read, but {name} does not depend on {source}"
                    self._note("steps", reason)
            if "env" in one:  # what it does comes last
                one["run"] = one.pop("run")

    def _before(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = list(self._steps[name].get("depends_on", ()))
        while waiting:
            each_ = waiting.pop()
            if each_ not in found:
                found.add(each_)
                waiting += self._steps[each_].get("depends_on", ())
        return found

    # Top level ------------------------------------------------------------------------------

    def _schedule(self) -> dict[str, Any]:
        node = self._top.get("schedule")
        crons: list[dict[str, str]] = []
        for key, one in self._times(node):
            if key not in ("", "start"):
                self._note("schedule", f"`{key}` has no counterpart: only starts are mapped")
                continue
            said = text(one)
            zone = re.match(r"(?:CRON_)?TZ=(\S+)\s+", said)
            cron = {"cron": said[zone.end() :] if zone else said}
            crons.append({**cron, "tz": zone[1]} if zone else cron)
        return {"schedule": crons} if crons else {}

    @staticmethod
    def _times(node: Node | None) -> Iterator[tuple[str, Node]]:
        if node is not None and node.kind == "map":
            for key, value in entries(node).items():
                yield from ((key, one) for one in each(value))
        else:
            yield from (("", one) for one in each(node))

    def _concurrency(self) -> dict[str, Any]:
        most = text(self._top.get("max_active_runs"))
        if not most.isdigit() or not int(most):
            return {}
        return {"key": name_of(text(self._top.get("name")) or "imported"), "limit": int(most)}


def _seconds(node: Node | None) -> str:
    said = text(node)
    return f"{said}s" if said.isdigit() and int(said) else ""


def _retry(node: Node | None, report: Report, path: str) -> dict[str, Any]:
    fields = _fields(node)
    if not fields:
        return {}
    limit = text(fields.get("limit"))
    if not limit.isdigit():
        report.note(node, f"{path}.retry_policy", "`limit` must be a number here")
        return {}
    found: dict[str, Any] = {"max_attempts": int(limit) + 1}
    if seconds := _seconds(fields.get("interval_sec")):
        found["delay"] = seconds
    factor = text(fields.get("backoff"))
    if factor == "true" or re.fullmatch(r"[1-9]\d*(\.\d+)?", factor):
        found["factor"] = 2 if factor == "true" else float(factor)
    if longest := _seconds(fields.get("max_interval_sec")):
        found["max_delay"] = longest
    codes = [one.value for one in each(fields.get("exit_code")) if isinstance(one.value, int)]
    return {**found, "exit_codes": codes} if codes else found


def _goes_on(node: Node | None) -> bool:
    fields = _fields(node)
    words = {text(one) for one in each(node) if one.kind == "scalar"}
    known = text(fields.get("failure", fields.get("failed"))) == "true"
    return known or bool(words & {"failed", "failure"})


def _forgiving(script: str) -> str:
    mark = "STEP_1"
    while mark in script.splitlines():
        mark += "_"
    head = f"sh -e /dev/fd/4 4<<'{mark}' || echo 'it failed; going on' >&2"
    return f"{head}\n{script.rstrip()}\n{mark}\n"

"""GitHub Actions workflows as our definitions: each job is a step."""

import re
from collections.abc import Mapping
from typing import Any

from claude_agent.core.importing.github_expressions import GITHUB_INPUTS, Names, Scope, Seen
from claude_agent.core.importing.github_jobs import Job, axes_of
from claude_agent.core.importing.github_texts import Texts
from claude_agent.core.importing.report import (
    Imported,
    Report,
    each,
    entries,
    name_of,
    text,
    written,
)
from claude_agent.domain.definition import slug_of
from claude_agent.domain.node import Node

HOOK_SECRET = "GITHUB_WEBHOOK_SECRET"  # noqa: S105 - a name, not a secret
CLONE = "clone_repo"
_TOP = frozenset({"name", "run-name", "on", "env", "jobs", "concurrency", "defaults"})
_TYPES = {"boolean": "boolean", "number": "number"}
_FROM_EVENT = {
    "ref": "event.body.ref",
    "sha": "event.body.after",
    "repository": "event.body.repository.full_name",
    "repo_url": "event.body.repository.clone_url",
}
_FUNCTIONS = re.compile(r"\b(always|failure|cancelled)\(\)")


def read_github(tree: Node) -> Imported:
    """Return a GitHub workflow in our format. Raises nothing for any tree."""
    return _Workflow(tree).whole()


class _Workflow:
    def __init__(self, tree: Node) -> None:
        self._fields = entries(tree)
        self._report = Report()
        self._seen = Seen()
        self._jobs = entries(self._fields.get("jobs"))
        taken: dict[str, str] = {CLONE: CLONE}
        steps: dict[str, str] = {}
        for job in self._jobs:
            steps[job] = name_of(job, taken)
            taken[steps[job]] = job
        self._steps = steps
        events = self._fields.get("on")
        self._events = entries(events) or {text(one): one for one in each(events)}
        given = self._dispatched()
        self._inputs: dict[str, Any] = {}
        self._names = Names(
            jobs=steps,
            inputs={name: name_of(name) for name in given},
            env=frozenset(entries(self._fields.get("env"))),
        )
        self._texts = Texts(self._names, self._seen, self._report)
        for name, node in given.items():
            self._inputs[self._names.inputs[name]] = _input(node)
        self._clones = False

    def _dispatched(self) -> Mapping[str, Node]:
        found: dict[str, Node] = {}
        for event in ("workflow_call", "workflow_dispatch"):
            found |= entries(entries(self._events.get(event)).get("inputs"))
        return found

    def whole(self) -> Imported:
        """Return all of it."""
        for name in sorted(set(self._fields) - _TOP):
            self._note(name, f"`{name}` has no counterpart")
        steps: list[dict[str, Any]] = []
        for name, node in self._jobs.items():
            steps += self._job(name, node)
        if not steps:
            self._note("jobs", "there is no job")
            return Imported(origin="github", source="", steps=0, unmapped=tuple(self._report.found))
        steps = self._cloned(steps)
        document: dict[str, Any] = {"name": text(self._fields.get("name")) or "imported"}
        document["on"] = self._triggers(slug_of(document["name"]))
        env = self._env()
        document["concurrency"] = self._concurrency()
        document["inputs"] = self._declared()
        document["secrets"] = sorted(self._seen.secrets)
        document["env"] = env
        document["steps"] = steps
        order = ("name", "on", "inputs", "secrets", "env", "concurrency", "steps")
        document = {key: document[key] for key in order}
        found = sorted(self._report.found, key=lambda one: one.line)
        source = written(document, "GitHub Actions", found)
        return Imported(origin="github", source=source, steps=len(steps), unmapped=tuple(found))

    def _note(self, name: str, reason: str) -> None:
        self._report.note(self._fields.get(name), name, reason)

    # Jobs -----------------------------------------------------------------------------------

    def _job(self, name: str, node: Node) -> list[dict[str, Any]]:
        fields, path = entries(node), f"jobs.{name}"
        outer = Scope(needs=self._needed(fields))
        self._texts.enter(Scope(axes=axes_of(fields), needs=outer.needs))
        job = Job(name, node, self._texts, self._fields.get("defaults"))
        made = job.step()
        self._texts.enter(outer)
        self._clones = self._clones or job.clones
        step: dict[str, Any] = {"id": self._steps[name]}
        needs = [
            self._steps[text(one)] for one in each(fields.get("needs")) if text(one) in self._steps
        ]
        if needs:
            step["depends_on"] = needs
        step |= self._condition(fields.get("if"), path)
        lock = fields.get("concurrency")
        if lock is not None:
            group = entries(lock).get("group", lock)
            step["lock"] = self._texts.value(text(group), group, f"{path}.concurrency")
            if text(entries(lock).get("cancel-in-progress")) == "true":
                self._report.note(lock, f"{path}.concurrency", "a lock waits; it cancels nothing")
        if text(fields.get("continue-on-error")) == "true":
            made["run"] = _forgiving(made["run"])
        run = made.pop("run")
        found = [{**step, **made, "run": run}]
        for when, script in job.failing:
            one: dict[str, Any] = {
                "id": name_of(f"{step['id']}_{when}", {each["id"]: 1 for each in found})
            }
            one |= {"depends_on": [step["id"]], "when": when}
            env = {key: made[key] for key in ("env",) if key in made and "matrix" not in made}
            found.append({**one, **env, "run": script})
        return found

    def _needed(self, fields: Mapping[str, Node]) -> dict[str, frozenset[str] | None]:
        found: dict[str, frozenset[str] | None] = {}
        for one in each(fields.get("needs")):
            other = entries(self._jobs.get(text(one)))
            found[text(one)] = None if axes_of(other) else frozenset(entries(other.get("outputs")))
        return found

    def _condition(self, node: Node | None, path: str) -> dict[str, Any]:
        bare = re.sub(r"^\s*\$\{\{(.*)\}\}\s*$", r"\1", text(node), flags=re.DOTALL).strip()
        if node is None or not bare or bare == "success()":
            return {}
        simple = re.fullmatch(r"(always|failure|cancelled)\(\)", bare)
        if simple:
            return {"when": simple[1]}
        made = self._texts.expression(bare, node, f"{path}.if")
        if made is None:
            return {}
        when = {"when": "always"} if _FUNCTIONS.search(bare) else {}
        return {**when, "if": f"${{{{ {made} }}}}"}

    def _cloned(self, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not self._clones:
            return steps
        self._inputs.setdefault(
            "repo_url", {"type": "string", "description": "the repository that is cloned"}
        )
        clone: dict[str, Any] = {"id": CLONE, "action": CLONE}
        clone["with"] = {"url": "${{ inputs.repo_url }}"}
        if len(self._jobs) > 1:
            reason = "the jobs share one checkout: what one writes the next one finds"
            self._report.note(self._fields.get("jobs"), "jobs", reason)
        for step in steps:
            if "depends_on" not in step:
                place = {"id": step["id"], "depends_on": [CLONE]}
                rest = {key: value for key, value in step.items() if key != "id"}
                step.clear()
                step |= {**place, **rest}
        return [clone, *steps]

    # Top level ------------------------------------------------------------------------------

    def _env(self) -> dict[str, str]:
        found = {}
        for name, node in entries(self._fields.get("env")).items():
            value = self._texts.value(text(node), node, f"env.{name}")
            if "secrets." in value:
                reason = "a secret reaches only the step that names it: move it into its `env`"
                self._report.note(node, f"env.{name}", reason)
                continue
            found[name] = value
        return found

    def _concurrency(self) -> dict[str, Any]:
        node = self._fields.get("concurrency")
        if node is None:
            return {}
        fields = entries(node)
        group = fields.get("group", node)
        key = self._texts.value(text(group), group, "concurrency")
        if not key:
            return {}
        cancels = text(fields.get("cancel-in-progress"))
        if cancels not in ("", "true", "false"):
            reason = "`cancel-in-progress` must be true or false here; the next one waits"
            self._report.note(fields["cancel-in-progress"], "concurrency", reason)
        return {"key": key, "on_conflict": "cancel_running" if cancels == "true" else "queue"}

    def _declared(self) -> dict[str, Any]:
        for name in GITHUB_INPUTS:
            if name in self._seen.inputs:
                self._inputs.setdefault(name, {"type": "string", "default": ""})
        return self._inputs

    def _triggers(self, slug: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event, node in self._events.items():
            match event:
                case "schedule":
                    found["schedule"] = [
                        {"cron": text(entries(one).get("cron")), "tz": "UTC"} for one in each(node)
                    ]
                case "push" | "pull_request":
                    found.setdefault("webhook", []).append(self._hook(event, node, slug))
                case "workflow_dispatch" | "workflow_call":
                    pass  # a start by hand, and as a sub-workflow, is always allowed
                case _:
                    reason = f"the event {event} has no counterpart"
                    self._report.note(node, f"on.{event}", reason)
        return found

    def _hook(self, event: str, node: Node, slug: str) -> dict[str, Any]:
        self._seen.secrets.add(HOOK_SECRET)
        fields = entries(node)
        pull = event == "pull_request"
        branch = "event.body.pull_request.base.ref" if pull else "event.body.ref"
        begin = "" if pull else "refs/heads/"
        conditions = [_branch(branch, begin, text(one)) for one in each(fields.get("branches"))]
        tags = [_branch(branch, "refs/tags/", text(one)) for one in each(fields.get("tags"))]
        conditions += [] if pull else tags
        for name in sorted(set(fields) - {"branches", "tags"}):
            self._report.note(fields[name], f"on.{event}.{name}", f"`{name}` is not looked at")
        kind = "has(event.body.pull_request)" if pull else "has(event.body.ref)"
        wanted = f"{kind} && ({' || '.join(conditions)})" if conditions else kind
        inputs = {name: f"${{{{ {path} }}}}" for name, path in _FROM_EVENT.items()}
        if pull:
            inputs |= {"ref": "${{ event.body.pull_request.head.ref }}"}
            inputs |= {"sha": "${{ event.body.pull_request.head.sha }}"}
        known = {*self._seen.inputs, *self._inputs}
        if "ref_name" in known:
            reason = "`github.ref_name` is an input that the webhook does not fill: cut it from ref"
            self._report.note(node, f"on.{event}", reason)
        return {
            "path": f"{slug}-{event.replace('_', '-')}"[:100],
            "auth": "hmac-sha256",
            "secret": HOOK_SECRET,
            "if": f"${{{{ {wanted} }}}}",
            "inputs": {name: value for name, value in inputs.items() if name in known},
        }


def _branch(path: str, begin: str, pattern: str) -> str:
    if not re.search(r"[*?+\[!]", pattern):
        return f"{path} == '{begin}{pattern}'"
    if re.fullmatch(r"[^*?+\[!]*\*\*?", pattern):
        return f"{path}.startsWith('{begin}{pattern.rstrip('*')}')"
    body = re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*").replace("\\", "\\\\")
    return f"{path}.matches('^{begin}{body}$')"


def _input(node: Node) -> dict[str, Any]:
    fields = entries(node)
    kind = text(fields.get("type")) or "string"
    found: dict[str, Any] = {"type": _TYPES.get(kind, "string")}
    if "description" in fields:
        found["description"] = text(fields["description"])
    if kind == "choice":
        found["enum"] = [text(one) for one in each(fields.get("options"))]
    default = fields.get("default")
    if default is not None:
        value = default.value
        found["default"] = value if found["type"] != "string" else text(default)
    elif text(fields.get("required")) != "true":
        found["default"] = {"boolean": False, "number": 0}.get(found["type"], "")
        if "enum" in found:
            found["default"] = found["enum"][0] if found["enum"] else ""
    return found


def _forgiving(script: str) -> str:
    """Return a script whose failure is told and forgotten."""
    mark = "JOB"
    while mark in script.splitlines():
        mark += "_"
    head = f"sh -e /dev/fd/4 4<<'{mark}' || echo 'the job failed; going on' >&2"
    return f"{head}\n{script.rstrip()}\n{mark}\n"

"""What a failed attempt tells the next one: whether, by whom, with which words."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from claude_agent.domain.definition import Step
from claude_agent.domain.definition_parts import Data, JsonObject
from claude_agent.domain.expression import condition, references, render
from claude_agent.domain.retry import Failure
from claude_agent.domain.task_spec import TaskSpec

MAX_SUMMARY = 2_000


def known_of(step: Step, found: Data) -> JsonObject:
    """Return those values that the step's retry and fallback will read besides the failure.

    They are taken when the task is made: what an expression reads is what it read then.
    """
    wanted = [step.retry.prompt, f"${{{{ {step.retry.if_} }}}}" if step.retry.if_ else None]
    wanted += [each.prompt for each in step.fallback]
    values: list[object] = [*wanted, *(each.with_ for each in step.fallback)]
    kept: JsonObject = {}
    for path in references([each for each in values if each is not None]):
        if path.parts[0] != "failure":
            _keep(kept, path.parts, found)
    return kept | {"outcome": found["outcome"]} if any(values) else {}


def _keep(kept: JsonObject, parts: Iterable[str | int], found: object) -> None:
    """Copy one value into a nested mapping; a list on the way is copied whole."""
    names = list(parts)
    here: object = found
    for n, name in enumerate(names):
        if not isinstance(here, Mapping) or name not in here:
            return
        here = here[name]
        if n == len(names) - 1 or not isinstance(here, Mapping):
            kept[str(name)] = here
            return
        inner = kept.setdefault(str(name), {})
        if not isinstance(inner, dict):
            return
        kept = inner


def context(spec: TaskSpec, failure: Failure, attempt: int) -> JsonObject:
    """Return what the expressions of retry and fallback read."""
    summary = failure.message.strip()[:MAX_SUMMARY]
    return {
        **spec.known,
        "failure": {
            "kind": failure.kind,
            "summary": summary.splitlines()[0] if summary else failure.kind,
            "message": summary,
            "exit_code": failure.exit_code,
            "attempt": attempt,
        },
    }


def wanted(spec: TaskSpec, found: Data) -> bool:
    """Say whether `retry.if` allows another attempt. Raises ExpressionError."""
    return spec.retry.if_ is None or condition(spec.retry.if_, found)


def feedback(spec: TaskSpec, found: Data) -> str:
    """Return what the next attempt is told of this one. Raises ExpressionError."""
    return str(render(spec.retry.prompt, found)) if spec.retry.prompt else ""


def by_another(spec: TaskSpec) -> TaskSpec:
    """Return the specification for the further attempts: `retry.agent` makes them."""
    agent = spec.retry.agent
    if not agent or agent == spec.agent:
        return spec
    queue = agent if spec.queue == spec.agent else spec.queue
    return replace(spec, agent=agent, queue=queue, routed_by="it takes over after a failure")


def alternatives(step: Step, agents: Iterable[tuple[str, str]], with_: Data) -> tuple[Data, ...]:
    """Return what is tried when the step has failed for good, as plain data."""
    found = []
    for each, (agent, _) in zip(step.fallback, agents, strict=True):
        text = each.action or each.run or each.prompt or step.action or step.run or step.prompt
        values = each.with_ if each.with_ is not None else with_
        own = {"agent": agent, "kind": each.kind or step.kind, "text": text, "with": dict(values)}
        found.append(own | {"render": each.with_ is not None or each.prompt is not None})
    return tuple(found)


def taken_over(spec: TaskSpec, found: Data) -> TaskSpec:
    """Return the specification of the next alternative. Raises ExpressionError."""
    first, *rest = spec.fallback
    values = render(first["with"], found) if first["render"] else first["with"]
    prompt = first["kind"] == "prompt" and first["render"]
    return replace(
        spec,
        agent=first["agent"],
        queue=first["agent"] if spec.queue == spec.agent else spec.queue,
        kind=first["kind"],
        text=str(render(first["text"], found)) if prompt else first["text"],
        with_=values,
        fallback=tuple(rest),
        routed_by=f"it takes over from {spec.agent}",
    )

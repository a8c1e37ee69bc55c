"""A changed specification for a task that is re-driven: the same checks as at submit."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from claude_agent.core.catalogue import Catalogue, unknown
from claude_agent.core.intake import spec_of
from claude_agent.domain.task_spec import KINDS, TaskSpec

_OF_FIELD = {
    "with": "with_",
    "timeout": "limits",
    **{
        name: name
        for name in (
            *("priority", "cwd", "env", "retry", "outputs", "gates", "verify", "idempotent"),
            *("on_uncertain", "lock", "result_schema"),
        )
    },
}


def edited(spec: TaskSpec, changes: Mapping[str, Any], catalogue: Catalogue) -> TaskSpec:
    """Return the specification with some fields of `POST /tasks/submit` replaced as wholes.

    Also without changes it is checked that its agent and queue still exist. Raises as a submit
    does: UnknownName, Invalid, NotPromptable, TooLarge.
    """
    catalogue.agent(spec.agent if "agent" not in changes else str(changes["agent"]))
    if not changes:
        queues = {each.queue for each in catalogue.agents.values()}
        if spec.queue not in queues:
            raise unknown(what="queue", name=spec.queue, known=queues)
        return spec
    made = spec_of({**_as_submitted(spec, changes), **changes}, catalogue)
    new_work = any(kind in changes for kind in KINDS)
    names = [_OF_FIELD[key] for key in changes if key in _OF_FIELD]
    if new_work:
        names += ["with_"]
    if made.kind == "action" and new_work:
        names += ["idempotent"]
    moved = made.agent != spec.agent
    return replace(
        spec,
        title=made.title,
        kind=made.kind,
        text=made.text,
        agent=made.agent,
        queue=made.queue,
        routed_by=made.routed_by if moved else spec.routed_by,
        **{name: getattr(made, name) for name in names},
    )


def _as_submitted(spec: TaskSpec, changes: Mapping[str, Any]) -> dict[str, Any]:
    base: dict[str, Any] = {"agent": spec.agent}
    new_work = any(kind in changes for kind in KINDS)
    if not new_work:
        base |= {spec.kind: spec.text, "title": spec.title}
    if not new_work or changes.get(spec.kind) is not None:
        base["with"] = dict(spec.with_)
    if "agent" not in changes:
        base["queue"] = spec.queue
    return base

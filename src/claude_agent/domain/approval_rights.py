"""Who may decide about an approval, and what a decision must hold."""

from dataclasses import dataclass

from claude_agent.domain.approval_events import Plain
from claude_agent.domain.json_schema import check_value
from claude_agent.errors import Conflict, Forbidden, Invalid

PEOPLE = ("operator", "approver")
"""Roles that decide where a rule names nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """Who says yes or no."""

    actor: str
    """As it is recorded: `operator`, a person's name, `agent:supervisor`."""
    role: str
    """operator, approver, agent, viewer."""
    name: str = ""
    """The agent's or the person's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the right to decide depends on."""

    ref: str
    requester: str
    requester_kind: str
    agent: str
    rule: str
    deciders: tuple[str, ...]


class ApprovalChanged(Conflict):
    """What would run changed since it was shown: the approval asked for is void, look again."""

    code = "approval_changed"


class ApprovalDecided(Conflict):
    """Somebody or something else has decided about it already."""

    code = "approval_decided"


def may_decide(approval: Asked, by: Decider) -> str:
    """Return the rule that lets them decide (empty: their role does). Raises Forbidden."""
    if by.role == "agent":
        return _agent_may(approval, by)
    if approval.requester_kind == "person" and by.name and by.name == approval.requester:
        message = f"{by.name} asked for {approval.ref} and cannot decide about it."
        raise Forbidden(message, hint="Somebody else must decide.")
    named = approval.deciders
    people = [name for name in named if name not in _agents_of(approval)]
    wanted = people or list(PEOPLE)
    if by.role in wanted or (by.name and by.name in wanted):
        return ""
    message = f"{by.actor} may not decide about {approval.ref}: {', '.join(wanted)} may."
    raise Forbidden(message, hint="Ask one of them.")


def _agents_of(approval: Asked) -> tuple[str, ...]:
    return ("supervisor",) if "supervisor" in approval.deciders else ()


def _agent_may(approval: Asked, by: Decider) -> str:
    if by.name != "supervisor" or "supervisor" not in approval.deciders:
        message = f"The agent {by.name} may not decide about {approval.ref}."
        hint = "A person decides, or the supervisor where a rule names it."
        raise Forbidden(message, hint=hint)
    if by.name in (approval.requester, approval.agent):
        message = "No agent decides about its own request."
        raise Forbidden(message, hint="A person decides: claude-agent approval list")
    return approval.rule


def check_answers(form: Plain, answers: Plain) -> None:
    """Check the answers of a form by its schemas. Raises Invalid with every problem."""
    problems = [
        (f"/answers/{name}", f"The form has no field {name[:60]}.")
        for name in answers
        if name not in form
    ]
    for name, schema in form.items():
        rules = {key: value for key, value in schema.items() if key not in ("required", "default")}
        if name not in answers:
            if schema.get("required", False) is True:
                problems.append((f"/answers/{name}", f"The form asks for {name}."))
            continue
        for at, said in check_value(rules, answers[name]):
            problems.append((f"/answers/{name}{at}", f"{name}{at} {said}."))
    if problems:
        pointer, message = problems[0]
        known = ", ".join(form) or "none"
        raise Invalid(
            message,
            hint=f"Fields of the form: {known}.",
            pointer=pointer,
            problems=[{"message": text, "path": where} for where, text in problems],
        )

"""What clients are shown of approvals."""

from typing import Any

from claude_agent.domain import vocabulary
from claude_agent.domain.approval import Approval
from claude_agent.domain.approval_policy import Match, Policy

Wire = dict[str, Any]


def approval_view(one: Approval, problem: str = "") -> Wire:
    """Return the wire form; `problem`: why what would run cannot be drawn."""
    return {
        "id": one.id,
        "ref": one.ref,
        "subject": one.subject,
        "task_id": one.task_id or None,
        "execution_id": one.execution_id or None,
        "step_id": one.step_id or None,
        "title": one.title,
        "prompt": one.prompt,
        "state": one.state.value,
        "shown": vocabulary.APPROVAL[one.state.value].to_data(),
        "decide": one.decide,
        "rule": one.rule,
        "requester": one.requester,
        "requester_kind": one.requester_kind,
        "agent": one.agent,
        "deciders": list(one.deciders),
        "quorum": one.quorum,
        "votes": [dict(vote) for vote in one.votes],
        "created_at": one.created_at,
        "due_at": one.due_at or None,
        "on_due": one.on_due or None,
        "level": one.level,
        "form": dict(one.form),
        "digest": one.digest or None,
        "what": dict(one.shown),
        "problem": problem or None,
        "decided_by": one.decided_by or None,
        "decided_at": one.decided_at,
        "decided_rule": one.decided_rule or None,
        "how": one.how or None,
        "note": one.note,
        "answers": dict(one.answers),
        "reason": one.reason or None,
        "advisory": one.advisory,
        "url": f"/ui/#/approvals/{one.ref}",
    }


def policy_view(policy: Policy, *, advisory: bool) -> Wire:
    """Return the wire form of the policy."""
    rules = [
        {
            "rule": rule.name,
            "match": _match(rule.match),
            "decide": rule.decide,
            "countdown_ms": rule.countdown_ms or None,
            "deciders": list(rule.deciders),
            "quorum": rule.quorum,
            "expires_ms": rule.expires_ms or None,
            "on_expire": rule.on_expire,
        }
        for rule in policy.rules
    ]
    return {
        "default": policy.default,
        "agent_requests": policy.agent_requests,
        "rules": rules,
        "advisory": advisory,
    }


def _match(match: Match) -> Wire:
    given = {
        "requester": match.requester,
        "agent": list(match.agents),
        "priority": list(match.priorities),
        "command": match.command,
        "path": match.path,
        "cost_usd": match.cost_usd,
        "risk": match.risk,
    }
    return {name: value for name, value in given.items() if value not in ("", [], None)}

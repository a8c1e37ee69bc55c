"""The policy of approvals, from the settings of this installation."""

from claude_agent.core.approval_book import ApprovalBook
from claude_agent.core.approvals import ApprovalDesk
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.foundation import Foundation
from claude_agent.domain.approval_policy import Match, Policy, Rule
from claude_agent.domain.duration import parse_duration
from claude_agent.settings import Settings
from claude_agent.settings_model import ApprovalRule, Approvals


def build_approvals(
    settings: Settings, foundation: Foundation, executions: ExecutionDesk
) -> ApprovalDesk:
    """Return who takes decisions; from now on what the policy holds waits for them."""
    policy = policy_of(settings.approvals)
    book = ApprovalBook(policy, foundation.ids, advisory=is_advisory(settings))
    executions.tasks.guard(book)
    approvals = ApprovalDesk(foundation, executions.tasks, book)
    approvals.serve(executions)
    return approvals


def is_advisory(settings: Settings) -> bool:
    """Say whether approvals bind nobody who runs as the same user: there is no sandbox.

    `auto` finds none yet in this version; the modes that demand one are refused at start.
    """
    return settings.sandbox.mode in ("auto", "trusted")


def policy_of(section: Approvals) -> Policy:
    """Return the policy of a section `[approvals]`."""
    return Policy(
        default=section.default,
        agent_requests=section.agent_requests,
        expires_ms=_ms(section.expires),
        on_expire=section.on_expire,
        rules=tuple(_rule(n, rule, section) for n, rule in enumerate(section.rules, start=1)),
    )


def _rule(n: int, rule: ApprovalRule, section: Approvals) -> Rule:
    wanted = rule.match
    return Rule(
        name=f"rule {n}",
        match=Match(
            requester=wanted.requester or "",
            agents=wanted.agent,
            priorities=wanted.priority,
            command=wanted.command or "",
            path=wanted.path or "",
            cost_usd=wanted.cost_usd,
            risk=wanted.risk or "",
        ),
        decide=rule.decide,
        countdown_ms=_ms(rule.countdown),
        deciders=rule.deciders,
        quorum=rule.quorum,
        expires_ms=_ms(rule.expires or section.expires),
        on_expire=_on_expire(rule, section),
    )


def _on_expire(rule: ApprovalRule, section: Approvals) -> str:
    if rule.on_expire is not None:
        return rule.on_expire
    never = rule.decide == "always_ask" and section.on_expire == "approve"
    return "reject" if never else section.on_expire


def _ms(age: str | None) -> int:
    return parse_duration(age) if age is not None else 0

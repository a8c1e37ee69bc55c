"""The accounts of this installation, as its settings say."""

from claude_agent.core.accounts import Accounts
from claude_agent.core.foundation import Foundation
from claude_agent.core.resilience import ResilienceManager
from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain.account import AccountPolicy
from claude_agent.domain.duration import parse_duration
from claude_agent.settings import Settings


def build_accounts(
    settings: Settings, foundation: Foundation, desk: TaskDesk, resilience: ResilienceManager
) -> Accounts:
    """Return what judges the accounts of the agents."""
    said = settings.accounts
    policy = AccountPolicy(
        launches=said.launches,
        within_ms=parse_duration(said.within),
        pause_ms=parse_duration(said.pause),
    )
    return Accounts(foundation, desk, resilience, policy)

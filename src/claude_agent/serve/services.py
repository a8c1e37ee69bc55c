"""Everything the gateway asks of the server, in one object."""

from claude_agent.api.services import Services
from claude_agent.serve.approvals import Approvals, Tokens
from claude_agent.serve.at_work import AtWork
from claude_agent.serve.dead_letters import DeadLetterDesk
from claude_agent.serve.events import Answers, Events
from claude_agent.serve.hooks import Hooks
from claude_agent.serve.hosts import HostDesk
from claude_agent.serve.insight import Insight
from claude_agent.serve.publish import Publishing
from claude_agent.serve.questions import Questions
from claude_agent.serve.queues import Queues
from claude_agent.serve.resilience import Healing
from claude_agent.serve.schedules import Schedules
from claude_agent.serve.signals import SignalDesk
from claude_agent.serve.state import State
from claude_agent.serve.system import Agents, System
from claude_agent.serve.takeover import Takeover
from claude_agent.serve.terminal import Terminals
from claude_agent.serve.triggers import Triggers
from claude_agent.serve.workflows import Executions, Workflows


class ServerServices(
    AtWork,
    Takeover,
    Agents,
    Queues,
    DeadLetterDesk,
    HostDesk,
    SignalDesk,
    Terminals,
    State,
    Approvals,
    Tokens,
    Questions,
    Healing,
    Schedules,
    Triggers,
    Hooks,
    Publishing,
    Workflows,
    Executions,
    Insight,
    Events,
    Answers,
    System,
    Services,
):
    """The body of `Services`: each part in its own module."""

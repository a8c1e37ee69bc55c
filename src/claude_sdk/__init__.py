"""The Python SDK of claude-agent: a client that knows only the wire.

from claude_sdk import ClaudeSystem

with ClaudeSystem() as system:
    result = system.execute_task("Create a health endpoint", agents=["backend-api"])
"""

from claude_sdk.errors import (
    ClaudeError,
    Conflict,
    DefinitionInvalid,
    DiskFull,
    Forbidden,
    IdempotencyMismatch,
    Invalid,
    Malformed,
    NotFound,
    NotPromptable,
    PlanningNotAvailable,
    Problem,
    ServerUnreachable,
    TooLarge,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
    UnknownName,
    WaitTimeout,
)
from claude_sdk.live import LiveEvents
from claude_sdk.results import TaskResult
from claude_sdk.system import ClaudeSystem, submit_agent_request
from claude_sdk.transport import Patience

__all__ = [
    "ClaudeError",
    "ClaudeSystem",
    "Conflict",
    "DefinitionInvalid",
    "DiskFull",
    "Forbidden",
    "IdempotencyMismatch",
    "Invalid",
    "LiveEvents",
    "Malformed",
    "NotFound",
    "NotPromptable",
    "Patience",
    "PlanningNotAvailable",
    "Problem",
    "ServerUnreachable",
    "TaskResult",
    "TooLarge",
    "Unauthorized",
    "Unavailable",
    "UnexpectedAnswer",
    "UnknownName",
    "WaitTimeout",
    "submit_agent_request",
]

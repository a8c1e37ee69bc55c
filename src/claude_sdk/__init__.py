"""The Python SDK of claude-agent: a client that knows only the wire.

    from claude_sdk import ClaudeSystem

    with ClaudeSystem() as system:
        result = system.execute_task("Create a health endpoint", agents=["backend-api"])

Names are imported when they are first used, so that the command line starts fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
        VersionConflict,
        WaitTimeout,
    )
    from claude_sdk.live import LiveEvents
    from claude_sdk.results import TaskResult
    from claude_sdk.system import ClaudeSystem, submit_agent_request
    from claude_sdk.transport import Patience
    from claude_sdk.workflow import Workflow

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
    "VersionConflict",
    "WaitTimeout",
    "Workflow",
    "submit_agent_request",
]

_ELSEWHERE = {
    "ClaudeSystem": "system",
    "LiveEvents": "live",
    "Patience": "transport",
    "TaskResult": "results",
    "Workflow": "workflow",
    "submit_agent_request": "system",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    module = import_module(f"{__name__}.{_ELSEWHERE.get(name, 'errors')}")
    value: object = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__

"""One root error; each kind carries its code, its HTTP status and the next step.

A kind's docstring says when it is raised; the sentence given at the raise says what happened
and where; `hint` says what to do. The API turns them into RFC 9457 problem documents, the CLI
into one line and an exit code.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class ClaudeAgentError(Exception):
    """Something went wrong that we did not foresee."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(
        self,
        detail: str,
        *,
        hint: str = "",
        pointer: str | None = None,
        problems: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.pointer = pointer
        self.problems = tuple(problems)


class Invalid(ClaudeAgentError):
    """The request is well formed and cannot be accepted as it is."""

    code = "invalid"
    status = 422


class UnknownName(Invalid):
    """A name (agent, action, priority, parameter, key) is not known; the hint names the nearest."""

    code = "unknown_name"


class NotPromptable(Invalid):
    """The agent's adapter takes no prompt, and a prompt is never run as shell text."""

    code = "not_promptable"


class DefinitionInvalid(Invalid):
    """A workflow definition has problems; all of them are listed with line and column."""

    code = "definition_invalid"


class PlanningNotAvailable(Invalid):
    """One prompt for several agents needs a planner, which this version does not have."""

    code = "planning_not_available"


class Malformed(ClaudeAgentError):
    """The request cannot be read at all."""

    code = "malformed"
    status = 400


class TooLarge(ClaudeAgentError):
    """The input is over its limit."""

    code = "too_large"
    status = 413


class UnsupportedMedia(ClaudeAgentError):
    """The body is not JSON."""

    code = "unsupported_media"
    status = 415


class Unauthorized(ClaudeAgentError):
    """No token, or a wrong one."""

    code = "unauthorized"
    status = 401


class Forbidden(ClaudeAgentError):
    """The token is known and may not do this, or the request came from elsewhere."""

    code = "forbidden"
    status = 403


class NotFound(ClaudeAgentError):
    """There is no such thing under this id or name."""

    code = "not_found"
    status = 404


class Conflict(ClaudeAgentError):
    """The thing is in a state in which this cannot be done."""

    code = "conflict"
    status = 409


class IdempotencyMismatch(Conflict):
    """The same idempotency key came with another body."""

    code = "idempotency_mismatch"


class VersionConflict(Conflict):
    """A value was changed by somebody else since it was read; read it again, then decide."""

    code = "version_conflict"


class HomeLocked(Conflict):
    """Another server has this home."""

    code = "home_locked"


class PortInUse(Conflict):
    """Another program listens on this address."""

    code = "port_in_use"


class FencedOut(Conflict):
    """Somebody else drives this task now: drop every handle, stop nothing."""

    code = "fenced_out"


class QueueFull(ClaudeAgentError):
    """The queue has as many ready tasks or messages as it may; try again later."""

    code = "queue_full"
    status = 429


class Unavailable(ClaudeAgentError):
    """A part the request needs does not answer right now; try again later."""

    code = "unavailable"
    status = 503


class Elsewhere(Conflict):
    """What is wanted is a file on another host."""

    code = "elsewhere"


class DiskFull(ClaudeAgentError):
    """There is no room to accept work safely."""

    code = "disk_full"
    status = 507


class SetupError(ClaudeAgentError):
    """This machine lacks something the product needs (tmux, a usable home)."""

    code = "setup"
    status = 503

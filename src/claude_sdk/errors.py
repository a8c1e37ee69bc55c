"""Typed errors: one class for each problem `code` that the server answers.

`str(error)` is one sentence (what happened, where); `hint` is the next step. Catch
`ClaudeError` for all of them, `Problem` for what a server answered, or the exact kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


class ClaudeError(Exception):
    """The root of everything this package raises on purpose."""

    code: ClassVar[str] = "error"

    def __init__(self, detail: str, *, hint: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint


class ServerUnreachable(ClaudeError):
    """No server answered: none runs, or it does not answer in time."""

    code = "unreachable"


class UnexpectedAnswer(ClaudeError):
    """Something answered that does not speak this API (another program on the port?)."""

    code = "unexpected_answer"


class WaitTimeout(ClaudeError):
    """The wait ran out. The work goes on: `ref` names it, `url` shows it."""

    code = "wait_timeout"

    def __init__(self, ref: str, *, seconds: float, url: str = "") -> None:
        super().__init__(
            f"{ref} had not ended after {seconds:g} s; it goes on.",
            hint=f"Look at {url}" if url else "",
        )
        self.ref = ref
        self.seconds = seconds
        self.url = url


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDocument:
    """An RFC 9457 problem document as the server sent it."""

    status: int
    code: str
    detail: str
    hint: str = ""
    pointer: str | None = None
    request_id: str = ""
    problems: Sequence[Mapping[str, object]] = ()
    retry_after: float | None = None


class Problem(ClaudeError):
    """The server refused the request or could not do it."""

    code = "internal"

    def __init__(self, document: ProblemDocument) -> None:
        super().__init__(document.detail, hint=document.hint)
        self.document = document

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.document.status

    @property
    def pointer(self) -> str | None:
        """The field of the request that is wrong, as a JSON pointer."""
        return self.document.pointer

    @property
    def problems(self) -> Sequence[Mapping[str, object]]:
        """All problems of a definition: message, file, line, column, path, hint."""
        return self.document.problems


class Invalid(Problem):
    """The request is well formed and cannot be accepted as it is."""

    code = "invalid"


class UnknownName(Invalid):
    """An agent, action, priority, parameter or key is not known; the hint names the nearest."""

    code = "unknown_name"


class NotPromptable(Invalid):
    """The agent's adapter takes no prompt, and a prompt is never run as shell text."""

    code = "not_promptable"


class DefinitionInvalid(Invalid):
    """A workflow definition has problems; `problems` lists them all with line and column."""

    code = "definition_invalid"


class PlanningNotAvailable(Invalid):
    """One description for several agents needs a planner, which this server does not have."""

    code = "planning_not_available"


class Malformed(Problem):
    """The server could not read the request at all."""

    code = "malformed"


class TooLarge(Problem):
    """The input is over its limit."""

    code = "too_large"


class UnsupportedMedia(Problem):
    """The body is not JSON."""

    code = "unsupported_media"


class Unauthorized(Problem):
    """No token, or a wrong one."""

    code = "unauthorized"


class Forbidden(Problem):
    """The token may not do this."""

    code = "forbidden"


class NotFound(Problem):
    """There is no such thing under this id, ref or name."""

    code = "not_found"


class Conflict(Problem):
    """The thing is in a state in which this cannot be done."""

    code = "conflict"


class IdempotencyMismatch(Conflict):
    """The same idempotency key came with another body."""

    code = "idempotency_mismatch"


class VersionConflict(Conflict):
    """The value was changed by somebody else since it was read."""

    code = "version_conflict"


class HomeLocked(Conflict):
    """Another server has this home."""

    code = "home_locked"


class PortInUse(Conflict):
    """Another program listens on this address."""

    code = "port_in_use"


class FencedOut(Conflict):
    """Somebody else drives this task now."""

    code = "fenced_out"


class Elsewhere(Conflict):
    """What is wanted is a file on another host."""

    code = "elsewhere"


class ApprovalDecided(Conflict):
    """Somebody or something else has decided about it already."""

    code = "approval_decided"


class ApprovalChanged(Conflict):
    """What would run is not what was shown: look again."""

    code = "approval_changed"


class QuestionDecided(Conflict):
    """Somebody was first, or nobody waits for an answer any more."""

    code = "question_decided"


class QueueFull(Problem):
    """The queue has as many ready messages as it may; try again later."""

    code = "queue_full"


class TooManyRequests(Problem):
    """More requests than this token may make; try again later."""

    code = "too_many_requests"


class Unavailable(Problem):
    """A part that the request needs does not answer right now; try again later."""

    code = "unavailable"


class DiskFull(Problem):
    """The server has no room to accept work safely."""

    code = "disk_full"


class SetupProblem(Problem):
    """The server's machine lacks something (tmux, a usable home)."""

    code = "setup"


def _kinds(root: type[Problem]) -> dict[str, type[Problem]]:
    kinds = {root.code: root}
    for child in root.__subclasses__():
        kinds |= _kinds(child)
    return kinds


_BY_CODE = _kinds(Problem)
_BY_STATUS: Mapping[int, type[Problem]] = {
    400: Malformed,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    413: TooLarge,
    415: UnsupportedMedia,
    422: Invalid,
    429: TooManyRequests,
    503: Unavailable,
    507: DiskFull,
}


def problem_from(document: ProblemDocument) -> Problem:
    """Return the error for a problem document: by its code, else by its status."""
    kind = _BY_CODE.get(document.code) or _BY_STATUS.get(document.status, Problem)
    return kind(document)


def problem_document(
    fields: Mapping[str, object], *, status: int, retry_after: float | None = None
) -> ProblemDocument:
    """Read a problem document; what is missing or of another kind is left empty."""
    pointer, problems = fields.get("pointer"), fields.get("problems")
    return ProblemDocument(
        status=status,
        code=str(fields.get("code") or ""),
        detail=str(fields.get("detail") or fields.get("title") or f"HTTP {status}"),
        hint=str(fields.get("hint") or ""),
        pointer=pointer if isinstance(pointer, str) else None,
        request_id=str(fields.get("id") or ""),
        problems=tuple(problems) if isinstance(problems, list) else (),
        retry_after=retry_after,
    )

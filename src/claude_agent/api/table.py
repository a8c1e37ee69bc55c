"""The table of everything the gateway answers. What is not in it is refused, also to the owner.

A test compares it with the router in both directions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Entry(Enum):
    """What a visitor must show."""

    OPEN = "open"
    """Nothing; a token that is shown is checked all the same."""
    TOKEN = "token"  # noqa: S105 - a word, not a secret
    """The operator's token, or a session made with it."""
    SIGNED = "signed"
    """No token: the body is signed, and the service that takes it looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One address and what it takes to be let in."""

    method: str
    """HTTP method, or `WS`."""
    path: str
    """As the router writes it: `/tasks/{ref}`."""
    entry: Entry = Entry.TOKEN
    roles: frozenset[str] = frozenset()
    """Who may besides the operator."""
    late: bool = False
    """Also a run that is over may say something here."""


READERS = frozenset({"viewer", "approver"})
_OWN_ONLY = frozenset({"/session", "/tokens"})
AT_WORK = "/mcp"
"""The tools of agents at work."""
_OF_AGENTS = frozenset({"/tasks/submit", "/tasks/{ref}", "/approvals/{ref}", AT_WORK})
_DECISIONS = frozenset({"/approvals/{ref}/approve", "/approvals/{ref}/reject"})
"""The services look whether it is their own task, and which rule names them."""


def _rules(text: str, entry: Entry) -> tuple[Rule, ...]:
    pairs = (line.split() for line in text.strip().splitlines())
    return tuple(
        Rule(
            method=method,
            path=path,
            entry=entry,
            roles=_roles(method, path),
            late=path == AT_WORK,
        )
        for method, path in pairs
    )


_ANSWERS = "/questions/{ref}/answer"
"""No agent answers: not itself, and no other agent either."""


def _roles(method: str, path: str) -> frozenset[str]:
    if path == _ANSWERS:
        return frozenset({"approver"})
    if path in _DECISIONS:
        return frozenset({"approver", "agent"})
    readers = READERS if method in ("GET", "WS") and path not in _OWN_ONLY else frozenset[str]()
    return readers | {"agent"} if path in _OF_AGENTS else readers


RULES: tuple[Rule, ...] = (
    _rules(
        """
    GET  /
    GET  /health
    POST /session
    GET  /ui
    GET  /ui/
    GET  /ui/login
    GET  /ui/{path:path}
    """,
        Entry.OPEN,
    )
    + _rules(
        """
    POST /hooks/{path}
    """,
        Entry.SIGNED,
    )
    + _rules(
        """
    GET    /health/ready
    POST   /mcp
    GET    /session
    DELETE /session
    POST   /session/ticket
    POST   /tasks/submit
    GET    /tasks
    GET    /tasks/{ref}
    GET    /tasks/{ref}/result
    GET    /tasks/{ref}/attempts
    GET    /tasks/{ref}/log
    GET    /tasks/{ref}/explain
    POST   /tasks/{ref}/cancel
    POST   /tasks/{ref}/resolve
    POST   /tasks/{ref}/takeover
    POST   /tasks/{ref}/handback
    GET    /tasks/{ref}/attach
    GET    /hosts
    POST   /hosts/{name}/lost
    GET    /agents/status
    GET    /agents/{name}
    GET    /agents/{name}/logs
    GET    /agents/{name}/attach
    GET    /agents/{name}/probe
    GET    /sessions
    GET    /queues
    GET    /queues/{name}
    POST   /queues/{name}/pause
    POST   /queues/{name}/resume
    POST   /queues/{name}/limit
    POST   /queues/{name}/purge
    GET    /resilience
    POST   /resilience/{name}/reset
    GET    /schedules
    GET    /schedules/{name}
    POST   /schedules/{name}/pause
    POST   /schedules/{name}/resume
    POST   /schedules/{name}/trigger
    POST   /schedules/{name}/backfill
    GET    /triggers
    GET    /state
    GET    /state/snapshots
    POST   /state/snapshots
    GET    /state/snapshots/{name}
    POST   /state/snapshots/{name}/restore
    GET    /state/{key}
    POST   /state/{key}
    POST   /state/{key}/delete
    GET    /state/{key}/history
    GET    /approvals
    GET    /approvals/rules
    GET    /approvals/{ref}
    POST   /approvals/{ref}/approve
    POST   /approvals/{ref}/reject
    GET    /questions
    GET    /questions/{ref}
    POST   /questions/{ref}/answer
    GET    /tokens
    POST   /tokens
    POST   /tokens/{name}/revoke
    GET    /dead-letters
    GET    /dead-letters/export
    POST   /dead-letters/redrive
    GET    /dead-letters/redrives
    GET    /dead-letters/redrives/{id}
    POST   /dead-letters/redrives/{id}/stop
    GET    /dead-letters/{kind}/{ref}
    POST   /dead-letters/{kind}/{ref}/redrive
    POST   /dead-letters/{kind}/{ref}/discard
    POST   /workflows/validate
    GET    /workflows
    POST   /workflows
    GET    /workflows/schema
    GET    /workflows/{name}
    POST   /workflows/import
    GET    /workflows/{name}/versions
    GET    /workflows/{name}/diff
    POST   /workflows/{name}/plan
    POST   /workflows/{name}/execute
    GET    /executions
    GET    /executions/{ref}
    GET    /executions/{ref}/summary
    GET    /executions/{ref}/events
    GET    /executions/{ref}/explain
    POST   /executions/{ref}/cancel
    POST   /executions/{ref}/signals/{name}
    POST   /executions/{ref}/pause
    POST   /executions/{ref}/resume
    POST   /executions/{ref}/retry
    POST   /executions/{ref}/rewind
    POST   /executions/{ref}/skip
    POST   /executions/{ref}/set-output
    POST   /executions/{ref}/fork
    POST   /executions/{ref}/compensate
    GET    /events
    POST   /events
    WS     /events
    GET    /events/head
    GET    /events/verify
    GET    /events/starts
    GET    /apps
    POST   /apps/{name}/stop
    POST   /server/stop
    POST   /messages
    GET    /vocabulary
    GET    /openapi.json
    GET    /docs
    """,
        Entry.TOKEN,
    )
)


class Table:
    """Finds the rule of a request."""

    def __init__(self, rules: Sequence[Rule] = RULES) -> None:
        self._exact: dict[str, dict[str, Rule]] = {}
        self._shapes: list[tuple[list[str], dict[str, Rule]]] = []
        for rule in rules:
            self._methods_of(rule.path)[rule.method] = rule

    def at(self, path: str) -> dict[str, Rule]:
        """Return the rules of an address by method; empty when there is no such address."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact
        parts = path.split("/")
        return next((rules for shape, rules in self._shapes if _fits(shape, parts)), {})

    def _methods_of(self, path: str) -> dict[str, Rule]:
        if "{" not in path:
            return self._exact.setdefault(path, {})
        shape = path.split("/")
        for known, methods in self._shapes:
            if known == shape:
                return methods
        self._shapes.append((shape, {}))
        return self._shapes[-1][1]


def _fits(shape: list[str], parts: list[str]) -> bool:
    if shape[-1].endswith(":path}"):
        fixed = shape[:-1]
        return len(parts) >= len(shape) and parts[: len(fixed)] == fixed
    return len(shape) == len(parts) and all(
        (part != "" if wanted.startswith("{") else wanted == part)
        for wanted, part in zip(shape, parts, strict=True)
    )

"""The policy: which requests may go on by themselves, which wait, which are refused.

The first rule that matches decides; a rule that says `always_ask` also wins over `auto` and
`manual` of an earlier one: what must always be asked cannot be let through by its order.
A rule that lets something through (`auto`) must fit everything the request would run; one that
holds it up must fit anything of it.
"""

import fnmatch
import posixpath
import re
from dataclasses import dataclass, replace

_HOLDS = ("manual", "always_ask", "reject")
_SHELL = re.compile(r"[;|&`\n\r<>\\]|\$\(|\$\{|\$|^\s*[A-Za-z_][A-Za-z0-9_]*=")
"""What makes of one command another one: no allow-list pattern matches text with any of it."""
_DANGEROUS = re.compile(
    r"\brm\s+(-\w*[rf]|--recursive|--force)|\bgit\s+push\b.*(--force|\s-\w*f|\s\+)"
    r"|\bgit\s+(reset\s+--hard|clean\s+-\w*f)|\bterraform\s+(destroy|apply)|\bkubectl\s+"
    r"(delete|drain|replace|apply)|\bhelm\s+(uninstall|delete)|\bdrop\s+(table|database|schema)"
    r"|\btruncate\s+table|\bdelete\s+from\b|\bmkfs|\bdd\s+.*of=|\bsudo\b|\bchmod\s+-\w*R"
    r"|\bchown\s+-\w*R|\b(shutdown|reboot|halt)\b|\b(curl|wget)\b.*\|\s*\w*sh\b"
    r"|\bdocker\s+(system|volume)\s+(prune|rm)|\bkill(all)?\s+-9",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"^(git (status|diff|log|show|branch)|ls|pwd|cat|head|tail|wc|grep|pytest|ruff|mypy|true"
    r"|echo|date|whoami)( |$)"
)
_READABLE = 10_000
"""Nobody reads a longer command before saying yes to it."""
RISKS = ("low", "medium", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """When a rule applies: every field given must match."""

    requester: str = ""
    agents: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    command: str = ""
    """A regular expression, searched in every command that would run."""
    path: str = ""
    """A folder with all below it, or a pattern with `*`."""
    cost_usd: float | None = None
    """From so much on; what nobody can estimate is over every limit."""
    risk: str = ""
    """`auto`: at most this; else at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of the configuration."""

    name: str
    match: Match
    decide: str
    countdown_ms: int = 0
    deciders: tuple[str, ...] = ()
    quorum: int = 1
    expires_ms: int = 0
    on_expire: str = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole configuration of approvals."""

    default: str = "auto"
    """What a person submits."""
    agent_requests: str = "manual"
    """What an agent asks for."""
    expires_ms: int = 0
    """How long a request waits where its rule says nothing; 0: for ever."""
    on_expire: str = "reject"
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who asks."""

    kind: str = "person"
    """`person` or `agent`."""
    name: str = ""
    """The agent's name, or that of a person's token."""
    task_id: str = ""
    """The task whose agent asks."""
    trusted: bool = True
    """They came with an operator's token."""
    wants: str = ""
    """`auto`: let it through where that is theirs to say; `manual`: ask in any case."""

    def to_data(self) -> dict[str, str]:
        """Return what the log keeps of it; nothing for the operator who wants nothing special."""
        found = {"kind": self.kind, "name": self.name, "task_id": self.task_id}
        found |= {"wants": self.wants}
        told = {name: value for name, value in found.items() if value}
        return {} if told == {"kind": "person"} else told


PERSON = Requester()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the rules look at."""

    requester: Requester
    agent: str
    priority: str
    commands: tuple[str, ...]
    """Everything that would run as a command: the script, gates, the probe."""
    others: tuple[str, ...] = ()
    """Agents that take over after failures."""
    prompt: bool = False
    """An agent is asked in words: what it will run is not known."""
    sets_environment: bool = False
    paths: tuple[str, ...] = ()
    """Where it works, as written and as resolved."""
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the policy says, and which rule."""

    decide: str
    rule: str
    countdown_ms: int = 0
    deciders: tuple[str, ...] = ()
    quorum: int = 1
    expires_ms: int = 0
    on_expire: str = "reject"

    @property
    def holds(self) -> bool:
        """It must not start yet, or not at all."""
        return self.decide != "auto" or self.countdown_ms > 0


ALLOWED = Verdict(decide="auto", rule="")
"""What is said where no policy is asked."""


def judge(policy: Policy, request: Request) -> Verdict:
    """Return what the policy says of a request."""
    asked = request.requester
    matching = [rule for rule in policy.rules if matches(rule, request)]
    ask = next((rule for rule in matching if rule.decide == "always_ask"), None)
    first = matching[0] if matching else None
    if ask is not None and (first is None or first.decide != "reject"):
        first = ask
    found = _default(policy, asked) if first is None else _of(first)
    if found.decide == "auto" and asked.wants == "manual":
        return replace(found, decide="manual", rule="asked for at submit", countdown_ms=0)
    may = asked.kind == "person" and asked.trusted and asked.wants == "auto"
    if may and found.holds and found.decide in ("manual", "auto"):
        return Verdict(decide="auto", rule=f"auto_approve over {found.rule}")
    return found


def _default(policy: Policy, asked: Requester) -> Verdict:
    name = "agent_requests" if asked.kind == "agent" else "default"
    decide = policy.agent_requests if asked.kind == "agent" else policy.default
    return Verdict(
        decide=decide, rule=name, expires_ms=policy.expires_ms, on_expire=policy.on_expire
    )


def _of(rule: Rule) -> Verdict:
    return Verdict(
        decide=rule.decide,
        rule=rule.name,
        countdown_ms=rule.countdown_ms if rule.decide == "auto" else 0,
        deciders=rule.deciders,
        quorum=rule.quorum,
        expires_ms=rule.expires_ms,
        on_expire=rule.on_expire,
    )


def matches(rule: Rule, request: Request) -> bool:
    """Say whether a rule applies to a request."""
    wanted, holds = rule.match, rule.decide in _HOLDS
    if wanted.requester and wanted.requester != request.requester.kind:
        return False
    if wanted.priorities and request.priority not in wanted.priorities:
        return False
    return (
        _agents_match(wanted, request, holds=holds)
        and _command_matches(wanted, request, holds=holds)
        and _path_matches(wanted, request, holds=holds)
        and _cost_matches(wanted, request, holds=holds)
        and _risk_matches(wanted, request, holds=holds)
    )


def _agents_match(wanted: Match, request: Request, *, holds: bool) -> bool:
    if not wanted.agents:
        return True
    asks = request.requester.name if request.requester.kind == "agent" else ""
    concerned = [name for name in (request.agent, *request.others, asks) if name]
    found = [name in wanted.agents for name in concerned]
    return any(found) if holds else all(found)


def _command_matches(wanted: Match, request: Request, *, holds: bool) -> bool:
    if not wanted.command:
        return True
    if holds:
        pattern = re.compile(wanted.command, re.MULTILINE)
        return any(pattern.search(each) for text in request.commands for each in _spellings(text))
    pattern = re.compile(wanted.command)
    if request.prompt or request.sets_environment or not request.commands:
        return False
    return all(pattern.search(text) and is_plain(text) for text in request.commands)


def _spellings(command: str) -> tuple[str, ...]:
    """Return a command as written, and as a shell would read it: one blank, no quotes."""
    blanks = re.sub(r"[ \t]+", " ", command.replace("\\\n", " "))
    return (command, blanks, re.sub(r"[\"'\\]", "", blanks))


def is_plain(command: str) -> bool:
    """Say whether a command is one program with its words: nothing a shell would make more of."""
    return _SHELL.search(command.strip()) is None


def _path_matches(wanted: Match, request: Request, *, holds: bool) -> bool:
    if not wanted.path:
        return True
    if not request.paths:
        return False
    found = [below(path, wanted.path) for path in request.paths]
    return any(found) if holds else all(found)


def below(path: str, pattern: str) -> bool:
    """Say whether a path is the folder `pattern`, lies below it, or fits it as a pattern."""
    path, folder = posixpath.normpath(path), posixpath.normpath(pattern)
    if any(sign in pattern for sign in "*?["):
        whole = pattern.removesuffix("/**")
        return fnmatch.fnmatchcase(path, pattern) or (
            whole != pattern and fnmatch.fnmatchcase(path, whole)
        )
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _cost_matches(wanted: Match, request: Request, *, holds: bool) -> bool:
    if wanted.cost_usd is None:
        return True
    cost = request.cost_usd if request.prompt else request.cost_usd or 0.0
    if cost is None:
        return holds
    return cost >= wanted.cost_usd if holds else cost <= wanted.cost_usd


def _risk_matches(wanted: Match, request: Request, *, holds: bool) -> bool:
    if not wanted.risk:
        return True
    risk, limit = RISKS.index(risk_of(request)), RISKS.index(wanted.risk)
    return risk >= limit if holds else risk <= limit


def risk_of(request: Request) -> str:
    """Return how much harm a request could do, by its commands: low, medium or high."""
    if any(
        len(text) > _READABLE or any(_DANGEROUS.search(each) for each in _spellings(text))
        for text in request.commands
    ):
        return "high"
    plain = [bool(_HARMLESS.search(text)) and is_plain(text) for text in request.commands]
    harmless = plain and all(plain) and not request.prompt and not request.sets_environment
    return "low" if harmless else "medium"

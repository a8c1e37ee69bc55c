"""What the configuration may say: sections, keys, their defaults and their limits.

Names are stored data and do not change. The eight agents stand in `settings_defaults`.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

LATER = "is not available in this version yet"

Age = Annotated[str, StringConstraints(pattern=r"^\d+(ms|s|m|h|d)$")]
Size = Annotated[str, StringConstraints(pattern=r"^\d+(kB|MB|GB)$")]
AgentName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
OnExpire = Literal["approve", "reject", "escalate"]
Decision = Literal["auto", "manual", "reject", "always_ask"]
Priority = Literal["LOW", "NORMAL", "HIGH", "CRITICAL", "EMERGENCY"]


def _database(url: str) -> str:
    known = ("sqlite:///", "postgresql://", "postgres://")
    if url != "sqlite" and not url.startswith(known):
        msg = 'write "sqlite" (in the home), "sqlite:///path" or "postgresql://user@host:port/name"'
        raise ValueError(msg)
    return url


def _broker(url: str) -> str:
    if url != "database" and not url.startswith(("redis://", "rediss://", "amqp://", "amqps://")):
        msg = 'write "database", "redis://host:6379/0" or "amqp://user:word@host/"'
        raise ValueError(msg)
    return url


def _sandbox(mode: str) -> str:
    if mode in {"bubblewrap", "landlock", "required"}:
        msg = f'the sandbox {LATER}; write "auto" or "trusted"'
        raise ValueError(msg)
    if mode not in {"auto", "trusted"}:
        msg = 'write "auto" or "trusted"'
        raise ValueError(msg)
    return mode


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        msg = f"not a regular expression: {error}"
        raise ValueError(msg) from error
    return text


Pattern = Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True)]
_UNITS_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LONGEST_WAIT_S = 7 * 86_400


def _wait(text: str) -> str:
    number = text.rstrip("dhms")
    if not 0 < int(number) * _UNITS_S[text[len(number) :]] <= _LONGEST_WAIT_S:
        msg = "must be over 0 and at most 7d"
        raise ValueError(msg)
    return text


class Section(BaseModel):
    """A table of the configuration: frozen, and no key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Retention(Section):
    """How long what is kept."""

    events: Age = "90d"
    runs: Age = "14d"
    artifacts: Size = "5GB"


class Server(Section):
    """The server process; port 0 takes a free one."""

    host: Annotated[str, StringConstraints(min_length=1)] = "127.0.0.1"
    port: int = Field(default=7420, ge=0, le=65535)
    database_url: Annotated[str, AfterValidator(_database)] = "sqlite"
    broker_url: Annotated[str, AfterValidator(_broker)] = "database"
    durability: Literal["strict", "balanced"] = "strict"
    """strict: synchronous=FULL; balanced: safe when a process crashes, not when the power fails."""
    workers: int = Field(default=15, ge=0, le=500)
    """Slots; one takes EMERGENCY only. 0, on PostgreSQL: `worker` processes do all the work."""
    stuck_after: Age = "10m"
    """A run that printed nothing for so long is shown as stuck; "0s": none is."""
    retention: Retention = Retention()


class Tmux(Section):
    """Where the agents' sessions live."""

    socket: Literal["private", "default"] = "private"
    size: Annotated[str, StringConstraints(pattern=r"^[1-9]\d{1,3}x[1-9]\d{1,3}$")] = "120x36"


class Sandbox(Section):
    """How commands are confined."""

    mode: Annotated[str, AfterValidator(_sandbox)] = "auto"


class ApprovalMatch(Section):
    """When an approval rule applies; every key given must match."""

    requester: Literal["agent", "person"] | None = None
    agent: tuple[AgentName, ...] = ()
    priority: tuple[Priority, ...] = ()
    command: Annotated[str, AfterValidator(_pattern)] | None = None
    path: str | None = None
    cost_usd: float | None = None
    risk: Literal["low", "medium", "high"] | None = None


class ApprovalRule(Section):
    """The first rule that matches decides; `always_ask` also wins over earlier ones."""

    match: ApprovalMatch
    decide: Decision
    countdown: Age | None = None
    """Of `auto`: how long anybody may still say no."""
    deciders: tuple[str, ...] = ()
    """Roles (operator, approver), people by name, and `supervisor`; empty: operator, approver."""
    quorum: int = Field(default=1, ge=1, le=10)
    expires: Age | None = None
    on_expire: OnExpire | None = None

    @model_validator(mode="after")
    def fits(self) -> "ApprovalRule":
        """Refuse what would never act, and what would let through by waiting what must be asked."""
        if self.countdown is not None and self.decide != "auto":
            msg = f'countdown goes with decide = "auto", not "{self.decide}"'
            raise ValueError(msg)
        if self.decide == "always_ask" and self.on_expire == "approve":
            msg = 'what is always asked is not approved by waiting: on_expire = "approve"'
            raise ValueError(msg)
        return self


class Approvals(Section):
    """Who decides about what."""

    default: Decision = "auto"
    agent_requests: Decision = "manual"
    expires: Age | None = None
    """How long a request waits where its rule does not say; None: for ever."""
    on_expire: OnExpire = "reject"
    rules: tuple[ApprovalRule, ...] = ()


class PermissionRule(Section):
    """What holds for some tool calls of agents at work; every part that is given must fit."""

    name: str = ""
    decide: Literal["deny", "ask", "allow"]
    """Deny goes before ask, ask before allow, in whatever order the rules stand."""
    tool: tuple[Pattern, ...] = ()
    """Names, with `*`, or classes: shell, edit, read, web, own."""
    command: tuple[Pattern, ...] = ()
    """`program option argument`: deny and ask look for them, allow describes the whole command."""
    path: tuple[Pattern, ...] = ()
    """Files; `./*`: in the working folder, `~/*`: in the home."""
    text: tuple[Pattern, ...] = ()
    """Texts of the call, however deep, with `*`."""

    @model_validator(mode="after")
    def fits(self) -> "PermissionRule":
        """Refuse a rule that would fit every call: that is what `permissions` of an agent says."""
        if not (self.tool or self.command or self.path or self.text):
            msg = "a rule needs one of tool, command, path, text"
            raise ValueError(msg)
        return self


class Permissions(Section):
    """What agents at work may do without asking, and what never."""

    dangerous: Literal["deny", "ask"] = "deny"
    """What the shipped rules against destroying the machine do, in every mode."""
    wait: Annotated[Age, AfterValidator(_wait)] = "24h"
    """How long a question waits for a person; then it is denied. At most 7d."""
    rules: tuple[PermissionRule, ...] = ()


class Budget(Section):
    """What a day may cost."""

    usd_per_day: float | None = Field(default=None, ge=0)
    on_exceed: Literal["ask", "park", "warn"] = "ask"


class RoutingRule(Section):
    """A task whose description holds one of the words goes to the agent."""

    keywords: tuple[Annotated[str, StringConstraints(min_length=1, to_lower=True)], ...] = ()
    agent: AgentName


class Routing(Section):
    """Where a task without an agent goes; the first matching rule wins."""

    fallback: AgentName = "master"
    rules: tuple[RoutingRule, ...] = ()


class Queues(Section):
    """What holds for every queue."""

    max_ready: int = Field(default=100_000, ge=1, le=10_000_000)
    """With so many ready tasks a queue takes no more from clients (429 `queue_full`)."""


class Accounts(Section):
    """Accounts with providers of models, each known by its name in `[agents.NAME] account`."""

    launches: int = Field(default=3, ge=1, le=1000)
    """So many agents of one account start within `within`."""
    within: Age = "10s"
    pause: Age = "1m"
    """A usage limit lasts so long where nobody says how long; then twice as long, up to 1 h."""


class Agent(Section):
    """One agent: a role, its adapter and what its runs are given."""

    adapter: Annotated[str, StringConstraints(min_length=1)] = "auto"
    declaration: str = ""
    """The TOML file of `declared`. `auto`: the first CLI that is installed and logged in."""
    model: str = ""
    account: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9-]{0,39})?$")] = ""
    """Whose usage limits hold for it; empty: the account named like its adapter."""
    slots: int = Field(default=3, ge=1, le=100)
    """How many of its tasks run at once."""
    max_ready: int | None = Field(default=None, ge=1, le=10_000_000)
    """So many ready tasks its queue takes from clients; None: as [queues] says."""
    capabilities: tuple[str, ...] = ()
    instructions: str = ""
    workspace: Literal["none", "shared", "worktree"] = "worktree"
    home: Literal["user", "isolated"] = "user"
    """user: the CLI uses the person's own login; isolated: a home of its own, and a key by name."""
    permissions: Literal["all", "edit", "ask"] = "all"
    """all: its CLI uses every tool without asking; edit: it changes files and runs no commands;
    ask: what is not harmless is asked for, and waits for the policy or a person."""
    transport: Literal["auto", "exec", "acp", "app-server"] = "auto"
    """exec: its CLI gets a prompt; else it is spoken with; auto: as its permissions need."""
    command: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = ()
    """For the adapter acp: the program that speaks it, and its arguments."""
    environment: tuple[str, ...] = ("PATH", "HOME", "LANG", "TERM", "SSH_AUTH_SOCK")
    """Names of the server's environment that are let through."""
    sandbox: Literal["outer", "none"] = "outer"
    session: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,64}$")] = ""
    """The tmux session in which its windows open (`tmux.socket = "default"`); "": claude-NAME."""
    fallback: tuple[str, ...] = ()
    """Adapters, or `adapter:model`, that take over while its account is parked or refused."""


class Notify(Section):
    """Where alerts go."""

    channels: tuple[str, ...] = ()


class Hooks(Section):
    """The operator's own commands."""

    dead_letter: str = ""
    """Shell text, told once of the first dead letter of each kind: JSON on its input."""
    secrets: tuple[SecretName, ...] = ()
    """Names of the secrets that it gets, each in the variable of its name; no others."""


class Hosts(Section):
    """Several hosts on one database."""

    fencing: str = ""
    """Shell text that ends with 0 only if the host $CLAUDE_AGENT_HOST is switched off."""
    fencing_secrets: tuple[SecretName, ...] = ()
    """Names of the secrets that it gets, each in the variable of its name; no others."""
    fencing_after: Age = "1m"
    """How long a host must have been unreachable before it is asked."""
    fencing_timeout: Age = "1m"


class Configuration(Section):
    """A whole configuration, all layers laid over one another."""

    server: Server = Server()
    tmux: Tmux = Tmux()
    sandbox: Sandbox = Sandbox()
    approvals: Approvals = Approvals()
    permissions: Permissions = Permissions()
    budget: Budget = Budget()
    routing: Routing = Routing()
    queues: Queues = Queues()
    hooks: Hooks = Hooks()
    agents: Mapping[AgentName, Agent] = {}
    notify: Notify = Notify()
    hosts: Hosts = Hosts()
    accounts: Accounts = Accounts()


TABLES: Mapping[str, type[Section]] = {
    "server": Server,
    "server.retention": Retention,
    "tmux": Tmux,
    "sandbox": Sandbox,
    "approvals": Approvals,
    "approvals.rules.*": ApprovalRule,
    "approvals.rules.*.match": ApprovalMatch,
    "permissions": Permissions,
    "permissions.rules.*": PermissionRule,
    "budget": Budget,
    "routing": Routing,
    "routing.rules.*": RoutingRule,
    "queues": Queues,
    "hooks": Hooks,
    "accounts": Accounts,
    "agents.*": Agent,
    "notify": Notify,
    "hosts": Hosts,
}
"""Path of a table (list items and agents as `*`) -> what it may hold; the rest: Configuration."""

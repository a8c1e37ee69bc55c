"""The registry of actors: definitions only. `make_broker` binds them, once, and freezes it.

A definition names what may be sent; what it does comes from the `Services` it was built with. So
a process that only sends needs neither the services nor this registry: it sends by name.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import dramatiq
from dramatiq.middleware import CurrentMessage

from claude_agent.core.resilience import BreakerOpen
from claude_agent.errors import Conflict, Unavailable
from claude_agent.queue.tickets import CLAIM, TICKETS

DEAD_LETTER_HOOK = "dead_letter_hook"
F = TypeVar("F", bound=Callable[..., Any])
Command = str | Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorDefinition:
    """One actor before any broker knows it."""

    name: str
    queue: str
    priority: int
    """Lower goes first, as in Dramatiq."""
    function: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    """Dramatiq's actor options (`max_retries`, `time_limit`, …)."""


class ActorRegistry:
    """Collects definitions until it is bound to a broker."""

    def __init__(self) -> None:
        self._definitions: dict[str, ActorDefinition] = {}
        self._bound = False

    @property
    def definitions(self) -> tuple[ActorDefinition, ...]:
        """What was registered, in order."""
        return tuple(self._definitions.values())

    def actor(
        self, *, queue: str = "default", priority: int = 0, name: str | None = None, **options: Any
    ) -> Callable[[F], F]:
        """Register the decorated function as an actor; the function itself stays as it is.

        Raises `Conflict` for a name that is taken, and after `bind`.
        """

        def register(function: F) -> F:
            definition = ActorDefinition(
                name=name or function.__name__,
                queue=queue,
                priority=priority,
                function=function,
                options=options,
            )
            self._add(definition)
            return function

        return register

    def _add(self, definition: ActorDefinition) -> None:
        if self._bound:
            message = f"The actor {definition.name} comes too late: the registry is bound."
            raise Conflict(message, hint="Register every actor before make_broker().")
        if definition.name in self._definitions:
            message = f"There are two actors named {definition.name}."
            raise Conflict(message, hint="Rename one of them.")
        self._definitions[definition.name] = definition

    def definition(self, name: str) -> ActorDefinition:
        """Return one definition. Raises KeyError."""
        return self._definitions[name]

    def bind(
        self, broker: dramatiq.Broker, *, without: Collection[str] = ()
    ) -> dict[str, "dramatiq.Actor[..., Any]"]:
        """Declare every actor on the broker and freeze; return them by name.

        `without`: names that are declared elsewhere.

        Raises `Conflict` when bound before, ValueError for an option that no middleware knows.
        """
        if self._bound:
            message = "This registry of actors is bound to a broker already."
            raise Conflict(message, hint="Build one registry for each broker.")
        self._bound = True
        return {
            one.name: _declare(one, broker) for one in self.definitions if one.name not in without
        }


def _declare(definition: ActorDefinition, broker: dramatiq.Broker) -> "dramatiq.Actor[..., Any]":
    declared: dramatiq.Actor[..., Any] = dramatiq.actor(
        actor_name=definition.name,
        queue_name=definition.queue,
        priority=definition.priority,
        broker=broker,
        **definition.options,
    )(definition.function)
    return declared


def _unbound(*_: object) -> None:
    message = "This process does not do that: no service is bound to the actor."
    raise Unavailable(message, hint="Run it in the server, which binds its services.")


@dataclass(slots=True, kw_only=True)
class Services:
    """What the shipped actors do; the composition root fills it in."""

    claim: Callable[[str], None] = _unbound
    """Claim ready tasks into free slots; the argument is the queue that rang, a hint."""
    execute_approved_command: Callable[[Command, str | None, str], None] = _unbound
    """(command, cwd or None, key): `key` is the same at every delivery of one message."""
    tell_hook: Callable[[Mapping[str, object], str], None] = _unbound
    """(dead letter, key): tell the operator's command."""


def shipped_actors(services: Services) -> ActorRegistry:
    """Return the product's own actors. All are short: none waits for an agent."""
    registry = ActorRegistry()

    @registry.actor(name=CLAIM, queue=TICKETS, max_retries=0)
    def claim(queue: str = "") -> None:
        services.claim(queue)

    @registry.actor()
    def execute_approved_command(command: str | list[str], cwd: str | None = None) -> None:
        message = CurrentMessage.get_current_message()
        services.execute_approved_command(command, cwd, message.message_id if message else "")

    @registry.actor(name=DEAD_LETTER_HOOK, min_backoff=1_000, max_backoff=600_000)
    def dead_letter_hook(letter: dict[str, object]) -> None:
        message = CurrentMessage.get_current_message()
        try:
            services.tell_hook(letter, message.message_id if message else "")
        except BreakerOpen as error:
            if message is not None:  # nobody was asked: it uses up no try
                message.options["retries"] = message.options.get("retries", 0) - 1
            raise dramatiq.Retry(error.detail, delay=error.wait_ms) from error

    return registry

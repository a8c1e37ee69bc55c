"""The names of this installation, from its settings: agents, their queues, actions, routing."""

from collections.abc import Sequence
from typing import Any

from claude_agent.actions.registry import ACTIONS
from claude_agent.adapters_build import Adapters, Drivers
from claude_agent.agents.adapter import Adapter
from claude_agent.auto import Agents
from claude_agent.core.catalogue import AgentInfo, AgentLink, Catalogue
from claude_agent.domain.definition import ActionSpec, ParameterSpec
from claude_agent.domain.duration import parse_duration
from claude_agent.domain.routing import Rule, route
from claude_agent.errors import Invalid
from claude_agent.permissions_build import policy_of
from claude_agent.settings import Settings
from claude_agent.settings_model import Agent

NOT_LOOKED = "its adapter is auto, and no agent CLI was looked for yet"


def build_catalogue(settings: Settings, drivers: Drivers) -> Catalogue:
    """Return the names that submits are checked against. Raises `Invalid` (permissions)."""
    rules = tuple(
        Rule(keywords=tuple(rule.keywords), agent=rule.agent) for rule in settings.routing.rules
    )
    fallback = settings.routing.fallback
    return Catalogue(
        agents=Agents(
            {
                name: _agent_info(name, agent, drivers, settings)
                for name, agent in settings.agents.items()
            },
            lambda name, found: _links(name, settings.agents[name], found, drivers.adapters),
        ),
        actions={name: _action_spec(info) for name, info in ACTIONS.items()},
        route=lambda description: route(description, rules, fallback),
        fallback=fallback,
        screens=frozenset(
            name for name, body in drivers.adapters.items() if body.capabilities.screen
        ),
        stuck_after_ms=parse_duration(settings.server.stuck_after),
    )


def _agent_info(name: str, agent: Any, drivers: Drivers, settings: Settings) -> AgentInfo:
    adapter = drivers.of[name]
    body = drivers.adapters.get(adapter)
    if body is not None:
        _check_driving(name, agent.permissions, agent.transport, agent.command, body)
    else:
        _links(name, agent, "shell", drivers.adapters)  # its fallback, whatever will be found
    takes = body is not None and body.takes_prompt
    note = NOT_LOOKED if adapter == "auto" else f"{adapter} runs commands only"
    return AgentInfo(
        name=name,
        queue=name,
        slots=agent.slots,
        max_ready=agent.max_ready or settings.queues.max_ready,
        adapter=adapter,
        takes_prompt=takes,
        fake=body is not None and body.fake,
        capabilities=tuple(agent.capabilities),
        environment=tuple(agent.environment),
        model=agent.model,
        instructions=agent.instructions,
        session=agent.session,
        isolated=agent.home == "isolated",
        may=agent.permissions,
        policy=policy_of(settings.permissions, agent.permissions),
        links=_links(name, agent, adapter, drivers.adapters) if takes else (),
        transport=agent.transport,
        program=tuple(agent.command),
        note="" if takes else note,
    )


def _links(of: str, agent: Agent, adapter: str, adapters: Adapters) -> tuple[AgentLink, ...]:
    """Return its adapter and its fallback, each with the account whose limits hold for it.

    Raises `Invalid` for a fallback that is no adapter, or cannot ask where the agent must.
    """
    own = agent.account or _account(adapter, adapters)
    links = [_link(adapter, agent.model, own, adapters)]
    for each in agent.fallback:
        name, _, model = each.partition(":")
        if name not in adapters or not adapters[name].takes_prompt:
            known = ", ".join(key for key, body in adapters.items() if body.takes_prompt)
            message = f"The fallback {each} of agent {of} is no adapter that takes prompts."
            raise Invalid(message, hint=f"This version has: {known}.")
        # Nobody asks less because another takes over.
        _check_driving(of, agent.permissions, "auto", (), adapters[name])
        account = own if name == adapter else _account(name, adapters)
        links.append(_link(name, model, account, adapters))
    return tuple(links)


def _account(adapter: str, adapters: Adapters) -> str:
    body = adapters.get(adapter)
    return "" if body is None or body.fake else adapter


def _link(adapter: str, model: str, account: str, adapters: Adapters) -> AgentLink:
    body = adapters[adapter]
    return AgentLink(
        adapter=adapter,
        model=model,
        account=account,
        staggered=bool(account) and not body.fake,
        keys=frozenset(getattr(body, "keys", ())),
    )


def _check_driving(
    name: str, may: str, transport: str, command: Sequence[str], body: type[Adapter]
) -> None:
    """Refuse settings by which the adapter cannot drive its program."""
    if body.takes_prompt:
        try:
            body.transport_for(transport, may)
        except Invalid as error:
            message = f"Agent {name}: {error.detail}"
            raise Invalid(message, hint=error.hint) from error
    if body.takes_program and not command:
        message = f"Agent {name}: the adapter {body.name} drives any program, and none is named."
        raise Invalid(message, hint=f'Write command = ["program", "argument"] in [agents.{name}].')
    if command and not body.takes_program:
        message = f"Agent {name}: the adapter {body.name} has a program of its own, not `command`."
        raise Invalid(message, hint='Leave `command` out, or set adapter = "acp".')


def _action_spec(info: Any) -> ActionSpec:
    return ActionSpec(
        name=info.name,
        parameters={
            key: ParameterSpec(
                required=parameter.required, type=parameter.type, from_input=parameter.from_input
            )
            for key, parameter in info.parameters.items()
        },
        idempotent=info.idempotent,
    )

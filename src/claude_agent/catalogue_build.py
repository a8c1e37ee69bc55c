"""The names of this installation, from its settings: agents, their queues, actions, routing."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from claude_agent.actions.registry import ACTIONS
from claude_agent.agents.adapter import Adapter
from claude_agent.core.catalogue import AgentInfo, Catalogue
from claude_agent.domain.definition import ActionSpec, ParameterSpec
from claude_agent.domain.routing import Rule, route
from claude_agent.errors import Invalid
from claude_agent.permissions_build import policy_of
from claude_agent.settings import Settings

Adapters: TypeAlias = Mapping[str, type[Adapter]]
NO_CLI = "its adapter is auto, which drives no agent CLI in this version"


def build_catalogue(settings: Settings, adapters: Adapters) -> Catalogue:
    """Return the names that submits are checked against. Raises `Invalid` (adapter)."""
    rules = tuple(
        Rule(keywords=tuple(rule.keywords), agent=rule.agent) for rule in settings.routing.rules
    )
    fallback = settings.routing.fallback
    return Catalogue(
        agents={
            name: _agent_info(name, agent, adapters, settings)
            for name, agent in settings.agents.items()
        },
        actions={name: _action_spec(info) for name, info in ACTIONS.items()},
        route=lambda description: route(description, rules, fallback),
        fallback=fallback,
        screens=frozenset(name for name, body in adapters.items() if body.capabilities.screen),
    )


def _agent_info(name: str, agent: Any, adapters: Adapters, settings: Settings) -> AgentInfo:
    adapter = agent.adapter
    if adapter != "auto" and adapter not in adapters:
        known = ", ".join(["auto", *adapters])
        message = f"There is no adapter {adapter} for agent {name}."
        raise Invalid(message, hint=f"This version has: {known}.")
    body = adapters.get(adapter)
    if body is not None and body.takes_prompt:
        body.check_asking(name, agent.permissions)
    takes = body is not None and body.takes_prompt
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
        isolated=agent.home == "isolated",
        may=agent.permissions,
        policy=policy_of(settings.permissions, agent.permissions),
        note="" if takes else (NO_CLI if adapter == "auto" else f"{adapter} runs commands only"),
    )


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

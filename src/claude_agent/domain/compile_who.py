"""Compile who does a step, how urgent it is and where it works."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from claude_agent.domain.compile_does import Scope, shell_text, what
from claude_agent.domain.compile_reader import Cursor
from claude_agent.domain.definition_parts import Fallback, Workspace
from claude_agent.domain.priority import NAMES as PRIORITIES

WORKSPACES = ("none", "shared", "worktree")
WORKSPACE_KEYS = ("mode", "repo", "base", "setup", "copy")
FALLBACK_KEYS = ("agent", "action", "run", "prompt", "with")


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who does a step: one of three ways, or nobody is named."""

    agent: str | None = None
    """An agent by name."""
    agents: tuple[str, ...] = ()
    """The first of these that is healthy."""
    capabilities: tuple[str, ...] = ()
    """Routed among those that have all of these."""


def read_who(cursor: Cursor | None, agents: Mapping[str, Collection[str]]) -> Who:
    """Read a name, a list of names, or `{capabilities: […]}`."""
    if cursor is None:
        return Who()
    if cursor.node.kind == "list":
        names = [each.name_of("agent", agents) for each in filled(cursor)]
        return Who(agents=tuple(name for name in names if name is not None))
    if cursor.node.kind == "map":
        return Who(capabilities=_capabilities(cursor, agents))
    if _is_expression(cursor):
        hint = "name an agent, list several, or ask for {capabilities: […]}"
        cursor.fail(f"'{cursor.path}': an expression cannot choose the agent", hint)
        return Who()
    return Who(agent=cursor.name_of("agent", agents))


def _capabilities(cursor: Cursor, agents: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    fields = cursor.fields(("capabilities",)) or {}
    if "capabilities" not in fields:
        cursor.fail(f"{cursor.path} has no 'capabilities'", "write {capabilities: [python]}")
        return ()
    known = {name for each in agents.values() for name in each}
    read = [each.name_of("capability", known) for each in filled(fields["capabilities"])]
    found = tuple(name for name in read if name is not None)
    if len(found) == len(read) and not any(set(found) <= set(has) for has in agents.values()):
        fields["capabilities"].fail(f"no agent has all of {', '.join(found)}")
    return found


def read_priority(cursor: Cursor | None, scope: Scope, where: tuple[str, str]) -> str | None:
    """Read the name of a priority, or one whole expression; `where`: its scope and step."""
    if cursor is None:
        return None
    if _is_expression(cursor):
        return scope.uses.whole(cursor, *where)
    return cursor.choice(PRIORITIES)


def read_workspace(cursor: Cursor | None, scope: Scope, name: str) -> Workspace | None:
    """Read where a step works: a name, or a mapping with `mode`."""
    if cursor is None:
        return None
    if cursor.node.kind != "map":
        mode = cursor.choice(WORKSPACES)
        return Workspace(mode=mode) if mode else None
    fields = cursor.fields(WORKSPACE_KEYS) or {}
    if "mode" not in fields:
        cursor.fail(f"{cursor.path} has no 'mode'", f"one of {', '.join(WORKSPACES)}")
        return None
    mode = fields["mode"].choice(WORKSPACES)
    others = [key for key in fields if key != "mode"]
    if mode == "none" and others:
        fields[others[0]].fail(f"'{others[0]}' means nothing where mode is none")
    for key in ("repo", "base"):
        scope.uses.template(fields.get(key), "step", name)
    return Workspace(
        mode=mode or "none",
        repo=fields["repo"].text() if "repo" in fields else None,
        base=fields["base"].text() if "base" in fields else None,
        setup=shell_text(fields["setup"]) if "setup" in fields else None,
        copy=_copied(fields.get("copy")),
    )


def _copied(cursor: Cursor | None) -> tuple[str, ...]:
    found = []
    for each in filled(cursor):
        text = each.text()
        if text is not None and (text.startswith("/") or ".." in text.split("/")):
            each.fail(f"'{text:.60}' lies outside the repository", "name files below its folder")
        elif text is not None:
            found.append(text)
    return tuple(found)


def read_fallbacks(cursor: Cursor | None, scope: Scope, name: str) -> tuple[Fallback, ...]:
    """Read what is tried one after the other when the step has failed."""
    found = [_fallback(each, scope, name) for each in filled(cursor)]
    return tuple(each for each in found if each is not None)


def _fallback(cursor: Cursor, scope: Scope, name: str) -> Fallback | None:
    fields = cursor.fields(FALLBACK_KEYS)
    if fields is None:
        return None
    kinds = ("action", "run", "prompt")
    said = [kind for kind in kinds if kind in fields]
    if not said and "agent" not in fields:
        hint = f"name another agent, or one of {', '.join(kinds)}"
        cursor.fail(f"{cursor.path} changes nothing", hint)
        return None
    for key in ("with", "prompt"):
        scope.uses.template(fields.get(key), "failure", name)
    who = read_who(fields.get("agent"), scope.agents)
    does = what(cursor, fields, kinds, scope) if said else None
    if does is None:
        with_ = fields["with"].mapping() if "with" in fields else None
        values = None if with_ is None else {key: each.node.plain() for key, each in with_.items()}
        return Fallback(
            agent=who.agent, agents=who.agents, capabilities=who.capabilities, with_=values
        )
    return Fallback(
        agent=who.agent,
        agents=who.agents,
        capabilities=who.capabilities,
        kind=does.kind,
        action=does.text if does.kind == "action" else None,
        run=does.text if does.kind == "run" else None,
        prompt=does.text if does.kind == "prompt" else None,
        with_=does.with_ if "with" in fields or does.with_ else None,
    )


def filled(cursor: Cursor | None) -> list[Cursor]:
    """Read a list that is not empty; None: no list, no problem."""
    each = cursor.sequence() if cursor is not None else []
    if cursor is not None and each is not None and not each:
        cursor.fail(f"'{cursor.path}' is empty")
    return each or []


def _is_expression(cursor: Cursor) -> bool:
    return isinstance(cursor.node.value, str) and "${{" in cursor.node.value

"""Settings: flag > environment > ./claude-agent.toml > the user's config.toml > defaults.

pydantic with the standard library's TOML reader: measured 5 MB and 60 ms lighter than
pydantic-settings, and the server has pydantic in memory anyway. All problems are told at once.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from claude_agent.errors import Invalid, UnknownName
from claude_agent.home import default_home, prepare_home, sockets_folder
from claude_agent.settings_defaults import default_layer
from claude_agent.settings_model import (
    TABLES,
    Accounts,
    Agent,
    Approvals,
    Budget,
    Configuration,
    Hooks,
    Hosts,
    Notify,
    Permissions,
    Queues,
    Routing,
    Sandbox,
    Server,
    Tmux,
)

PREFIX = "CLAUDE_AGENT_"
_PASSWORD = re.compile(r"(\w://[^/:@]*):[^/@]*@")
SHORT_FLAGS = {"host": "server.host", "port": "server.port"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be configured, and where each value came from."""

    home: Path
    """The folder with everything the product stores (0700)."""
    sockets: Path
    """The folder of tmux.sock and bell/: the home unless its path is too long."""
    server: Server
    tmux: Tmux
    sandbox: Sandbox
    approvals: Approvals
    permissions: Permissions
    budget: Budget
    routing: Routing
    queues: Queues
    hooks: Hooks
    agents: Mapping[str, Agent]
    notify: Notify
    hosts: Hosts
    accounts: Accounts
    host_id: str = ""
    """What this host is called in a database of several; empty: the home has a name of its own."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Dotted key -> "flag", "environment NAME" or a file; what is not here is a default."""
    notes: tuple[str, ...] = ()
    """What a person should be told at start."""

    @classmethod
    def load(
        cls,
        home: str | None = None,
        flags: Mapping[str, Any] | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        prepare: bool = True,
    ) -> "Settings":
        """Read all layers, make the home and check it.

        `flags`: dotted keys (`server.port`; `port` and `host` for short) to values, None: not
        given. `environment` and `folder` stand in for the process's own in tests. `prepare=False`
        touches nothing (for `doctor` and `config list`).

        Raises `UnknownName` or `Invalid` (with all `problems`) and `SetupError` (the home).
        """
        environment = os.environ if environment is None else environment
        place = Path(home) if home else default_home(environment)
        place = Path(os.path.abspath(place.expanduser()))  # noqa: PTH100 - keeps symbolic links
        layers = [*_files(environment, folder or Path.cwd())]
        layers += _from_environment(environment)
        layers.append(_Layer("flag", _from_flags(flags or {})))
        configuration, sources = _combine(layers)
        if prepare:
            prepare_home(place)
        sockets = sockets_folder(place, environment) if prepare else place
        notes = () if sockets == place else (f"the home's path is long: sockets are in {sockets}",)
        parts = {name: getattr(configuration, name) for name in Configuration.model_fields}
        return cls(
            home=place,
            sockets=sockets,
            host_id=environment.get(f"{PREFIX}HOST_ID", ""),
            sources=MappingProxyType(sources),
            notes=notes,
            **parts,
        )

    def listing(self) -> list[tuple[str, Any, str]]:
        """Return (dotted key, value, where it comes from) for `config list`, sorted by key."""
        rows: list[tuple[str, Any]] = [("home", str(self.home))]
        for name in Configuration.model_fields:
            section = getattr(self, name)
            items = section.items() if isinstance(section, Mapping) else [("", section)]
            for key, model in items:
                rows += _leaves(f"{name}.{key}" if key else name, model.model_dump(mode="json"))
        listed = [(key, _shown(value), _source(self.sources, key)) for key, value in rows]
        return sorted(listed, key=lambda row: row[0])


@dataclass(frozen=True, slots=True)
class _Layer:
    """One source of values."""

    source: str
    data: Mapping[str, Any]


def _files(environment: Mapping[str, str], folder: Path) -> Iterator[_Layer]:
    config = environment.get("XDG_CONFIG_HOME")
    base = Path(config) if config else Path(environment.get("HOME") or Path.home()) / ".config"
    for path in (base / "claude-agent" / "config.toml", folder / "claude-agent.toml"):
        try:
            yield _Layer(str(path), tomllib.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            msg = f"{path} is not TOML: {error}"
            raise Invalid(msg, hint="correct that line") from error
        except OSError as error:
            msg = f"{path} cannot be read: {error.strerror}"
            raise Invalid(msg, hint="correct its permissions") from error


def _from_environment(environment: Mapping[str, str]) -> Iterator[_Layer]:
    """`CLAUDE_AGENT_<SECTION>_<KEY>`; other names (HOME, URL, RUN_ID, ...) are not settings."""
    for name, text in sorted(environment.items()):
        if name.startswith(PREFIX) and (path := _path(name.removeprefix(PREFIX).lower())):
            data: dict[str, Any] = {}
            _put(data, path, _value(text))
            yield _Layer(f"environment {name}", data)


def _path(name: str) -> list[str]:
    section, _, key = name.partition("_")
    if section not in Configuration.model_fields or not key:
        return []
    if section == "agents":
        for known in Agent.model_fields:
            if key.endswith(f"_{known}"):
                return [section, key.removesuffix(f"_{known}").replace("_", "-"), known]
    if section == "server" and key.startswith("retention_"):
        return [section, "retention", key.removeprefix("retention_")]
    return [section, key]


def _value(text: str) -> Any:
    """Lists and tables are written as in TOML; everything else is taken as it is."""
    if text.lstrip()[:1] in {"[", "{"}:
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def _from_flags(flags: Mapping[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name, value in flags.items():
        if value is not None:
            _put(data, SHORT_FLAGS.get(name, name).split("."), value)
    return data


def _put(data: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        data = data.setdefault(name, {})
    data[path[-1]] = value


def _combine(layers: Sequence[_Layer]) -> tuple[Configuration, dict[str, str]]:
    merged = default_layer()
    sources: dict[str, str] = {}
    for layer in layers:
        _merge(merged, layer.data)
        sources |= {key: layer.source for key, _ in _leaves("", layer.data)}
    try:
        configuration = Configuration.model_validate(merged)
    except ValidationError as error:
        raise _refusal([_problem(item, sources) for item in error.errors()]) from error
    problems = [*_unknown_agents(configuration, sources), *_idle_server(configuration, sources)]
    if problems:
        raise _refusal(problems)
    return configuration, sources


def _merge(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            _merge(below[key], value)
        else:
            below[key] = dict(value) if isinstance(value, Mapping) else value


def _leaves(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and (value or not prefix):
        for key, inner in value.items():
            yield from _leaves(f"{prefix}.{key}" if prefix else str(key), inner)
    else:
        yield prefix, value


def _source(sources: Mapping[str, str], key: str) -> str:
    """Return where `key`, a key above it or one below it was given."""
    for known, source in sources.items():
        if key == known or key.startswith(f"{known}.") or known.startswith(f"{key}."):
            return source
    return "default"


def _problem(item: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, str]:
    """Turn one of pydantic's errors into a sentence with the key, the place and the nearest."""
    parts = [str(part) for part in item["loc"] if part != "[key]"]
    key = ".".join(parts)
    source = _source(sources, key)
    if item["type"] != "extra_forbidden":
        said = str(item["msg"]).removeprefix("Value error, ")
        return {
            "message": f"{key} = {item['input']!r} in {source}: {said}",
            "path": key,
            "file": source,
            "hint": f"correct {key} in {source}",
        }
    near = get_close_matches(parts[-1], _names(parts[:-1]), n=1)
    hint = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(_names(parts[:-1]))}"
    message = f'unknown key "{key}" in {source}'
    return {"message": message, "path": key, "file": source, "hint": hint, "kind": "unknown"}


def _names(path: Sequence[str]) -> list[str]:
    """Return the keys that the table at `path` knows."""
    names = ["*" if part.isdigit() else part for part in path]
    if names[:1] == ["agents"] and len(names) > 1:
        names[1] = "*"
    return list(TABLES.get(".".join(names), Configuration).model_fields)


def _unknown_agents(
    configuration: Configuration, sources: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    routing = configuration.routing
    named = [("routing.fallback", routing.fallback)]
    named += [(f"routing.rules.{n}.agent", rule.agent) for n, rule in enumerate(routing.rules)]
    for key, agent in named:
        if agent not in configuration.agents:
            source = _source(sources, key)
            near = get_close_matches(agent, configuration.agents, n=1)
            yield {
                "message": f'{key} names an unknown agent "{agent}" in {source}',
                "path": key,
                "file": source,
                "hint": f'did you mean "{near[0]}"?' if near else "define it under [agents.NAME]",
                "kind": "unknown",
            }


def _idle_server(
    configuration: Configuration, sources: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    server = configuration.server
    if not server.workers and server.database_url.startswith("sqlite"):
        source = _source(sources, "server.workers")
        yield {
            "message": f"server.workers = 0 in {source}: on SQLite nobody else could do the work",
            "path": "server.workers",
            "file": source,
            "hint": "give it 1 or more, or share a PostgreSQL database with claude-agent worker",
        }


def _refusal(problems: Sequence[Mapping[str, str]]) -> Invalid:
    first = problems[0]
    kind = UnknownName if all(p.get("kind") == "unknown" for p in problems) else Invalid
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return kind(
        first["message"] + more, hint=first["hint"], pointer=first["path"], problems=problems
    )


def _shown(value: Any) -> Any:
    """Return a value without the password of an address: the list may be shown to others."""
    return _PASSWORD.sub(r"\1:***@", value) if isinstance(value, str) else value

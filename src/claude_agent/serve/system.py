"""Agents, applications and the server itself, as the gateway asks for them."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from typing_extensions import override

from claude_agent.api.services import (
    Access,
    AgentServices,
    Answered,
    IdempotencyKey,
    MessageToSend,
    SystemServices,
)
from claude_agent.appd import client
from claude_agent.appd.errors import AppError
from claude_agent.appd.paths import AppPaths, names
from claude_agent.core import views
from claude_agent.domain import vocabulary
from claude_agent.errors import ClaudeAgentError, Conflict, NotFound
from claude_agent.serve.base import Base
from claude_agent.storage import log
from claude_agent.storage.database import Reader, Tx

Wire = dict[str, Any]


class Agents(Base, AgentServices):
    """Agents with their sessions and queues; deployed applications."""

    @override
    def agents_status(self) -> Wire:
        alive = self._alive()
        agents = self._parts.foundation.catalogue.agents

        def work(reader: Reader) -> Wire:
            busy = reader.row("work.busy_slots")
            outputs = {row["agent"]: row["at"] for row in reader.rows("work.last_output")}
            running = reader.rows("tasks.active_rows")
            slots = sum(row["slots"] for row in reader.rows("hosts.slots"))
            return {
                "agents": views.agent_views(
                    agents, running, alive, outputs, reader.rows("questions.open")
                ),
                "queues": views.queue_views(
                    reader.rows("work.queues"), reader.rows("tasks.by_queue")
                ),
                "workers": {
                    "slots": slots,
                    "busy": busy["count"] if busy is not None else 0,
                    "emergency_reserved": 1 if slots > len(agents) + 1 else 0,
                },
                "left_alone": [
                    {name: row[name] for name in ("name", "state", "until", "reason")}
                    for row in reader.rows("breakers.away")
                ],
                "cursor": log.head(reader).cursor,
            }

        return self._database.read(work)

    def _alive(self) -> dict[str, bool]:
        try:
            return {session.agent: True for session in self._parts.terminal.sessions()}
        except ClaudeAgentError:
            return {}

    @override
    def agent(self, name: str) -> Wire:
        self._known(name)
        status = self.agents_status()
        found: Wire = next(one for one in status["agents"] if one["name"] == name)
        return found

    def _known(self, name: str) -> None:
        if name not in self._parts.foundation.catalogue.agents:
            message = f"There is no agent {name[:60]}."
            raise NotFound(message, hint="List them: claude-agent agent list")

    @override
    def agent_logs(self, name: str, lines: int) -> Wire:
        self._known(name)
        return {"text": self._parts.terminal.capture(name, lines)}

    @override
    def attach_argv(self, name: str) -> list[str]:
        self._known(name)
        return self._parts.terminal.attach_argv(name)

    @override
    def apps(self) -> Wire:
        return {"items": [app_view(one) for one in client.apps(Path(self._parts.home))]}

    @override
    def stop_app(self, name: str) -> Wire:
        home = Path(self._parts.home)
        if name not in names(home):
            message = f"There is no application {name[:60]}."
            raise NotFound(message, hint="List them: claude-agent app list")
        paths = AppPaths(home=home, name=name)
        try:
            client.stop(paths)
        except AppError as error:
            raise Conflict(error.message, hint=error.hint) from error
        return app_view(client.look(paths))


def app_view(state: Mapping[str, object]) -> Wire:
    """Return the wire form of an application's status."""
    return {key: state.get(key) for key in ("name", "url", "pid", "release", "state", "previous")}


class System(Base, SystemServices):
    """The server itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._since = self._clock.now()

    @override
    def access(self) -> Access:
        return Access.loopback(self._parts.token, self._parts.port)

    @override
    def health(self) -> Wire:
        components = self._parts.components()
        ok = all(works for works, _ in components.values())
        return {
            "status": "ok" if ok else "degraded",
            "version": self._parts.version,
            "components": {
                name: {"ok": works, "detail": detail}
                for name, (works, detail) in components.items()
            },
            "cursor": self._database.read(log.head).cursor,
            "pid": os.getpid(),
            "uptime_ms": self._clock.now() - self._since,
            "home": self._parts.home,
        }

    @override
    def stop_server(self, *, stop_agents: bool, actor: str) -> Wire:
        rows = self._database.read(lambda r: r.rows("tasks.active_rows"))
        left = [{"ref": row["ref"], "agent": row["agent"], "title": row["title"]} for row in rows]
        self._parts.stop(stop_agents)
        return {"left_running": [] if stop_agents else left}

    @override
    def send_message(self, message: MessageToSend, *, key: IdempotencyKey | None) -> Answered:
        def work(tx: Tx) -> Callable[[Reader], Wire]:
            sent = self._parts.send(tx, message)
            return lambda _: {"message_id": sent}

        return self._once(key, work)

    @override
    def vocabulary(self) -> Wire:
        found = vocabulary.as_data()
        names = ("task", "step", "execution", "agent", "queue")
        return {f"{name}s": found[name] for name in names}

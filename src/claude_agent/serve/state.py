"""Shared state, as the gateway asks for it."""

from dataclasses import asdict

from typing_extensions import override

from claude_agent.api.asked import Page, Wire
from claude_agent.api.services_state import StateServices
from claude_agent.core import views
from claude_agent.core.state_snapshots import StateSnapshots
from claude_agent.serve.base import Base, Parts


class State(Base, StateServices):
    """Keys, their history, snapshots."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._state = parts.state
        self._snapshots = StateSnapshots(parts.foundation, parts.state)

    @override
    def states(self, pattern: str, page: Page) -> Wire:
        found = self._state.entries(pattern, after=page.cursor or "", limit=page.limit + 1)
        more = len(found) > page.limit
        items = found[: page.limit]
        return {
            "items": [asdict(entry) for entry in items],
            "next": items[-1].key if more else None,
        }

    @override
    def state_of(self, key: str) -> Wire:
        return asdict(self._state.entry(key))

    @override
    def state_history(self, key: str, *, after: int, limit: int) -> Wire:
        found = self._state.history(key, after=after, limit=limit)
        return {"items": [views.frame(one) for one in found]}

    @override
    def set_state(
        self, key: str, value: object, *, version: int | None, ttl_ms: int | None, actor: str
    ) -> Wire:
        return asdict(
            self._state.set_entry(key, value, version=version, ttl_ms=ttl_ms, actor=actor)
        )

    @override
    def delete_state(self, key: str, *, version: int | None, actor: str) -> Wire:
        return {"key": key, "version": self._state.delete_state(key, version=version, actor=actor)}

    @override
    def snapshots(self) -> Wire:
        return {"items": self._snapshots.all()}

    @override
    def take_snapshot(self, name: str, *, actor: str) -> Wire:
        return self._snapshots.take(name, actor=actor)

    @override
    def snapshot(self, name: str) -> Wire:
        found = self._snapshots.show(name)
        return found | {"entries": self._snapshots.entries(found["id"])}

    @override
    def restore_snapshot(self, name: str, *, actor: str) -> Wire:
        return self._snapshots.restore(name, actor=actor)

"""Shared state in memory, for tests of the gateway."""

from typing import Any

from typing_extensions import override

from claude_agent.api.asked import Page, Wire
from claude_agent.api.services_state import StateServices
from claude_agent.errors import NotFound, VersionConflict
from tests import wire_samples as samples


class MemoryState(StateServices):
    """One key, `greeting`, at version 1, and what is set beside it; one snapshot, `s1`."""

    values: dict[str, Wire] = {"greeting": samples.state_entry("greeting", "hello")}  # noqa: RUF012

    def _one(self, key: str) -> Wire:
        if key not in self.values:
            msg = f"There is no state under {key}."
            raise NotFound(msg)
        return self.values[key]

    @override
    def states(self, pattern: str, page: Page) -> Wire:
        return {"items": list(self.values.values())[: page.limit], "next": None}

    @override
    def state_of(self, key: str) -> Wire:
        return self._one(key)

    @override
    def state_history(self, key: str, *, after: int, limit: int) -> Wire:
        return {"items": []}

    @override
    def set_state(
        self, key: str, value: Any, *, version: int | None, ttl_ms: int | None, actor: str
    ) -> Wire:
        there = self.values.get(key, {"version": 0})["version"]
        if version not in (None, there):
            msg = f"{key} is at version {there}, not at version {version}."
            raise VersionConflict(msg)
        changed = samples.state_entry(key, value, version=there + 1)
        self.values = {**self.values, key: changed}
        return changed

    @override
    def delete_state(self, key: str, *, version: int | None, actor: str) -> Wire:
        gone = self._one(key)
        self.values = {name: one for name, one in self.values.items() if name != key}
        return {"key": key, "version": gone["version"] + 1}

    @override
    def snapshots(self) -> Wire:
        return {"items": [samples.snapshot()]}

    @override
    def take_snapshot(self, name: str, *, actor: str) -> Wire:
        return samples.snapshot(name)

    @override
    def snapshot(self, name: str) -> Wire:
        entry = {"key": "greeting", "value": "hello", "version": 1, "expires_at": None}
        return samples.snapshot(name) | {"entries": [entry]}

    @override
    def restore_snapshot(self, name: str, *, actor: str) -> Wire:
        return {"id": "s1", "name": name, "changed": 1, "deleted": 0}

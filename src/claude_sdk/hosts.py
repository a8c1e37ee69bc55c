"""The machines that share the database: `system.hosts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from claude_sdk.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claude_sdk.wire import Host, HostLost


class Hosts(Part):
    """Look at the hosts; say that one is lost. Iterate over it for all of them."""

    def __iter__(self) -> Iterator[Host]:
        return iter(self.list())

    def list(self) -> list[Host]:
        """Return all hosts with their worker processes."""
        return cast("dict[str, list[Host]]", self._get("hosts"))["items"]

    def lost(self, name: str) -> HostLost:
        """Record your word that a host is off for good; its runs count as ended.

        Raises NotFound, Conflict while a process of it is alive.
        """
        return cast("HostLost", self._post("hosts", name, "lost", body={}))

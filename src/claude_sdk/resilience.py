"""Breakers and what was healed: `system.resilience`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from claude_sdk.parts import Part

if TYPE_CHECKING:
    from claude_sdk.wire_resilience import Breaker, Overview


class Resilience(Part):
    """What is left alone for a while, and what was restarted or rolled back."""

    def overview(self) -> Overview:
        """Return breakers, restarts and rollbacks, the newest first."""
        return cast("Overview", self._get("resilience"))

    def reset(self, name: str) -> Breaker:
        """Use something again at once that is left alone. Raises NotFound, Conflict."""
        return cast("Breaker", self._post("resilience", name, "reset", body={}))

"""What starts workflows by itself: `system.triggers`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from claude_sdk.parts import Part

if TYPE_CHECKING:
    import builtins

    from claude_sdk.wire_triggers import Trigger


class Triggers(Part):
    """The schedules, webhooks and events of stored workflows."""

    def list(self, *, workflow: str = "", kind: str = "") -> builtins.list[Trigger]:
        """Return every trigger, or those of one workflow or kind (schedule, webhook, event)."""
        given = {"workflow": workflow, "kind": kind}
        found = self._get("triggers", query={key: one for key, one in given.items() if one})
        return cast("dict[str, builtins.list[Trigger]]", found)["items"]

"""How the broker behaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import dramatiq


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOptions:
    """How the broker behaves; the defaults suit everybody."""

    middleware: tuple[dramatiq.Middleware, ...] | None = None
    """All of Dramatiq's middleware to use; default: the stock ones."""
    durability: Literal["strict", "balanced"] = "strict"
    """strict: on the disk when sending returns; balanced: safe from a crash of a process only."""
    owners: Path | None = None
    """Folder of the owner files; default: beside the database."""
    delivery_limit: int = 5
    """A message whose owner died at work on it more often than this becomes `poison`."""
    floor_ms: int = 1_000
    """The dispatcher looks at least this often, bell or not."""
    recover_ms: int = 1_000
    """It looks this often for owners that are gone."""
    batch: int = 64
    """The most messages of one queue claimed in one turn."""
    ageing_ms: int = 600_000
    """A message that waits is raised one level each time this passes, up to CRITICAL; 0: never."""
    max_ready: Mapping[str, int] = field(default_factory=dict)
    """By queue (`*`: every other): with so many ready, sending raises `QueueFull`."""
    refuse_unknown: bool = False
    """`enqueue` raises `UnknownName` for an actor that no worker has announced."""

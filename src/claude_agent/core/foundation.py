"""What every service of the core stands on, in one value."""

from dataclasses import dataclass

from claude_agent.clock import Clock
from claude_agent.core.catalogue import Catalogue
from claude_agent.ids_source import IdSource
from claude_agent.storage.database import Database
from claude_agent.storage.notifier import Notifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """Storage, time, chance, doorbell and names."""

    database: Database
    clock: Clock
    ids: IdSource
    notifier: Notifier
    catalogue: Catalogue

"""The machine on each body of the storage: SQLite is its own, these are the others."""

from pathlib import Path
from typing import ClassVar

from typing_extensions import override

from claude_agent.storage.database import Database
from tests.servers.postgres import PostgresServer
from tests.simulation.machine import Core
from tests.simulation.memory import Disk, MemoryDatabase
from tests.unit.core.stand import Stand, _template


class MemoryStand(Stand):
    """One server's core on a disk in memory; it has no threads, as that disk has no lock."""

    def __init__(self, folder: Path, disk: Disk, *, seed: int) -> None:
        self._disk = disk
        super().__init__(folder, seed=seed, url="memory")

    @override
    def _open_database(self) -> Database:
        return MemoryDatabase(self._disk)

    @override
    def hear(self) -> None:
        """Nobody else writes."""


class OnMemory(Core):
    """The machine on a database in memory."""

    @override
    def stand_on(self, folder: Path, seed: int) -> Stand:
        self._disk = Disk(_template())
        return MemoryStand(folder, self._disk, seed=seed)

    @override
    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "_disk"):
            self._disk.close()


class OnPostgresql(Core):
    """The machine on a database of a real server."""

    server: ClassVar[PostgresServer]
    """Whoever runs it sets it."""

    @override
    def stand_on(self, folder: Path, seed: int) -> Stand:
        self._url = self.server.fresh()
        return Stand(folder, seed=seed, url=self._url)

    @override
    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "_url"):
            self.server.give_back(self._url)

"""What every body's transaction does the same way: gather, and write it last in one order."""

from collections.abc import Callable, Sequence

from typing_extensions import override

from claude_agent.domain.events import Event
from claude_agent.storage.database import Stamp, Tx
from claude_agent.storage.log import Gathered, flush


class GatheringTx(Tx):
    """Keeps what belongs to the end of the transaction until `finish`."""

    def __init__(self) -> None:
        self.after: list[Callable[[], None]] = []
        """What is called once the transaction is durable."""
        self._gathered: list[Gathered] = []
        self._late: list[tuple[str, dict[str, object]]] = []

    @override
    def append(self, events: Sequence[Event], *, stamp: Stamp | None = None) -> None:
        if events:
            self._gathered.append(Gathered(events=tuple(events), stamp=stamp))

    @override
    def at_end(self, query: str, **params: object) -> None:
        self._late.append((query, params))

    @override
    def after_commit(self, call: Callable[[], None]) -> None:
        self.after.append(call)

    @property
    def keeps(self) -> bool:
        """Whether anything was kept for the end."""
        return bool(self._gathered or self._late)

    def finish(self) -> int:
        """Write what was kept for the end, the events last; return the new head or 0."""
        for query, params in sorted(self._late, key=repr):
            self.execute(query, **params)
        self._late.clear()
        return flush(self, self._gathered) if self._gathered else 0

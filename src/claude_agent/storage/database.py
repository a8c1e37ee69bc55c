"""The storage contract: named queries, whole transactions, a log appended at their end.

Bodies live in `databases/`. SQL stands only in `.sql` files. A transaction is a function: the
body decides how it is grouped with others, retried as a whole (PostgreSQL) and made durable.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from claude_agent.domain.events import Event
from claude_agent.errors import ClaudeAgentError
from claude_agent.storage.duty import Duty

T = TypeVar("T")
Row = Mapping[str, Any]


class Duplicate(ClaudeAgentError):
    """A row with this key exists already; somebody else was first."""

    code = "duplicate"
    status = 409


class Corrupt(ClaudeAgentError):
    """The database file is damaged."""

    code = "corrupt"
    status = 503


class Reader(ABC):
    """Reads one consistent state of the database."""

    @abstractmethod
    def rows(self, query: str, **params: object) -> list[Row]:
        """Return all rows of the named query; a list parameter is expanded for `IN (...)`."""

    def row(self, query: str, **params: object) -> Row | None:
        """Return the first row of the named query, or None."""
        found = self.rows(query, **params)
        return found[0] if found else None

    def lock(self, query: str, **params: object) -> None:  # noqa: B027 - nothing is a body too
        """Lock the rows that the named query finds until the transaction ends.

        For bodies whose writers run side by side (PostgreSQL); otherwise, and in a plain read,
        it does nothing. Order: executions by id, tasks by id, slots, queues, the log's counter.
        """


class Tx(Reader):
    """One transaction in the making: reads see its own writes."""

    @abstractmethod
    def execute(self, query: str, **params: object) -> int:
        """Run the named query; return how many rows it changed. Raises `Duplicate`."""

    @abstractmethod
    def execute_many(self, query: str, params: Sequence[Mapping[str, object]]) -> None:
        """Run the named query once for each set of parameters."""

    @abstractmethod
    def append(self, events: Sequence[Event], *, stamp: "Stamp | None" = None) -> None:
        """Gather events; they get their positions just before the commit, in this order.

        `stamp` is run then with the position of the last of these events as `:pos`.
        Raises `Duplicate` at the end of the transaction if a stream has such a number already.
        """

    @abstractmethod
    def at_end(self, query: str, **params: object) -> None:
        """Run the named query after `work`, before the events get their positions.

        For rows that many transactions change (slots, queues): all of them lock such rows in
        one order, by query and parameters, and only for a moment.
        """

    @abstractmethod
    def after_commit(self, call: Callable[[], None]) -> None:
        """Call this once the transaction is durable; never if it rolls back."""


class Stamp:
    """A named query that wants the position of an event."""

    __slots__ = ("params", "query")

    def __init__(self, query: str, **params: object) -> None:
        self.query = query
        self.params = params


class Database(ABC):
    """Connects, writes and reads; one object for each process and database."""

    shared = False
    """Several processes may have it open (PostgreSQL)."""
    lock_clause = ""
    """What a claim adds to its inner SELECT (PostgreSQL: FOR UPDATE SKIP LOCKED)."""

    @abstractmethod
    def write(self, work: Callable[[Tx], T], *, durable: bool = True) -> T:
        """Run `work` as one transaction and return its result once that is durable.

        `work` may run more than once, so it changes nothing but through its `Tx`. It must not
        call `write` itself. `durable=False` may leave the sync to the next durable commit: only
        for what a later run can find out again (journal positions, leases of plain messages).
        Raises what `work` raised, `Duplicate`, `DiskFull`, `Corrupt`.
        """

    @abstractmethod
    def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` on one consistent state and return its result."""

    def leads(self, duty: Duty) -> bool:
        """Say whether this process is the one that does a duty now; take it when nobody does.

        Processes that open one SQLite file share what they do by its lock: each of them may.
        """
        del duty
        return True

    @abstractmethod
    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Call `callback(head position)` after each commit that appended events.

        It is called from the writing thread: it must be quick and must not raise. Returns a
        function that ends the subscription.
        """

    @abstractmethod
    def state(self) -> tuple[bool, str]:
        """Say whether it answers, and a sentence for `/health`: which body, and where it is."""

    def waits_s(self) -> float:
        """Return for how many seconds a thread has waited for its answer; 0.0: none waits."""
        return 0.0

    @abstractmethod
    def check(self) -> None:
        """Look for damage; raise `Corrupt` with what to do."""

    @abstractmethod
    def migrate_script(self, script: str) -> None:
        """Run one migration's script as one transaction."""

    @abstractmethod
    def close(self) -> None:
        """Finish what runs and let go of the database."""

"""Group commit: who writes, and for whom, when many threads want to at once.

A thread that finds nobody writing leads: it commits everything that waits, its own request first.
Then the first of those that came meanwhile leads. So a lone writer pays no thread switch, and
thirty-two writers pay one sync together. (Waiting on one lock around the commit would not do: who
has just committed takes it again before the others have seen that they are done.)
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from claude_agent.errors import Unavailable
from claude_agent.storage.database import Tx

MAX_BATCH = 256


class Request:
    """One transaction that waits for the writer."""

    __slots__ = (
        *("after", "callbacks", "done", "durable", "error", "leads", "result", "turn", "work"),
    )

    def __init__(self, work: Callable[[Tx], object], *, durable: bool) -> None:
        self.work = work
        self.durable = durable
        self.done = False
        self.leads = False
        self.turn = threading.Lock()
        """Held until it is done, or is to lead."""
        self.result: object = None
        self.error: BaseException | None = None
        self.after: list[Callable[[], None]] = []
        self.callbacks: tuple[Callable[[], None], ...] = ()


class Turns:
    """Gathers requests into batches; `commit` gets one at a time, under the `writer`'s lock.

    It marks each request `done`, whatever happens.
    """

    def __init__(self, commit: Callable[[Sequence[Request]], None], writer: threading.Lock) -> None:
        self._commit = commit
        self._writer = writer
        self._lock = threading.Lock()
        """Guards the next two: nobody leads only while nothing is pending."""
        self._pending: deque[Request] = deque()
        self._led = False

    @property
    def waiting(self) -> int:
        """How many requests wait for a batch."""
        return len(self._pending)

    def run(self, request: Request) -> None:
        """Return when the request is done, by this thread or by another.

        Raises what `commit` raises in the thread that leads, and `Unavailable` when another
        thread was interrupted before it came to this request.
        """
        if self._alone(request):
            return
        try:
            if not self._leads(request):
                request.turn.acquire()
            if request.leads:
                self._lead()
        finally:
            if not request.done:
                self._leave(request)
        if not request.done:
            message = "The transaction was interrupted before it was committed."
            raise Unavailable(message, hint="Try again.")

    def _alone(self, request: Request) -> bool:
        """Commit it at once if nobody writes or waits: the same turn with half of its locks."""
        if not self._writer.acquire(blocking=False):
            return False
        try:
            with self._lock:
                if self._led:
                    return False
                self._led = True
            try:
                self._commit((request,))
            finally:
                self._hand_over()
        finally:
            self._writer.release()
        return True

    def _leads(self, request: Request) -> bool:
        with self._lock:
            self._pending.append(request)
            if self._led:
                request.turn.acquire()
                return False
            self._led = request.leads = True
            return True

    def _lead(self) -> None:
        batch: list[Request] = []
        try:
            with self._writer:
                with self._lock:  # as late as can be: whoever came while we waited is in it
                    while self._pending and len(batch) < MAX_BATCH:
                        batch.append(self._pending.popleft())
                self._commit(batch)
        finally:
            for request in batch[1:]:
                request.turn.release()
            if batch:
                batch[0].leads = False
                self._hand_over()

    def _hand_over(self) -> None:
        with self._lock:
            self._led = bool(self._pending)
            if self._led:
                self._pending[0].leads = True
                self._pending[0].turn.release()

    def _leave(self, request: Request) -> None:
        # This thread, or the leader of its batch, was interrupted: nobody may wait for it to lead.
        with self._lock:
            if request in self._pending:
                self._pending.remove(request)
            leads, request.leads = request.leads, False
        if leads:
            self._hand_over()

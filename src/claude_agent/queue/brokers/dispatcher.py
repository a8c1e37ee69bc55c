"""The one thread of a process that talks to the messages table for all consumers.

Each turn is one transaction: settle what workers finished, then claim what consumers can take.
Between turns it waits for the doorbell, for a delayed message's time, or for the timer floor.
"""

import logging
import secrets
import threading
from collections import deque

from claude_agent.clock import Clock
from claude_agent.queue.brokers.inbox import Inbox
from claude_agent.queue.brokers.options import BrokerOptions
from claude_agent.queue.brokers.owner import Ownership
from claude_agent.queue.message_store import Lease, MessageStore, Settlement, Verdict, Wish
from claude_agent.storage.notifier import Notifier

TOPIC = "messages"
"""Rung when a message was stored."""

_log = logging.getLogger(__name__)
_TROUBLE_PAUSE = 0.2
COALESCE_S = 0.005


class Dispatcher:
    """Feeds inboxes and settles leases. Thread-safe; `start` is idempotent."""

    def __init__(
        self,
        store: MessageStore,
        notifier: Notifier,
        clock: Clock,
        *,
        ownership: Ownership,
        options: BrokerOptions,
    ) -> None:
        self._ownership = ownership
        self._store = store
        self._notifier = notifier
        self._clock = clock
        self._options = options
        self._here = f"here/{secrets.token_hex(4)}"
        self._inboxes: tuple[Inbox, ...] = ()
        self._settled: deque[Settlement] = deque()
        self._lock = threading.Lock()
        self._turning = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._next_due: int | None = None
        self._recover_at = 0.0
        self._urgent = False
        self.progress = threading.Condition()

    def start(self) -> None:
        """Become an owner, take back what dead owners left, and begin to dispatch."""
        with self._lock:
            if self._thread is not None:
                return
            self._ownership.begin()
            self._thread = threading.Thread(target=self._run, name="messages", daemon=True)
            self._thread.start()

    def attach(self, inbox: Inbox) -> None:
        """Feed this inbox from now on."""
        with self._lock:
            self._inboxes = (*self._inboxes, inbox)
        self.poke()

    def detach(self, inbox: Inbox) -> None:
        """Stop feeding it; what it did not hand out is ready again when this returns."""
        with self._lock:
            self._inboxes = tuple(one for one in self._inboxes if one is not inbox)
        self.give_back(inbox.close())
        self.flush()

    def give_back(self, leases: list[Lease]) -> None:
        """Release leases that nobody began to work on."""
        self._settled.extend(
            Settlement(id=lease.id, fence=lease.fence, verdict=Verdict.RELEASE) for lease in leases
        )

    def settle(self, settlement: Settlement, *, urgent: bool) -> None:
        """Say what became of a lease; written with the next turn.

        `urgent`: the consumer runs dry, so begin it now. Otherwise wait `COALESCE_S` for more: a
        turn among busy worker threads would take longer than one after them.
        """
        self._settled.append(settlement)
        if urgent:
            self.poke()
        elif len(self._settled) == 1:
            self._notifier.ring(self._here)

    def poke(self) -> None:
        """Make the next turn begin now."""
        self._urgent = True
        self._notifier.ring(self._here)

    def flush(self) -> None:
        """Write what is settled, in this thread. Raises what the database raises."""
        self._turn(claim=False)

    def stop(self) -> None:
        """End the thread, give back what is not handed out, end the ownership."""
        self._stopping.set()
        self.poke()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout=10)
        for inbox in self._inboxes:
            self.detach(inbox)
        self.flush()
        with self._turning:
            self._ownership.end()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._recover_when_due()
                self._turn(claim=True)
            except Exception:  # noqa: BLE001 - the only dispatcher of the process must not die
                _log.exception("The dispatcher of messages failed; it goes on.")
                self._stopping.wait(_TROUBLE_PAUSE)
            else:
                self._wait()

    def _wait(self) -> None:
        pause = self._options.floor_ms / 1000
        if self._next_due is not None:
            pause = min(pause, max((self._next_due - self._clock.now()) / 1000, 0.001))
        before = self._clock.monotonic()
        rang = self._notifier.wait((TOPIC, self._here), pause)
        if self._settled and not self._urgent:
            self._notifier.wait((self._here,), COALESCE_S)
        elif not rang and self._clock.monotonic() - before < pause / 2:
            # The notifier was closed before us: without this the loop would spin.
            self._stopping.wait(min(pause, _TROUBLE_PAUSE))

    def _turn(self, *, claim: bool) -> None:
        with self._turning:
            if self._ownership.id is None:
                return
            self._urgent = False
            for inbox in self._inboxes:
                self.give_back(inbox.surplus())
            settled = self._take_settled()
            wishes = self._wishes() if claim else []
            if not settled and not wishes:
                return
            try:
                turn = self._store.turn(self._ownership.id, settled, [wish for _, wish in wishes])
            except BaseException:
                self._settled.extendleft(reversed(settled))
                raise
            self._next_due = turn.next_due if claim else self._next_due
            for (inbox, _), leases in zip(wishes, turn.leases, strict=True):
                if leases and not inbox.deliver(leases):
                    self.give_back(list(leases))
                    self.poke()
            if turn.fenced_out:
                _log.warning("fenced_out: %d messages were no longer ours.", turn.fenced_out)
        with self.progress:
            self.progress.notify_all()

    def _take_settled(self) -> list[Settlement]:
        return [self._settled.popleft() for _ in range(len(self._settled))]

    def _wishes(self) -> list[tuple[Inbox, Wish]]:
        rooms = ((inbox, min(inbox.room(), self._options.batch)) for inbox in self._inboxes)
        return [(inbox, Wish(queue=inbox.queue, count=room)) for inbox, room in rooms if room > 0]

    def _recover_when_due(self) -> None:
        if self._clock.monotonic() >= self._recover_at:
            self._recover_at = self._clock.monotonic() + self._options.recover_ms / 1000
            with self._turning:
                self._ownership.recover_lost()

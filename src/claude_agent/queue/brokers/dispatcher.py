"""The one thread of a process that talks to the messages table for all consumers.

Each turn is one transaction: settle what workers finished, then claim what consumers can take.
Between turns it waits for the doorbell, for a delayed message's time, or for the timer floor.
"""

import logging
import secrets
import threading
from collections import deque

from claude_agent.clock import Clock
from claude_agent.queue.brokers.inbox import Inbox, Load
from claude_agent.queue.brokers.options import BrokerOptions
from claude_agent.queue.brokers.ownership import Ownership
from claude_agent.queue.message_care import MessageCare
from claude_agent.queue.message_store import Lease, MessageStore, Most, Settlement, Verdict, Wish
from claude_agent.storage.notifier import Notifier

TOPIC = "messages"
"""Rung when a message was stored."""

_log = logging.getLogger(__name__)
_TROUBLE_PAUSE = 0.2
_LOOK_S = 0.05
COALESCE_S = 0.005
GATHER_S = 0.002
"""While a producer streams, so long for more before the next claim."""
_STREAM_S = 0.02
_FORGET_S = 60.0


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
        care: MessageCare,
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
        self._care = care
        self._recover_at = self._age_at = self._forget_at = 0.0
        self._claimed_at = 0.0
        self._streams = False
        self._urgent = self._leads = False
        self._draining = False
        self._looked_at = clock.monotonic()
        self.most: int | None = None
        """How many messages all inboxes together may hold, besides what is claimed ahead."""
        self.threads: int | None = None
        """How many threads work on them."""
        self.progress = threading.Condition()

    def start(self) -> None:
        """Become an owner, take back what dead owners left, and begin to dispatch."""
        with self._lock:
            if self._thread is not None:
                return
            self._ownership.begin()
            self._begin_thread()

    def revive(self) -> bool:
        """Replace the thread if it has died, which nothing in it should cause; True then."""
        with self._lock:
            thread = self._thread
            if thread is None or thread.is_alive() or self._stopping.is_set():
                return False
            _log.error("The dispatcher of messages died; another one takes over.")
            self._begin_thread()
            return True

    def silent_s(self) -> float:
        """Return for how long the thread has not looked; far above the floor: it hangs."""
        return self._clock.monotonic() - self._looked_at if self._thread else 0.0

    def _begin_thread(self) -> None:
        self._looked_at = self._clock.monotonic()
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

    def drain(self, timeout: float | None) -> bool:
        """Claim nothing more, give back what nobody began; wait for the rest. True: all done."""
        with self._turning:
            self._draining = True
            for inbox in self._inboxes:
                self.give_back(inbox.take_back())
        self.poke()
        deadline = None if timeout is None else self._clock.monotonic() + timeout
        while self._settled or any(inbox.load().unsettled for inbox in self._inboxes):
            if deadline is not None and self._clock.monotonic() >= deadline:
                return False
            with self.progress:
                self.progress.wait(_LOOK_S)
        self.flush()
        return True

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
        rang = False
        while not self._stopping.is_set():
            self._looked_at = self._clock.monotonic()
            try:
                if rang:  # somebody waits: the care of what is old comes after it
                    self._turn(claim=True)
                if self._care_when_due() or not rang:
                    self._turn(claim=True)
            except Exception:  # noqa: BLE001 - the only dispatcher of the process must not die
                _log.exception("The dispatcher of messages failed; it goes on.")
                self._stopping.wait(_TROUBLE_PAUSE)
                rang = False
            else:
                rang = self._wait()

    def _wait(self) -> bool:
        pause = self._options.floor_ms / 1000
        if self._next_due is not None:
            pause = min(pause, max((self._next_due - self._clock.now()) / 1000, 0.001))
        before = self._clock.monotonic()
        rang = self._notifier.wait((TOPIC, self._here), pause)
        if self._streams and self._clock.monotonic() - self._claimed_at < _STREAM_S:
            self._stopping.wait(GATHER_S)
        elif self._urgent:
            return rang
        elif self._settled:
            self._notifier.wait((self._here,), COALESCE_S)
        elif not rang and self._clock.monotonic() - before < pause / 2:
            # The notifier was closed before us: without this the loop would spin.
            self._stopping.wait(min(pause, _TROUBLE_PAUSE))
        return rang

    def _note(self, asked: list[Wish], leases: tuple[tuple[Lease, ...], ...]) -> None:
        """Learn from a claim whether messages come faster, one by one, than turns take them.

        Then each turn would bring one or two, and hold up the producer's own commits. A claim
        that was filled leaves a backlog: no reason to wait. One that brought a single message,
        having waited for more, ends it: a chain whose next step is sent by the last never waits.
        """
        claimed = sum(map(len, leases))
        if claimed:
            now = self._clock.monotonic()
            filled = any(len(got) >= wish.count for wish, got in zip(asked, leases, strict=True))
            self._streams = claimed > 1 and not filled and now - self._claimed_at < _STREAM_S
            self._claimed_at = now

    def _turn(self, *, claim: bool) -> None:
        with self._turning:
            if self._ownership.id is None:
                return
            self._urgent = False
            for inbox in self._inboxes:
                self.give_back(inbox.surplus())
            settled = self._take_settled()
            wishes, most = self._wishes() if claim and not self._draining else ([], None)
            if not settled and not wishes:
                return
            asked = [wish for _, wish in wishes]
            try:
                turn = self._store.turn(self._ownership.id, settled, asked, most=most)
            except BaseException:
                self._settled.extendleft(reversed(settled))
                raise
            self._next_due = turn.next_due if claim else self._next_due
            self._note(asked, turn.leases)
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

    def _wishes(self) -> tuple[list[tuple[Inbox, Wish]], Most | None]:
        """Return what each inbox can take, and how much all of them together."""
        loads = [(inbox, inbox.load()) for inbox in self._inboxes]
        rooms = ((inbox, min(load.room, self._options.batch)) for inbox, load in loads)
        wishes = [(inbox, Wish(queue=inbox.queue, count=room)) for inbox, room in rooms if room > 0]
        if self.most is None or len(loads) == 1:
            return wishes, None
        # Else each queue would be claimed up to its own prefetch, the best one no sooner.
        most = self._most_of(loads, self.most)
        return (wishes, most) if most.count + most.ahead > 0 else ([], None)

    @staticmethod
    def _most_of(loads: list[tuple[Inbox, Load]], limit: int) -> Most:
        held = {inbox.queue: load for inbox, load in loads if load.unsettled}
        free = limit - sum(load.unsettled for load in held.values())
        if len(held) != 1:
            return Most(count=max(free, 0))
        ((queue, load),) = held.items()
        return Most(count=max(free, 0), ahead=max(load.ahead + min(free, 0), 0), queue=queue)

    def _care_when_due(self) -> bool:
        """Look after what others left and what is old; True when it was time for that."""
        now = self._clock.monotonic()
        due = now >= self._recover_at
        if due:
            self._recover_at = now + self._options.recover_ms / 1000
            with self._turning:
                self._ownership.recover_lost()
            self._leads = self._care.leads()
            if self._leads:
                self._care.expire()
        if not self._leads:
            return due
        if now >= self._age_at:
            ageing = self._options.ageing_ms
            self._age_at = now + min(max(ageing / 10_000, 1.0), _FORGET_S)
            self._care.age(ageing)
        if now >= self._forget_at:
            self._forget_at = now + _FORGET_S
            self._care.forget()
        return due

"""The courier: rings become tickets on a carrier; where it is silent, the courier claims itself."""

import logging
import threading
from collections.abc import Callable

import dramatiq
from dramatiq import Worker as DramatiqWorker
from typing_extensions import override

from claude_agent.queue.brokers.carrier import Backoff, CarrierBroker, soon
from claude_agent.queue.tickets import CLAIM, TicketCarrier, TicketSource

_LOG = logging.getLogger(__name__)
PATIENCE_S = 0.25
"""A ticket that has not come back by then is not waited for."""
LOOK_S = 1.0
PROBE_S = 2.0
"""An idle connection is used this often, so that a dead server is seen."""
HANGS_S = 1.0
STOP_MS = 2_000


class Post:
    """Sends tickets on a thread of its own, so that nothing ever waits for the carrier."""

    def __init__(self, broker: CarrierBroker) -> None:
        self._broker = broker
        self._clock = broker.clock
        self._backoff = Backoff()
        self._changed = threading.Condition()
        self._asked: tuple[int, str] = (0, "")
        self._stopped = False
        self._trouble = "it has not answered yet"
        self._busy_since: float | None = None
        self._thread = threading.Thread(target=self._run, name="post", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """End without waiting for a server that does not answer."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(0.5)

    def ask(self, count: int, hint: str) -> None:
        """Have so many tickets sent; what is asked while a send hangs is not added up."""
        with self._changed:
            self._asked = (max(count, self._asked[0]), hint)
            self._changed.notify()

    def trouble(self) -> str:
        """Return why the carrier is no use now; empty while it answers."""
        since = self._busy_since
        if since is not None and self._clock.monotonic() - since > HANGS_S:
            return "it hangs"
        return self._trouble

    def _run(self) -> None:
        while not self._stopped:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._asked[0], self._pause())
                (count, hint), self._asked = self._asked, (0, "")
            if self._ended():
                return
            self._busy_since = self._clock.monotonic()
            try:
                self._send(count, hint)
            except self._broker.failures as error:
                self._fail(error)
            except Exception:  # noqa: BLE001 - the thread that finds out that it works again
                _LOG.exception("a ticket could not be sent over %s", self._broker.title)
                self._trouble = "a ticket could not be sent"
            else:
                self._mend()
            self._busy_since = None

    def _ended(self) -> bool:
        return self._stopped

    def _pause(self) -> float:
        if not self._trouble:
            return PROBE_S
        self._asked = (0, "")  # claimed without tickets meanwhile
        self._changed.wait_for(lambda: self._stopped, self._backoff.step())
        return 0.0

    def _send(self, count: int, hint: str) -> None:
        if not count or self._trouble:
            self._broker.probe()
        for _ in range(count):
            self._broker.send_ticket(hint)

    def _fail(self, error: Exception) -> None:
        text = str(error) or type(error).__name__
        if not self._trouble:
            _LOG.warning("%s is lost (%s): work goes on without it", self._broker.title, text)
        self._trouble = text

    def _mend(self) -> None:
        if self._trouble:
            _LOG.info("%s carries tickets", self._broker.title)
        self._trouble = ""
        self._backoff.reset()


class Courier(TicketCarrier):
    """Turns rings into at most as many tickets as there are free slots, and bears what comes.

    The bearer claims over all queues, so a ticket that is lost, doubled or late costs a wait and
    nothing else. Where no ticket comes back in time the courier claims by itself.
    """

    def __init__(
        self,
        broker: CarrierBroker,
        *,
        address: str,
        source: TicketSource,
        claim: Callable[[str], None],
    ) -> None:
        self._broker = broker
        self._address = address
        self._source = source
        self._claim = claim
        self._clock = broker.clock
        self._post = Post(broker)
        self._lock = threading.Lock()
        self._asked_at: float | None = None
        self._silent = False
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="courier", daemon=True)
        declare = dramatiq.actor(actor_name=CLAIM, queue_name=broker.queue, broker=broker)
        declare(self._bear)
        self._worker = DramatiqWorker(broker, worker_threads=1, worker_timeout=500)
        self._started = False

    @override
    def start(self) -> None:
        self._started = True
        self._post.start()
        self._worker.start()
        self._watcher.start()

    @override
    def stop(self) -> None:
        self._stop.set()
        if self._started:
            self._started = False
            self._source.ring("")
            self._watcher.join(LOOK_S)
            self._post.stop()
            self._worker.stop(timeout=STOP_MS)
        soon(self._broker.close)

    @override
    def state(self) -> tuple[bool, str]:
        trouble = self._post.trouble()
        where = f"{self._broker.title} at {self._address}"
        if trouble:
            return False, f"{where} does not answer ({trouble}); work goes on without it"
        return True, f"{where} carries tickets"

    def _bear(self, queue: str = "") -> None:
        with self._lock:
            self._asked_at = None
            self._silent = False
        self._claim(queue)

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                waiting = self._asked_at is not None
                hint = self._source.wait(PATIENCE_S if waiting else LOOK_S)
                if self._stop.is_set():
                    return
                if hint is not None:
                    self._rung(hint)
                self._look()
            except Exception:  # noqa: BLE001 - the thread on which work depends must go on
                _LOG.exception("a ring was not followed; the sweep rings again")
                self._stop.wait(PATIENCE_S)

    def _rung(self, hint: str) -> None:
        well = not self._post.trouble()
        count = self._source.wanted() if well else 0
        if count:
            self._post.ask(count, hint)
            with self._lock:
                if self._asked_at is None:
                    self._asked_at = self._clock.monotonic()
        if self._silent or not well:
            self._claim(hint)

    def _look(self) -> None:
        with self._lock:
            asked = self._asked_at
            if asked is None or self._clock.monotonic() - asked < PATIENCE_S:
                return
            self._asked_at = None
            self._silent = True
        self._claim("")

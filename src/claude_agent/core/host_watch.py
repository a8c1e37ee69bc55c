"""The thread that beats for this process and looks at the other ones every few seconds."""

import logging
import threading
from collections.abc import Callable

from claude_agent.clock import Clock
from claude_agent.core.claims import Claims
from claude_agent.core.hosts import Hosts
from claude_agent.errors import ClaudeAgentError

_LOG = logging.getLogger(__name__)
LOOK_S = 2.5
BEAT_LOOKS = 2
"""A beat with every second look: each 5 s."""


class HostWatch:
    """Only where several processes share the database. `tick` is the whole work, for tests."""

    def __init__(
        self,
        hosts: Hosts,
        claims: Claims,
        clock: Clock,
        *,
        adopt: Callable[[], int],
        rejoin: Callable[[], None],
        gone: Callable[[str], None],
    ) -> None:
        """Take what adopts the tasks without an owner, what is done when we were dropped, and
        what is told the id of each worker process of this host that is gone."""
        self._hosts = hosts
        self._claims = claims
        self._clock = clock
        self._adopt = adopt
        self._rejoin = rejoin
        self._gone = gone
        self.then: Callable[[], None] = _nothing
        """Called at the end of each look; it must not wait."""
        self._looks = 0
        self._looked_at = clock.monotonic()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._looked_at = self._clock.monotonic()
        self._thread = threading.Thread(target=self._run, name="hosts", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; the beats end with it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def looked_ago(self) -> float:
        """Return how many seconds ago the last look began."""
        return self._clock.monotonic() - self._looked_at

    def _run(self) -> None:
        while not self._stop.wait(LOOK_S):
            try:
                self.tick()
            except ClaudeAgentError as error:
                self._hosts.blind()
                _LOG.warning("the other hosts could not be looked at: %s", error.detail)
            except Exception:  # noqa: BLE001 - without this thread the process counts as lost
                self._hosts.blind()
                _LOG.exception("looking at the other hosts failed; it is tried again")

    def tick(self) -> int:
        """Beat if it is time, look, adopt; return how many runs were taken over."""
        self._looked_at = self._clock.monotonic()
        self._looks += 1
        if self._looks % BEAT_LOOKS == 1 and not self._claims.beat():
            self._rejoin()
        for lost in self._hosts.look():
            _LOG.warning("worker %s was lost: %s", lost.worker, lost.why.value)
            self._gone(lost.worker)
        adopted = self._adopt()
        self.then()
        return adopted


def _nothing() -> None:
    return None

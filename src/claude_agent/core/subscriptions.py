"""Followers of the log that miss nothing: each goes on where it stood, also after a restart."""

import logging
import threading
from collections.abc import Callable, Sequence

from claude_agent.clock import Clock
from claude_agent.core.log_follower import LogFollower
from claude_agent.errors import ClaudeAgentError, Invalid
from claude_agent.storage import log
from claude_agent.storage.database import Database, Reader
from claude_agent.storage.log import Recorded

_LOG = logging.getLogger(__name__)
_CHUNK = 200
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 30.0
_LOOK_S = 60.0
_PAUSE_S = 1.0
"""Between two tries to read a log that cannot be read just now."""
_MAX_NAME = 120

Callback = Callable[[Recorded], None]


class Subscriptions:
    """Hands events of some types to callbacks, in the order of the log.

    Without a name a subscription lives as long as the process, and an event whose callback
    raised is logged and passed by. With a name its position is kept: an event counts as served
    when its callback returned; until then it is tried again, also by the next process. One
    process at a time serves a name; two would both be told.
    """

    def __init__(self, database: Database, follower: LogFollower, clock: Clock) -> None:
        self._database = database
        self._follower = follower
        self._clock = clock
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []

    def follow(
        self,
        types: Sequence[str],
        callback: Callback,
        *,
        name: str = "",
        after: int | None = None,
    ) -> Callable[[], None]:
        """Call back for each event of these types (none: of all); return what ends it.

        Begins after the position `after`; None: where the name stood, else at the end of the
        log as it is now. Each subscription has a thread of its own.
        """
        if len(name) > _MAX_NAME or not name.isprintable():
            message = "The name of a subscription is at most 120 printable characters."
            raise Invalid(message, pointer="/name")
        ended = threading.Event()
        position = self._begin(name, after)
        one = _One(self, tuple(types), callback, name, ended)
        thread = threading.Thread(
            target=one.run, args=(position,), name=f"follows {name or '-'}", daemon=True
        )
        self._threads.append(thread)
        thread.start()

        def end() -> None:
            ended.set()
            if thread is not threading.current_thread():
                thread.join(5.0)

        return end

    def _begin(self, name: str, after: int | None) -> int:
        def work(reader: Reader) -> int:
            head = log.head(reader).pos
            row = reader.row("state.subscription", name=name) if name else None
            if row is not None and after is None:
                return min(int(row["pos"]), head)
            return head if after is None else after

        position = self._database.read(work)
        if name:
            self.served(name, position)
        return position

    def served(self, name: str, position: int) -> None:
        """Keep how far a name was served."""
        at = self._clock.now()
        self._database.write(
            lambda tx: tx.execute("state.subscribed", name=name, pos=position, at=at),
            durable=False,  # a lost position means that some are told again, never fewer
        )

    def over(self, ended: threading.Event) -> bool:
        """Say whether a subscription is to end."""
        return ended.is_set() or self._closed.is_set()

    def pause(self, ended: threading.Event, seconds: float) -> None:
        """Wait before the next try, or until the subscription is to end."""
        waited = 0.0
        while waited < seconds and not self.over(ended):
            self._closed.wait(min(0.2, seconds - waited))
            waited += 0.2

    def next(self, types: Sequence[str], position: int) -> list[Recorded]:
        """Return the next events of some types; of every type where none is named."""

        def work(reader: Reader) -> list[Recorded]:
            if not types:
                return log.after(reader, position, _CHUNK)
            rows = reader.rows("log.of_type", types=list(types), after=position, limit=_CHUNK)
            return [log.recorded(row) for row in rows]

        return self._database.read(work)

    def wait(self, position: int) -> None:
        """Wait until the log is longer than this."""
        self._follower.wait_beyond(position, timeout=_LOOK_S)

    def head(self) -> int:
        """Return the newest announced position."""
        return self._follower.head()

    def close(self) -> None:
        """End all of them; the follower is closed first, which wakes them."""
        self._closed.set()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(5.0)


class _One:
    """One subscription's thread."""

    def __init__(
        self,
        home: Subscriptions,
        types: Sequence[str],
        callback: Callback,
        name: str,
        ended: threading.Event,
    ) -> None:
        self._home = home
        self._types = types
        self._callback = callback
        self._name = name
        self._ended = ended

    def run(self, position: int) -> None:
        """Serve until the end."""
        while not self._home.over(self._ended):
            head = self._home.head()
            try:
                found = self._home.next(self._types, position)
            except ClaudeAgentError as error:
                _LOG.warning("the log cannot be followed just now: %s", error.detail)
                self._home.pause(self._ended, _PAUSE_S)
                continue
            for one in found:
                if not self._tell(one):
                    return
                position = one.pos
            if found:
                self._keep(position)
            else:
                position = max(position, head)
                self._home.wait(position)

    def _keep(self, position: int) -> None:
        if not self._name:
            return
        try:
            self._home.served(self._name, position)
        except ClaudeAgentError as error:
            _LOG.warning("a subscription's position was not kept: %s", error.detail)

    def _tell(self, one: Recorded) -> bool:
        """Call back until it worked; False when the subscription ended before."""
        pause = _FIRST_PAUSE_S
        while not self._home.over(self._ended):
            try:
                self._callback(one)
            except Exception:  # noqa: BLE001 - a stranger's callback must not stop the others
                _LOG.exception("a subscriber of the log failed at position %d", one.pos)
            else:
                return True
            if not self._name:
                return True
            self._home.pause(self._ended, pause)
            pause = min(_LONGEST_PAUSE_S, 2 * pause)
        return False

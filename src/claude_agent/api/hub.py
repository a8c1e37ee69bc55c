"""From commits in any thread to clients on the event loop: one bell, one shared ring of frames.

However many clients follow, each frame is read and encoded once. The ring is the queue of every
client at once, bounded in bytes; who falls out of it is reset and reads the state again.
"""

import asyncio
import logging
import threading
from bisect import bisect_right
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from pydantic_core import to_json

from claude_agent.api.services import EventServices
from claude_agent.errors import ClaudeAgentError

log = logging.getLogger("claude_agent.api")

_BATCH = 200
_AGAIN_S = 0.5
_POSITION = attrgetter("pos")

Call = Callable[..., Awaitable[Any]]
"""Runs a service in a thread."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One frame, ready to be sent to any number of sockets."""

    pos: int
    topic: str
    text: str


def encode(frame: dict[str, Any]) -> Encoded:
    """Encode one frame of the log."""
    text = to_json({"kind": "frame", **frame}, inf_nan_mode="null").decode()
    return Encoded(frame["pos"], frame["topic"], text)


def split(cursor: str) -> tuple[str, int]:
    """Return epoch and position of a cursor of our own making."""
    epoch, _, pos = cursor.rpartition(":")
    return epoch, int(pos)


class Hub:
    """Wakes those who wait for events, and keeps the newest frames for those who follow."""

    def __init__(self, services: EventServices, *, backlog_bytes: int) -> None:
        self._services = services
        self._most = backlog_bytes
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._ringing = False
        self._rung = 0
        self._bell = asyncio.Event()
        self._entering = asyncio.Lock()
        self._filling: asyncio.Task[None] | None = None
        self._frames: list[Encoded] = []
        self._bytes = 0
        self.epoch = ""
        self.head = 0
        """Newest position that a commit rang for."""
        self.start = 0
        """Everything after this position, up to `end`, is in the ring."""
        self.end = 0
        self.followers = 0
        self.closed = False

    async def open(self, call: Call) -> None:
        """Begin to listen; on the loop that serves."""
        self._loop = asyncio.get_running_loop()
        self._call = call
        self._unsubscribe = self._services.subscribe(self._ring)
        self._restart(await call(self._services.head))

    def close(self) -> None:
        """Stop listening and let everybody who waits go on; on the loop."""
        self._unsubscribe()
        self.closed = True
        if self._filling is not None:
            self._filling.cancel()
        self._wake()

    def cursor(self, position: int) -> str:
        """Return the cursor of a position."""
        return f"{self.epoch}:{position}"

    def _ring(self, head: int) -> None:
        # Called by the writer's thread at every commit: a thousand commits are one wake-up.
        with self._lock:
            self._rung = max(self._rung, head)
            if self._ringing or self._loop is None:
                return
            self._ringing = True
        try:
            self._loop.call_soon_threadsafe(self._heard)
        except RuntimeError:  # the loop has closed: nobody waits any more
            return

    def _heard(self) -> None:
        with self._lock:
            self._ringing = False
            self.head = max(self.head, self._rung)
        if self.followers and self.end < self.head:
            self._fill_soon()
        else:
            self._wake()

    def _wake(self) -> None:
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()

    def bell(self) -> asyncio.Event:
        """Return what the next event sets: take it *before* looking, wait for it afterwards."""
        return self._bell

    async def wait(self, bell: asyncio.Event, timeout_s: float) -> bool:
        """Wait until something has happened; False when the time is over first."""
        if self.closed:
            return True
        try:
            async with asyncio.timeout(timeout_s):
                await bell.wait()
        except TimeoutError:
            return False
        return True

    async def follow(self) -> None:
        """Count one more follower; from now on the ring is kept filled."""
        async with self._entering:
            if self.followers == 0:
                # Nobody kept the ring filled since the last one left.
                self._restart(await self._call(self._services.head))
            self.followers += 1
        if self.end < self.head:
            self._fill_soon()

    def leave(self) -> None:
        """Count one follower less; the last one lets the memory go."""
        self.followers -= 1
        if self.followers == 0:
            self._frames, self._bytes, self.start = [], 0, self.end

    def after(self, position: int, limit: int) -> tuple[list[Encoded], int]:
        """Return frames of the ring after a position in it, and the position they reach."""
        if position >= self.end:
            return [], position
        first = bisect_right(self._frames, position, key=_POSITION)
        frames = self._frames[first : first + limit]
        return frames, frames[-1].pos if frames else self.end

    def _restart(self, cursor: str) -> None:
        self.epoch, self.end = split(cursor)
        self.start = self.end
        self.head = max(self.head, self.end)
        self._frames, self._bytes = [], 0

    def _fill_soon(self) -> None:
        if self._filling is None or self._filling.done():
            self._filling = asyncio.get_running_loop().create_task(self._fill())

    async def _fill(self) -> None:
        while self.followers and self.end < self.head and not self.closed:
            asked, wanted = self.end, self.head
            try:
                frames, cursor = await self._call(self._read, self.cursor(asked))
            except ClaudeAgentError as error:
                log.warning("events could not be read: %s", error.detail)
                await asyncio.sleep(_AGAIN_S)
                continue
            if asked != self.end:
                continue  # begun anew meanwhile: these frames are of the past
            if cursor is not None:
                self._restart(cursor)
            elif frames:
                self._keep(frames)
            elif self.head == wanted:
                self.head = self.end  # the log ends before what was rung: believe the log
            self._wake()

    def _read(self, cursor: str) -> tuple[list[Encoded], str | None]:
        """In a thread: the next frames, or the new cursor after a reset."""
        answer = self._services.events_after(cursor, _BATCH, None)
        if answer["reset"]:
            return [], str(answer["cursor"])
        return [encode(frame) for frame in answer["items"]], None

    def _keep(self, frames: list[Encoded]) -> None:
        old = len(self._frames)
        self._frames += frames
        self._bytes += sum(len(frame.text) for frame in frames)
        self.end = frames[-1].pos
        # Never what has just come: nobody has had a chance to take it.
        gone = 0
        while gone < old and self._bytes > self._most:
            self._bytes -= len(self._frames[gone].text)
            gone += 1
        if gone:
            self.start = self._frames[gone - 1].pos
            del self._frames[:gone]

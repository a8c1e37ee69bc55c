"""`WS /events`: hello, frames from where the client stopped, reset when that cannot be, a beat.

A client pulls from the shared ring at its own pace, so it slows nobody and owns no queue. One
that is behind by more than the ring holds, or that took nothing for too long, gets `reset`.
"""

import asyncio
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json, to_json
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from claude_agent.api.context import Context, Limits, context
from claude_agent.api.hub import Encoded, Hub, encode, split
from claude_agent.api.problems import TooManyRequests, document, refusal
from claude_agent.api.wire import Subscribe
from claude_agent.errors import ClaudeAgentError, Malformed

_PAGE = 200
_LONGEST_MESSAGE = 4_096
_POLICY, _RESTARTS, _AGAIN_LATER = 1008, 1012, 1013


class Stalled(Exception):
    """The client takes nothing at all any more."""


async def follow_events(socket: WebSocket) -> None:
    """Serve one socket until it goes."""
    ctx = context(socket)
    if ctx.hub.followers >= ctx.limits.sockets:
        msg = "Too many sockets are open."
        raise TooManyRequests(msg, hint="Close one.")
    await socket.accept()
    follower = Follower(socket, ctx)
    await ctx.hub.follow()
    try:
        await follower.serve()
        await _close(socket, _RESTARTS, "the server stops")
    except WebSocketDisconnect:
        return
    except ClaudeAgentError as error:
        await follower.fail(error)
    except Stalled:
        await _close(socket, _AGAIN_LATER, "too slow")
    finally:
        ctx.hub.leave()


class Follower:
    """One client's place in the log."""

    def __init__(self, socket: WebSocket, ctx: Context) -> None:
        self._socket = socket
        self._ctx = ctx
        self._hub: Hub = ctx.hub
        self._limits: Limits = ctx.limits
        self._loop = asyncio.get_running_loop()
        self._topics: frozenset[str] | None = frozenset()
        self._epoch = ""
        self._position = 0
        self._live = False
        self._sent_at = self._loop.time()
        self._late = False

    async def serve(self) -> None:
        """Read what the client wants, send what it asked for, until one of the two ends."""
        try:
            async with asyncio.timeout(self._limits.first_message_s):
                wanted: Subscribe | None = await self._receive()
        except TimeoutError:
            msg = "No subscription came."
            raise Malformed(msg, hint='Send {"subscribe": ["*"]}.') from None
        while wanted is not None:
            await self._begin(wanted)
            wanted = await self._until_next()

    async def _until_next(self) -> Subscribe | None:
        reader = self._loop.create_task(self._receive())
        sender = self._loop.create_task(self._send_on())
        try:
            await asyncio.wait({reader, sender}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reader, sender):
                task.cancel()
            await asyncio.wait({reader, sender})
        for task in (reader, sender):
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
        return None if reader.cancelled() else reader.result()

    async def _receive(self) -> Subscribe:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        text = message.get("text")
        if text is None:
            msg = "The message is not text."
            raise Malformed(msg, hint='Send {"subscribe": ["*"]}.')
        if len(text) > _LONGEST_MESSAGE:
            msg = "The message is too long."
            raise Malformed(msg, hint='Send {"subscribe": ["*"]}.')
        try:
            return Subscribe.model_validate(from_json(text, allow_inf_nan=False))
        except ValidationError as error:
            raise refusal(Subscribe, error, "message") from None
        except ValueError:
            msg = "The message is not valid JSON."
            raise Malformed(msg) from None

    async def _begin(self, wanted: Subscribe) -> None:
        topics = frozenset(wanted.subscribe)
        self._topics = None if "*" in topics else topics
        services = self._ctx.services
        head = await self._ctx.call(services.head)
        self._epoch, newest = split(head)
        self._live = False
        if wanted.after is None:
            self._position = newest
            await self._say("hello")
            return
        page = await self._ctx.call(services.events_after, wanted.after, 1, None)
        if page["reset"]:
            self._position = newest
            await self._say("hello")
            await self._say("reset")
            return
        self._position = split(wanted.after)[1]
        await self._say("hello")

    async def _send_on(self) -> None:
        while not self._hub.closed:
            if self._fell_behind():
                await self._reset()
            elif self._position < self._hub.start:
                await self._catch_up()
            else:
                self._live = True
                await self._send_frames(*self._hub.after(self._position, _PAGE))
                await self._rest()

    async def _rest(self) -> None:
        """Wait for the next event or the next beat, unless there is more already."""
        if self._position < self._hub.end or self._late:
            return
        left = self._sent_at + self._limits.heartbeat_s - self._loop.time()
        if left <= 0 or not await self._hub.wait(self._hub.bell(), left):
            await self._say("heartbeat")

    def _fell_behind(self) -> bool:
        if self._hub.epoch != self._epoch or self._late:
            return True
        return self._live and self._position < self._hub.start

    async def _reset(self) -> None:
        self._epoch, self._position = split(await self._ctx.call(self._ctx.services.head))
        self._live = self._late = False
        await self._say("reset")

    async def _catch_up(self) -> None:
        """Read one page of the past from the log: as slowly as the client likes."""
        cursor = f"{self._epoch}:{self._position}"
        topics = None if self._topics is None else sorted(self._topics)
        frames, end = await self._ctx.call(self._page, cursor, topics)
        if end is None:
            self._late = True
        else:
            await self._send_frames(frames, end)

    def _page(self, cursor: str, topics: list[str] | None) -> tuple[list[Encoded], int | None]:
        answer = self._ctx.services.events_after(cursor, _PAGE, topics)
        if answer["reset"]:
            return [], None
        return [encode(frame) for frame in answer["items"]], split(answer["cursor"])[1]

    async def _send_frames(self, frames: list[Encoded], end: int) -> None:
        try:
            async with asyncio.timeout(self._limits.drop_s) as patience:
                for frame in frames:
                    if self._topics is None or frame.topic in self._topics:
                        await self._send(frame.text, patience)
                    self._position = frame.pos
                    if self._fell_behind():
                        return
        except TimeoutError:
            raise Stalled from None
        self._position = max(self._position, end)

    async def _say(self, kind: str) -> None:
        cursor = f"{self._epoch}:{self._position}"
        await self._tell({"kind": kind, "cursor": cursor})

    async def _tell(self, message: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(self._limits.drop_s) as patience:
                await self._send(to_json(message).decode(), patience)
        except TimeoutError:
            raise Stalled from None

    async def _send(self, text: str, patience: asyncio.Timeout) -> None:
        begun = self._loop.time()
        await self._socket.send({"type": "websocket.send", "text": text})
        self._sent_at = now = self._loop.time()
        # One timer for many frames, set anew only where sending took time: a timer each is dear.
        if now - begun > self._limits.drop_s / 100:
            patience.reschedule(now + self._limits.drop_s)
            self._late = self._late or now - begun > self._limits.stall_s

    async def fail(self, error: ClaudeAgentError) -> None:
        """Tell the client what was wrong, as far as it still listens, and close."""
        request_id = self._socket.scope["state"]["request_id"]
        problem: dict[str, Any] = {"kind": "problem", **document(error, request_id)}
        try:
            await self._tell(problem)
        except (Stalled, WebSocketDisconnect):
            return
        await _close(self._socket, _POLICY, error.code)


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    if socket.application_state is WebSocketState.CONNECTED:
        try:
            async with asyncio.timeout(1.0):
                await socket.close(code, reason)
        except TimeoutError:
            return

"""`Idempotency-Key`: one key and one body are one request, whatever the network does.

`submit` and `execute` hand the key to the services, which store the answer in the transaction of
its effect. Every other POST may be repeated without harm; for these the answer is stored after
the effect, and a second request with the key waits for the first.
"""

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import Context, Turn, context, encode
from claude_agent.api.services import Answered, IdempotencyKey
from claude_agent.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def key_of(request: Request, body: object) -> IdempotencyKey | None:
    """Return the key of a request, None without the header. Raises Invalid."""
    keys = request.headers.getlist("idempotency-key")
    if not keys:
        return None
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        msg = "The header Idempotency-Key is not usable."
        raise Invalid(
            msg,
            hint="Send one, of 1 to 200 visible ASCII characters.",
        )
    # Canonical, so that a client that builds the same body again in another order is recognised.
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    told = f"{request.method} {request.url.path}\n{text}"
    return IdempotencyKey(key=keys[0], body_hash=hashlib.sha256(told.encode()).hexdigest())


async def answer_once(
    request: Request, work: Callable[[IdempotencyKey | None], Answered], body: object
) -> Response:
    """Answer with a service that stores the key itself, together with its effect."""
    key = key_of(request, body)

    def run() -> tuple[int, bytes]:
        status, answer = work(key)
        return status, encode(answer)

    status, content = await context(request).call(run)
    return Response(content=content, status_code=status, media_type="application/json")


async def reply_once(
    request: Request, status: int, work: Callable[[], dict[str, Any]], body: object
) -> Response:
    """Answer with a service that may be repeated; the stored answer wins over a second call."""
    ctx, key = context(request), key_of(request, body)

    def run() -> tuple[int, bytes]:
        stored = ctx.services.recall(key) if key else None
        answered = stored or (status, work())
        if key and stored is None:
            ctx.services.remember(key, answered)
        return answered[0], encode(answered[1])

    async with _alone(ctx, key):
        status, content = await ctx.call(run)
    return Response(content=content, status_code=status, media_type="application/json")


@asynccontextmanager
async def _alone(ctx: Context, key: IdempotencyKey | None) -> "AsyncIterator[None]":
    if key is None:
        yield
        return
    turn = ctx.in_progress.setdefault(key.key, Turn())
    turn.takers += 1
    try:
        async with turn.lock:
            yield
    finally:
        turn.takers -= 1
        if turn.takers == 0:
            del ctx.in_progress[key.key]

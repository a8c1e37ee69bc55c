"""What Dramatiq's worker iterates over, and the messages it gets."""

import json
import logging
import threading
import traceback
from collections.abc import Iterable
from typing import Any

import dramatiq
from dramatiq.errors import ActorNotFound
from dramatiq.middleware import SkipMessage
from typing_extensions import override

from claude_agent.errors import ClaudeAgentError
from claude_agent.queue.brokers.body import decode
from claude_agent.queue.brokers.dispatcher import Dispatcher
from claude_agent.queue.brokers.inbox import Inbox
from claude_agent.queue.message_store import Lease, Settlement, Verdict

_log = logging.getLogger(__name__)


class LeasedMessage(dramatiq.MessageProxy):
    """A message under a lease. It knows its own inbox: its consumer may be replaced meanwhile."""

    def __init__(
        self, message: dramatiq.Message[Any], lease: Lease, inbox: Inbox, dispatcher: Dispatcher
    ) -> None:
        super().__init__(message)
        self.lease = lease
        self.cause: BaseException | None = None
        self._inbox = inbox
        self._dispatcher = dispatcher
        self._again: Settlement | None = None
        self._settled = False
        self._lock = threading.Lock()

    @override
    def stuff_exception(self, exception: BaseException) -> None:
        super().stuff_exception(exception)
        self.cause = exception

    @override
    def clear_exception(self) -> None:
        super().clear_exception()
        self.cause = None

    def retry(self, dispatcher: Dispatcher, body: str, not_before: int) -> bool:
        """Have it put back, in the transaction that would have removed it.

        False when it is settled already or under another broker's lease: then store it anew.
        """
        with self._lock:
            if self._settled or dispatcher is not self._dispatcher:
                return False
            self._again = Settlement(
                id=self.lease.id,
                fence=self.lease.fence,
                verdict=Verdict.RETRY,
                body=body,
                not_before=not_before,
            )
            return True

    def settle(self, verdict: Settlement) -> None:
        """Say what becomes of it. Having been enqueued again goes before everything else."""
        with self._lock:
            self._settled = True
            settlement = self._again or verdict
        self._dispatcher.settle(settlement, urgent=self._inbox.settled())


class DatabaseConsumer(dramatiq.Consumer):
    """Hands out the messages of one queue; blocks on its inbox, never on the database."""

    def __init__(self, dispatcher: Dispatcher, inbox: Inbox, *, timeout_ms: int) -> None:
        self._dispatcher = dispatcher
        self._inbox = inbox
        self._timeout = timeout_ms / 1000
        dispatcher.attach(inbox)

    @override
    def __next__(self) -> dramatiq.MessageProxy | None:
        lease = self._inbox.take(self._timeout)
        if lease is None:
            self._dispatcher.revive()
            return None
        try:
            message = decode(lease.body)
        except (dramatiq.DecodeError, ValueError) as error:
            _log.error("Message %s cannot be read and is now a dead letter.", lease.id)
            dead = _dead(lease, "undecodable", error)
            self._dispatcher.settle(dead, urgent=self._inbox.settled())
            return None
        return LeasedMessage(message, lease, self._inbox, self._dispatcher)

    @override
    def ack(self, message: dramatiq.MessageProxy) -> None:
        held = _held(message)
        held.settle(_plain(held.lease, Verdict.DONE))

    @override
    def nack(self, message: dramatiq.MessageProxy) -> None:
        held = _held(message)
        held.settle(_dead(held.lease, _reason(held.cause), held.cause))

    @override
    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        for message in messages:
            held = _held(message)
            held.settle(_plain(held.lease, Verdict.RELEASE))

    @override
    def close(self) -> None:
        try:
            self._dispatcher.detach(self._inbox)
        except ClaudeAgentError:
            # Nothing is lost: the dispatcher writes it with its next turn, or the leases go
            # back when this process ends.
            _log.warning("The leases of queue %s are given back later.", self._inbox.queue)


def _held(message: dramatiq.MessageProxy) -> LeasedMessage:
    if not isinstance(message, LeasedMessage):
        detail = f"{message!r} did not come from this broker"
        raise TypeError(detail)
    return message


def _plain(lease: Lease, verdict: Verdict) -> Settlement:
    return Settlement(id=lease.id, fence=lease.fence, verdict=verdict)


def _reason(cause: BaseException | None) -> str:
    if isinstance(cause, ActorNotFound):
        return "unknown_actor"
    return "skipped" if isinstance(cause, SkipMessage) else "failed"


def _dead(lease: Lease, reason: str, error: BaseException | None) -> Settlement:
    chain = traceback.format_exception(error, limit=30) if error else []
    what = {
        "type": type(error).__name__ if error else None,
        "message": str(error) if error else None,
        "traceback": "".join(chain),
    }
    return Settlement(
        id=lease.id,
        fence=lease.fence,
        verdict=Verdict.DEAD,
        reason=reason,
        error=json.dumps(what),
    )

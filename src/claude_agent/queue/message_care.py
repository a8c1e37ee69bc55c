"""What is done with waiting and dead messages from outside: cancel, redrive, expire, age."""

from enum import StrEnum
from functools import partial

from claude_agent.clock import Clock
from claude_agent.errors import Conflict, NotFound
from claude_agent.queue.levels import STEP, TOP_AGED
from claude_agent.queue.message_intake import STAMPS_PER_MS, MessageIntake
from claude_agent.queue.message_store import history_line
from claude_agent.storage.database import Database, Row, Tx
from claude_agent.storage.duty import Duty

AGED_AT_ONCE = 500


class Cancelled(StrEnum):
    """What cancelling a message came to. Only `gone` is false."""

    DROPPED = "dropped"
    """It waited: it is gone and will not run."""
    LAST_TRY = "last_try"
    """A worker has it: it may run to its end, and is not tried again."""
    GONE = ""
    """There is no such message, or it is a dead letter."""


class MessageCare:
    """Changes messages that nobody works on."""

    def __init__(self, database: Database, clock: Clock, intake: MessageIntake) -> None:
        self._database = database
        self._clock = clock
        self._intake = intake

    def leads(self) -> bool:
        """Say whether this process is the one that expires, ages and forgets for all."""
        return self._database.leads(Duty.MESSAGES)

    def cancel(self, message_id: str) -> Cancelled:
        """Take a message back; see `Cancelled`."""

        def work(tx: Tx) -> Cancelled:
            if tx.execute("messages.cancel", id=message_id):
                return Cancelled.DROPPED
            if tx.execute("messages.cancel_leased", id=message_id, now=self._clock.now()):
                return Cancelled.LAST_TRY
            return Cancelled.GONE

        return self._database.write(work)

    def dead_letter(self, message_id: str) -> Row:
        """Return a dead letter. Raises `NotFound`, `Conflict` for a message that is alive."""
        row = self._database.read(lambda reader: reader.row("messages.of_id", id=message_id))
        if row is None:
            message = f"There is no message {message_id}."
            raise NotFound(message)
        if row["state"] != "dead":
            message = f"The message {message_id} is {row['state']}, not a dead letter."
            raise Conflict(message, hint="Only dead letters are driven again.")
        return row

    def redrive(self, message_id: str, body: str, *, was: str) -> None:
        """Make a dead letter ready again with this body; its history is kept.

        `was`: the reason it died of. Raises `Conflict` when somebody else was faster.
        """
        now = self._clock.now()
        line = history_line(at=now, event="redriven", was=was)

        def work(tx: Tx) -> int:
            place = self._intake.stamp(now)
            return tx.execute(
                "messages.redrive", id=message_id, body=body, position=place, now=now, line=line
            )

        if not self._database.write(work):
            message = f"The message {message_id} is not a dead letter any more."
            raise Conflict(message, hint="Somebody else has driven it again or discarded it.")

    def expire(self) -> int:
        """Bury what was not begun before its deadline; return how many."""
        now = self._clock.now()
        # Looking takes no lock: nothing is written where nothing is due.
        row = self._database.read(lambda reader: reader.row("messages.next_expiry"))
        if row is None or row["expires_at"] > now:
            return 0
        line = history_line(at=now, event="dead", reason="expired")
        return self._database.write(
            lambda tx: tx.execute("messages.expire", now=now, line=line), durable=False
        )

    def age(self, ageing_ms: int) -> int:
        """Raise by one level what has waited `ageing_ms` for it; return how many.

        A level is `STEP`; nothing is raised beyond `TOP_AGED`. 0 turns ageing off.
        """
        if ageing_ms <= 0:
            return 0
        raised = 0
        while ids := self._due_to_age(ageing_ms):
            work = partial(_age, ids, ageing_ms, self._clock.now())
            raised += self._database.write(work, durable=False)
            if len(ids) < AGED_AT_ONCE:
                break
        return raised

    def _due_to_age(self, ageing_ms: int) -> list[str]:
        now = self._clock.now()
        rows = self._database.read(
            lambda reader: reader.rows(
                "messages.age_due",
                top=TOP_AGED,
                position=(now - ageing_ms) * STAMPS_PER_MS + STAMPS_PER_MS - 1,
                step=STEP,
                ageing=ageing_ms,
                now=now,
                count=AGED_AT_ONCE,
            )
        )
        return [row["id"] for row in rows]

    def forget(self) -> None:
        """Drop keys, results and counters whose time is over."""
        now = self._clock.now()
        for query in ("messages.keys_forget", "broker.results_forget", "broker.limits_forget"):
            self._database.write(partial(_forget, query, now), durable=False)


def _forget(query: str, now: int, tx: Tx) -> int:
    return tx.execute(query, now=now)


def _age(ids: list[str], ageing_ms: int, now: int, tx: Tx) -> int:
    # The condition stands there too: another process may have raised them meanwhile.
    return tx.execute("messages.age", ids=ids, step=STEP, top=TOP_AGED, ageing=ageing_ms, now=now)

"""Concurrency keys: how many executions with the same key run at once, and what the others do."""

from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.orchestrator import Inbox
from claude_agent.domain.definition import Definition
from claude_agent.domain.definition_start import Concurrency
from claude_agent.domain.events import Context
from claude_agent.domain.execution import Execution
from claude_agent.domain.execution_decide import Begin, CancelAsked, Decision
from claude_agent.domain.expression import ExpressionError, render
from claude_agent.domain.states import ExecutionState
from claude_agent.domain.step_task import contexts
from claude_agent.errors import Conflict, Invalid
from claude_agent.storage.database import Row, Tx

TURN = "turn"
"""News: a place of its key may be free."""
CANCEL = "cancel"
"""News: somebody wants it to stop."""
REASON = "concurrency"
MAX_KEY = 200


class KeyTaken(Conflict):
    """Another execution has the concurrency key, and the definition says to skip then."""

    code = "concurrency_key_taken"


def key_of(definition: Definition, run: Execution) -> str:
    """Return the concurrency key of a new execution; empty: none. Raises `Invalid`."""
    wanted = definition.concurrency
    if wanted is None:
        return ""
    try:
        key = str(render(wanted.key, contexts(definition, run, None)))
    except ExpressionError as error:
        message = f"The concurrency key cannot be computed: {error}."
        raise Invalid(message, pointer="/params") from None
    if not 0 < len(key) <= MAX_KEY:
        message = f"The concurrency key has {len(key)} characters; 1 to {MAX_KEY} are allowed."
        raise Invalid(message, pointer="/params")
    return key


class Places:
    """Gives places of keys to executions, and hands them over."""

    def __init__(self, executions: ExecutionDesk, inbox: Inbox) -> None:
        self._executions = executions
        self._inbox = inbox

    def enter(self, tx: Tx, run: Execution, wanted: Concurrency | None, context: Context) -> None:
        """Let a new execution begin, or do what its definition says where the key is taken.

        Raises `KeyTaken` with `on_conflict: skip`.
        """
        if not run.concurrency_key or wanted is None or self._take(tx, run):
            self._executions.advance(tx, run.id, [Begin()], context)
        elif wanted.on_conflict == "cancel_running":
            self._push_out(tx, run, context)
        elif wanted.on_conflict == "cancel_new":
            self._executions.advance(tx, run.id, [CancelAsked(reason=REASON)], context)
        elif wanted.on_conflict == "skip":
            holder = next(iter(tx.rows("inbox.slots", key=run.concurrency_key)), None)
            who = f"execution {holder['ref']}" if holder is not None else "another execution"
            message = f"The concurrency key {run.concurrency_key} is taken by {who}."
            raise KeyTaken(message, hint="Start it again when that one has ended.")

    def take_turn(self, tx: Tx, run: Execution, context: Context) -> None:
        """Begin an execution that waited, if there is a place for it now."""
        if run.state == ExecutionState.QUEUED and self._take(tx, run):
            self._executions.advance(tx, run.id, [Begin()], context)

    def _take(self, tx: Tx, run: Execution) -> bool:
        line = tx.rows("inbox.queued", key=run.concurrency_key)
        held = tx.rows("inbox.slots", key=run.concurrency_key)
        if len(held) >= run.concurrency_limit or (line and line[0]["id"] != run.id):
            return False  # it is full, or somebody came before
        return any(
            tx.execute("inbox.take_slot", key=run.concurrency_key, n=n, execution=run.id)
            for n in range(1, run.concurrency_limit + 1)
        )

    def _push_out(self, tx: Tx, run: Execution, context: Context) -> None:
        """Cancel the oldest of those that run and wait before it, as many as are too many."""
        older: list[Row] = [
            *tx.rows("inbox.slots", key=run.concurrency_key),
            *tx.rows("inbox.queued", key=run.concurrency_key),
        ]
        ids = [row["execution_id"] if "execution_id" in row else row["id"] for row in older]
        others = [each for each in ids if each != run.id]
        for each in others[: max(0, len(others) + 1 - run.concurrency_limit)]:
            self._inbox.put(tx, each, CANCEL, {"reason": REASON}, context)

    def follow(self, tx: Tx, before: Execution, decision: Decision, context: Context) -> None:
        """Hand the place of an execution over that has ended, or keep it for one that goes on."""
        after = decision.run
        if not after.concurrency_key or before.terminal == after.terminal:
            return
        if before.terminal:
            if not self._take(tx, after):
                message = f"The concurrency key {after.concurrency_key} is taken."
                raise KeyTaken(message, hint="Wait until the execution that has it has ended.")
            return
        key = after.concurrency_key
        tx.execute("inbox.give_slot", key=key, execution=after.id)
        line = [row for row in tx.rows("inbox.queued", key=key) if row["id"] != after.id]
        if line:
            self._inbox.put(tx, line[0]["id"], TURN, {}, context)

    def find_forgotten(self, tx: Tx, context: Context) -> int:
        """Ring for those whose turn it is and whom nobody has told; return how many."""
        rows = tx.rows("inbox.forgotten")
        for row in rows:
            self._inbox.put(tx, row["id"], TURN, {}, context)
        return len(rows)

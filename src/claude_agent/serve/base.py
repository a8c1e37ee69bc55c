"""What every part of the services stands on."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from claude_agent.agents.run_plan import RunPlanner
from claude_agent.agents.terminal import Terminal
from claude_agent.api.services import Answered, IdempotencyKey, MessageToSend, Page
from claude_agent.core.accounts import Accounts
from claude_agent.core.approvals import ApprovalDesk
from claude_agent.core.catalogue import unknown
from claude_agent.core.dead_letters import DeadLetters
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.execution_links import ExecutionLinks
from claude_agent.core.foundation import Foundation
from claude_agent.core.message_bus import UnifiedMessageBus
from claude_agent.core.redrives import Redrives
from claude_agent.core.resilience import ResilienceManager
from claude_agent.core.state_sync import StateManager
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.task_orders import TaskOrders
from claude_agent.core.workflow_engine import WorkflowEngine
from claude_agent.errors import IdempotencyMismatch, Malformed
from claude_agent.hosting import Hosting
from claude_agent.storage.damage import reading
from claude_agent.storage.database import Duplicate, Reader, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The server's parts, as the composition root built them."""

    foundation: Foundation
    desk: TaskDesk
    executions: ExecutionDesk
    bus: UnifiedMessageBus
    state: StateManager
    resilience: ResilienceManager
    accounts: Accounts
    engine: WorkflowEngine
    links: ExecutionLinks
    orders: TaskOrders
    letters: DeadLetters
    redrives: Redrives
    approvals: ApprovalDesk
    planner: RunPlanner
    terminal: Terminal
    probe: Callable[[str], dict[str, Any]]
    """Looks at the program of an adapter: adapter, ok, version, detail, hint."""
    send: Callable[[Tx, MessageToSend], str]
    """Enqueues an ordinary message within a transaction and returns its id."""
    stop: Callable[[bool], None]
    """Begins to stop the server; True: the agents too."""
    components: Callable[[], dict[str, tuple[bool, str]]]
    """Each component: does it work, and a sentence."""
    token: str
    port: int
    home: str
    version: str
    slots: int
    hosting: Hosting


class Base:
    """Holds the parts and what several services share."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._database = parts.foundation.database
        self._clock = parts.foundation.clock

    def _once(
        self,
        key: IdempotencyKey | None,
        work: Callable[[Tx], Callable[[Reader], dict[str, Any]]],
        *,
        status: int = 201,
    ) -> Answered:
        """Run `work` and store its answer under the key, in one transaction.

        `work` changes things and returns how to read the answer, which may see all of it.
        """

        def whole(tx: Tx) -> Answered:
            if key is not None and (known := find_answer(tx, key)) is not None:
                return known
            answer = (status, work(tx)(tx))
            if key is not None and not keep_answer(tx, key, answer, self._clock.now()):
                message = f"The request with the key {key.key[:60]} was served elsewhere just now."
                raise Duplicate(message, hint="Send it again: its answer is stored.")
            return answer

        return self._database.write(whole)


def find_answer(reader: Reader, key: IdempotencyKey) -> Answered | None:
    """Return what is stored under a key. Raises `IdempotencyMismatch` for another body."""
    row = reader.row("idempotency.find", key=key.key)
    if row is None:
        return None
    if row["body_hash"] != key.body_hash:
        message = "This idempotency key came with another request before."
        raise IdempotencyMismatch(message, hint="Use a fresh key for a new request.")
    with reading(f"the answer to {key.key[:60]}"):
        return row["status"], json.loads(row["answer"])


def keep_answer(tx: Tx, key: IdempotencyKey, answer: Answered, at: int) -> bool:
    """Store an answer under a key; False when one is there."""
    status, body = answer
    changed = tx.execute(
        "idempotency.keep",
        key=key.key,
        body_hash=key.body_hash,
        status=status,
        answer=json.dumps(body),
        at=at,
    )
    return changed == 1


def known_state(state: str | None, states: type[StrEnum]) -> None:
    """Refuse a filter for a state that does not exist. Raises `UnknownName`."""
    if state is not None and state not in {each.value for each in states}:
        raise unknown(what="state", name=state, known=[each.value for each in states])


def page_start(page: Page) -> dict[str, Any]:
    """Return where a page begins: newest first, `<created_at>.<id>` as the cursor."""
    if page.cursor is None:
        return {"before_at": 2**62, "before_id": "", "limit": page.limit + 1}
    at, _, last = page.cursor.partition(".")
    if not at.isdigit() or not last:
        message = f"{page.cursor[:60]} is not a cursor of this list."
        raise Malformed(message, hint="Send back what `next` said, or nothing.", pointer="/cursor")
    return {"before_at": int(at), "before_id": last, "limit": page.limit + 1}


def next_cursor(rows: list[Any], limit: int) -> str | None:
    """Return the cursor of the next page, given one row more than the page holds."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return f"{last['created_at']}.{last['id']}"

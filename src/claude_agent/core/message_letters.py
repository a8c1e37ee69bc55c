"""What a person does with a dead message: the row and its event in one transaction."""

import json
from collections.abc import Mapping
from typing import Any

from claude_agent.core import audit
from claude_agent.core.letters import MAX_BODY, message_letter, message_payload
from claude_agent.core.views import Wire
from claude_agent.domain.events import Context
from claude_agent.errors import Conflict, Invalid, NotFound
from claude_agent.storage.database import Reader, Row, Tx

_FORGOTTEN = ("retries", "traceback", "requeue_timestamp")
"""Options in which Dramatiq keeps what earlier attempts came to."""
CHANGES = ("args", "kwargs", "queue")


def find(reader: Reader, message_id: str) -> Row:
    """Return a dead message. Raises `NotFound`."""
    row = reader.row("dead_letters.message", id=message_id)
    if row is None:
        message = f"There is no dead message {message_id[:80]}."
        raise NotFound(message, hint="List them: claude-agent deadletter list --kind message")
    return row


def redrive(
    tx: Tx, message_id: str, changes: Mapping[str, Any], reason: str, context: Context
) -> Wire:
    """Make a dead message ready again, its attempts forgotten. Raises NotFound, Invalid."""
    row = find(tx, message_id)
    body = _body(row, changes)
    told = {"at": context.at, "event": "redriven", "by": context.actor, "was": row["dead_reason"]}
    _must_change(
        tx.execute(
            "dead_letters.redrive_message",
            id=message_id,
            body=body,
            queue=changes.get("queue") or row["queue"],
            now=context.at,
            line=json.dumps(told, separators=(",", ":")) + "\n",
        )
    )
    data = _about(row) | {"reason": reason, "changes": dict(changes)}
    audit.record(tx, context, f"message/{message_id}", "message.redriven", data)
    return message_letter(row)


def discard(tx: Tx, message_id: str, reason: str, context: Context) -> Wire:
    """Remove a dead message; its payload stays in the log. Raises NotFound."""
    row = find(tx, message_id)
    _must_change(tx.execute("dead_letters.discard_message", id=message_id))
    payload = message_payload(row)
    if len(json.dumps(payload)) > MAX_BODY:
        payload = {"body": row["body"][:MAX_BODY], "cut": True}
    data = _about(row) | {"reason": reason, "payload": payload}
    audit.record(tx, context, f"message/{message_id}", "message.discarded", data)
    return message_letter(row)


def _must_change(rows: int) -> None:
    if rows != 1:
        message = "Somebody else was faster with this dead letter."
        raise Conflict(message, hint="Look again: claude-agent deadletter list")


def _about(row: Row) -> Wire:
    return {"actor": row["actor"], "queue": row["queue"], "dead_reason": row["dead_reason"]}


def _body(row: Row, changes: Mapping[str, Any]) -> str:
    """Return the body of the next attempt; one that cannot be read goes as it is."""
    for name in changes:
        if name not in CHANGES:
            message = f"A message has no {name}."
            raise Invalid(message, hint=f"Change {', '.join(CHANGES)}.", pointer=f"/changes/{name}")
    try:
        body = json.loads(row["body"])
        options = {k: v for k, v in body["options"].items() if k not in _FORGOTTEN}
    except (ValueError, KeyError, TypeError, AttributeError):
        if changes:
            message = "This message's body cannot be read, so it cannot be changed."
            raise Invalid(message, hint="Re-drive it as it is, or discard it.") from None
        return str(row["body"])
    body |= {"options": options}
    body |= {name: changes[name] for name in ("args", "kwargs") if name in changes}
    if "queue" in changes:
        body["queue_name"] = changes["queue"]
    return json.dumps(body, separators=(",", ":"))

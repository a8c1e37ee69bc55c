"""Webhooks in: a signed delivery starts the workflows that wait at its address, once.

Whoever cannot sign learns nothing: an unknown address, a wrong signature, an old one and a secret
that is not set here are one and the same refusal.
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from claude_agent.core import audit
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.foundation import Foundation
from claude_agent.core.starts import Starts, Wanted
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.views import Wire
from claude_agent.domain.definition import Definition
from claude_agent.domain.events import Context
from claude_agent.domain.expression import ExpressionError, condition, render
from claude_agent.errors import Invalid, SetupError, Unauthorized
from claude_agent.storage.database import Duplicate, Row, Tx
from claude_agent.storage.secrets import SecretMissing
from claude_agent.storage.trigger_rows import KEPT_MS

_LOG = logging.getLogger(__name__)

SIGNATURES = ("x-claude-agent-signature-256", "x-hub-signature-256")
TIMESTAMP = "x-claude-agent-timestamp"
IDS = ("x-claude-agent-delivery", "x-github-delivery", "webhook-id", "idempotency-key")
"""Headers that name a delivery, so that a repeated one is known."""
HIDDEN = frozenset({*SIGNATURES, "authorization", "cookie"})
"""Headers that no workflow sees."""
OLDEST_S = 300
MAX_ID = 200
ACCEPTED = 202


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What somebody posted."""

    path: str
    raw: bytes
    """The body as it came: what is signed."""
    body: object
    """The body read as JSON."""
    headers: Mapping[str, str]
    """By their names in lower case."""


class Webhooks:
    """Arms webhooks, and takes deliveries."""

    def __init__(
        self, foundation: Foundation, desk: TaskDesk, executions: ExecutionDesk, starts: Starts
    ) -> None:
        self._database = foundation.database
        self._clock = foundation.clock
        self._ids = foundation.ids
        self._desk = desk
        self._executions = executions
        self._starts = starts
        self._secrets = starts.secrets

    def arm(self, tx: Tx, definition: Definition, digest: str, actor: str) -> None:
        """Let the newest version of a workflow say at which addresses it waits."""
        lines = [
            {"n": n, "path": one.path, "secret": one.secret, "definition": digest}
            for n, one in enumerate(definition.on.webhook)
        ]
        before = tx.rows("webhooks.of_workflow", workflow=definition.slug)
        if [dict(row) for row in before] == lines:
            return
        tx.execute("webhooks.drop", workflow=definition.slug)
        for line in lines:
            tx.execute("webhooks.put", workflow=definition.slug, **line)
        told = {
            "workflow": definition.slug,
            "definition": digest,
            "paths": [one.path for one in definition.on.webhook],
            "secrets": [one.secret for one in definition.on.webhook],
        }
        context = self._desk.context(actor)
        audit.record(tx, context, f"webhook/{self._ids.new()}", "webhook.armed", told)

    def receive(self, delivery: Delivery) -> tuple[int, Wire]:
        """Start what waits for a delivery; return (status, answer). The same one again gets both.

        Raises `Unauthorized`, and what refuses an execution: then nothing of it is started or
        kept, and it may be sent again.
        """
        rows = self._database.read(lambda r: r.rows("webhooks.at", path=delivery.path))
        signed = [row for row in rows if self._signed(delivery, row["secret"])]
        if not rows:
            self._signed(delivery, "")  # takes as long as for an address that there is
        if not signed:
            message = "This address does not exist, or the signature is wrong."
            hint = "Sign the body: X-Hub-Signature-256: sha256=HMAC-SHA256(secret, body)."
            raise Unauthorized(message, hint=hint)
        for _ in range(2):
            try:
                return self._database.write(lambda tx: self._take(tx, delivery, signed))
            except Duplicate:  # another process has just taken the same one: its answer is there
                continue
        return self._database.write(lambda tx: self._take(tx, delivery, signed))

    def _secret(self, name: str) -> str:
        """Return the value of a secret; empty: it cannot be used, and the log says why."""
        try:
            return self._secrets.value(name)
        except (SecretMissing, SetupError) as error:
            if name:
                _LOG.warning("a webhook is refused: %s", error.detail)
            return ""

    def _signed(self, delivery: Delivery, name: str) -> bool:
        secret = self._secret(name)
        given = next((delivery.headers[key] for key in SIGNATURES if key in delivery.headers), "")
        content, fresh = delivery.raw, True
        stamp = delivery.headers.get(TIMESTAMP)
        if stamp is not None:
            content = stamp.encode("utf-8", "replace") + b"." + content
            known = stamp.isascii() and stamp.isdigit() and len(stamp) < len(str(10**12))
            fresh = known and abs(self._clock.now() / 1000 - int(stamp)) <= OLDEST_S
        key = secret.encode("utf-8", "surrogateescape") or b"none"
        digest = hmac.new(key, content, hashlib.sha256).hexdigest()
        same = hmac.compare_digest(f"sha256={digest}".encode(), given.encode("utf-8", "replace"))
        return same and fresh and bool(secret)

    def _take(self, tx: Tx, delivery: Delivery, signed: list[Row]) -> tuple[int, Wire]:
        names = _names(delivery)
        for name in names:
            row = tx.row("webhooks.delivery", path=delivery.path, message=name)
            if row is not None:
                return int(row["status"]), json.loads(row["answer"])
        context = self._desk.context(f"webhook:{delivery.path}")
        started = [
            told
            for row in signed
            if (told := self._start(tx, delivery, row, names[0], context)) is not None
        ]
        answer = {"executions": started, "skipped": len(signed) - len(started)}
        for name in names:
            tx.execute(
                "webhooks.delivered",
                path=delivery.path,
                message=name,
                status=ACCEPTED,
                answer=json.dumps(answer),
                at=context.at,
            )
        tx.execute("webhooks.forget", before=context.at - KEPT_MS)
        told = {"path": delivery.path, "message_id": names[0], "names": names, **answer}
        audit.record(tx, context, f"webhook/{self._ids.new()}", "webhook.received", told)
        return ACCEPTED, answer

    def _start(
        self, tx: Tx, delivery: Delivery, row: Row, name: str, context: Context
    ) -> Wire | None:
        line = self._executions.definition(tx, row["definition"]).on.webhook[row["n"]]
        shown = {key: value for key, value in delivery.headers.items() if key not in HIDDEN}
        event = {"type": "webhook", "path": delivery.path, "id": name, "headers": shown}
        seen = {"event": event | {"body": delivery.body}, "now": context.at}
        try:
            if line.if_ is not None and not condition(line.if_, seen):
                return None
            params = render(dict(line.inputs), seen)
        except ExpressionError as error:
            message = f"The webhook of {row['workflow']} cannot read this delivery: {error}."
            raise Invalid(message) from None
        by = {"kind": "webhook", "path": delivery.path, "message_id": name, "n": row["n"]}
        wanted = Wanted(digest=row["definition"], params=params, started_by=by)
        run = self._starts.accept(tx, wanted, context)
        self._starts.begin(tx, run, context)
        return {"id": run.id, "ref": run.ref, "workflow": run.workflow}


def _names(delivery: Delivery) -> list[str]:
    """Return the names of a delivery: what its sender calls it, and its signature.

    The signature names it where the sender gives no name, or signs the time: then the same
    signature twice is a replay, whatever name it is given.
    """
    headers = delivery.headers
    given = next((headers[key][:MAX_ID] for key in IDS if headers.get(key)), None)
    if given is not None and TIMESTAMP not in headers:
        return [f"id:{given}"]
    signature = next(headers[key] for key in SIGNATURES if key in headers)
    return [*([] if given is None else [f"id:{given}"]), f"signature:{signature}"]

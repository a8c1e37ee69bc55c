"""What starts which workflow by itself: schedules, webhooks and events in one list."""

import json
from collections.abc import Iterator

from claude_agent.core.event_triggers import EVENT
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.foundation import Foundation
from claude_agent.core.schedule_desk import ScheduleDesk
from claude_agent.core.views import Wire
from claude_agent.storage.database import Reader, Row
from claude_agent.storage.secrets import SecretStore

SCHEDULE = "schedule"
WEBHOOK = "webhook"
_WAITING = "waiting"


class TriggerList:
    """Reads what `on:` of the newest versions says, and what became of it last."""

    def __init__(
        self,
        foundation: Foundation,
        executions: ExecutionDesk,
        schedules: ScheduleDesk,
        secrets: SecretStore,
    ) -> None:
        self._database = foundation.database
        self._executions = executions
        self._schedules = schedules
        self._secrets = secrets

    def all(self, workflow: str = "", kind: str = "") -> list[Wire]:
        """Return every trigger by workflow, or those of one workflow or kind; all as of now."""

        def work(reader: Reader) -> list[Wire]:
            found = [
                *self._timed(reader, workflow),
                *self._webhooks(reader, workflow),
                *self._events(reader, workflow),
            ]
            return [one for one in found if kind in ("", one["kind"])]

        return sorted(self._database.read(work), key=lambda one: str(one["workflow"]))

    def _timed(self, reader: Reader, workflow: str) -> Iterator[Wire]:
        for one in self._schedules.listed(reader, workflow):
            last = one["last"]
            yield {
                "workflow": one["workflow"],
                "kind": SCHEDULE,
                "name": one["id"],
                "on": f"{one['cron']} ({one['tz']})",
                "if": None,
                "state": one["state"],
                "reason": one["reason"],
                "next": one["next"][0] if one["next"] else None,
                "last": last and _of_tick(last),
                "definition": one["definition"],
            }

    def _webhooks(self, reader: Reader, workflow: str) -> Iterator[Wire]:
        for row in reader.rows("webhooks.all", workflow=workflow):
            line = self._executions.definition(reader, row["definition"]).on.webhook[row["n"]]
            problem = self._secrets.problem(row["secret"])
            yield {
                "workflow": row["workflow"],
                "kind": WEBHOOK,
                "name": row["path"],
                "on": f"POST /hooks/{row['path']}",
                "if": line.if_,
                "state": "secret_missing" if problem else "active",
                "reason": f"{problem} Deliveries are refused." if problem else None,
                "next": None,
                "last": _last_delivery(reader, row),
                "definition": row["definition"],
            }

    def _events(self, reader: Reader, workflow: str) -> Iterator[Wire]:
        for row in reader.rows("event_triggers.all", workflow=workflow):
            line = self._executions.definition(reader, row["definition"]).on.event[row["n"]]
            key = {"workflow": row["workflow"], "n": row["n"], "type": row["type"]}
            last = reader.row("event_triggers.last", **key)
            yield {
                "workflow": row["workflow"],
                "kind": EVENT,
                "name": row["type"],
                "on": f"event {row['type']}",
                "if": line.if_,
                "state": "active",
                "reason": None,
                "next": None,
                "last": None if last is None else _firing(last["at"], last["state"], last),
                "definition": row["definition"],
            }


def _of_tick(tick: Wire) -> Wire:
    return {
        "at": tick["tick"],
        "state": _WAITING if tick["state"] == "queued" else tick["state"],
        "reason": tick["message"] or tick["reason"],
        "execution_id": tick["execution_id"],
        "execution_ref": tick["execution_ref"],
        "execution_state": tick["execution_state"],
    }


def _last_delivery(reader: Reader, hook: Row) -> Wire | None:
    row = reader.row("webhooks.last_delivery", path=hook["path"])
    if row is None:
        return None
    ids = [one["id"] for one in json.loads(row["answer"])["executions"]]
    for started in reader.rows("webhooks.started", ids=ids) if ids else []:
        same = json.loads(started["started_by"]).get("n", hook["n"]) == hook["n"]
        if same and started["workflow"] == hook["workflow"]:
            return _firing(row["at"], "started", started)
    return _firing(row["at"], "skipped", None)


def _firing(at: int, state: str, row: Row | None) -> Wire:
    known = {} if row is None else dict(row)
    return {
        "at": at,
        "state": state,
        "reason": known.get("message") or None,
        "execution_id": known.get("execution_id") or None,
        "execution_ref": known.get("ref") or None,
        "execution_state": known.get("execution_state") or None,
    }

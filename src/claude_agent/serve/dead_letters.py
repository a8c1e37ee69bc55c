"""Dead letters, as the gateway asks for them: the core's rows, and what the run folders hold."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from typing_extensions import override

from claude_agent.agents.judge import plain_text
from claude_agent.agents.run_folder import RunFolder
from claude_agent.api.asked import Answered, IdempotencyKey, LetterFilter, Wire
from claude_agent.api.services_queues import DeadLetterServices
from claude_agent.core import redrives
from claude_agent.core.letters import KINDS, Criteria
from claude_agent.domain.task import Task
from claude_agent.errors import NotFound
from claude_agent.serve.base import Base, page_start
from claude_agent.storage.database import Reader, Tx

TAIL_BYTES = 16_384
DIFF_BYTES = 262_144


class DeadLetterDesk(Base, DeadLetterServices):
    """List, show, re-drive, discard."""

    @override
    def dead_letters(self, wanted: LetterFilter) -> Wire:
        def work(reader: Reader) -> Wire:
            items, following = self._page(reader, wanted)
            counts = self._parts.letters.counts(reader, wanted.criteria)
            return {"items": items, "next": following, "counts": counts}

        return self._database.read(work)

    def _page(self, reader: Reader, wanted: LetterFilter) -> tuple[list[Wire], str | None]:
        start = page_start(wanted.page)
        limit = wanted.page.limit
        before = {name: start[name] for name in ("before_at", "before_id")}
        found = self._parts.letters.page(reader, wanted.criteria, limit + 1, before)
        if len(found) <= limit:
            return found, None
        last = found[limit - 1]
        return found[:limit], f"{last['died_at']}.{last['id']}"

    @override
    def export_dead_letters(self, wanted: LetterFilter) -> Wire:
        def work(reader: Reader) -> tuple[list[tuple[Wire, Task | None]], str | None]:
            items, following = self._page(reader, wanted)
            show = self._parts.letters.show
            return [show(reader, one["kind"], one["id"]) for one in items], following

        found, following = self._database.read(work)
        return {"items": [self._with_evidence(*one) for one in found], "next": following}

    @override
    def dead_letter(self, kind: str, ref: str) -> Wire:
        _known(kind)
        found = self._database.read(lambda r: self._parts.letters.show(r, kind, ref))
        return self._with_evidence(*found)

    def _with_evidence(self, letter: Wire, task: Task | None) -> Wire:
        if task is None or not task.run:
            tail = plain_text(letter["tail"].encode("utf-8", "replace"))[-TAIL_BYTES:]
            return letter | {"tail": tail, "diff": None, "environment": []}
        folder = self._parts.planner.places.folder(task.id, task.run)
        return letter | {
            "tail": plain_text(RunFolder(folder).tail(TAIL_BYTES)),
            "diff": _text(folder / "diff.patch", DIFF_BYTES),
            "environment": _names(folder / "spec.json"),
        }

    @override
    def redrive_dead_letter(
        self,
        letter: tuple[str, str],
        *,
        changes: Mapping[str, Any],
        reason: str,
        actor: str,
        key: IdempotencyKey | None,
    ) -> Answered:
        _known(letter[0])

        def work(tx: Tx) -> Callable[[Reader], Wire]:
            context = self._parts.desk.context(actor)
            done = self._parts.letters.redrive(tx, letter, context, changes=changes, reason=reason)
            return lambda _: done

        return self._once(key, work, status=200)

    @override
    def discard_dead_letter(
        self, letter: tuple[str, str], *, reason: str, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        _known(letter[0])

        def work(tx: Tx) -> Callable[[Reader], Wire]:
            context = self._parts.desk.context(actor)
            done = self._parts.letters.discard(tx, letter, context, reason=reason)
            return lambda _: done

        return self._once(key, work, status=200)

    @override
    def redrive_dead_letters(
        self, wanted: Criteria, rate: str | None, *, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        per_minute = redrives.per_minute_of(rate)

        def work(tx: Tx) -> Callable[[Reader], Wire]:
            context = self._parts.desk.context(actor)
            new = self._parts.redrives.begin(tx, wanted, per_minute, context)
            return lambda reader: redrives.redrive_view(redrives.find(reader, new))

        return self._once(key, work)

    @override
    def redrives(self) -> Wire:
        return {"items": self._database.read(redrives.newest)}

    @override
    def redrive(self, redrive_id: str) -> Wire:
        return self._database.read(lambda r: redrives.redrive_view(redrives.find(r, redrive_id)))

    @override
    def stop_redrive(self, redrive_id: str, *, actor: str) -> Wire:
        context = self._parts.desk.context(actor)
        self._database.write(lambda tx: self._parts.redrives.stop(tx, redrive_id, context))
        return self.redrive(redrive_id)


def _known(kind: str) -> None:
    if kind not in KINDS:
        message = f"There is no kind of dead letter named {kind[:40]}."
        raise NotFound(message, hint="There are task and message.")


def _text(path: Path, most: int) -> str | None:
    try:
        with path.open("rb") as file:
            return plain_text(file.read(most))
    except OSError:
        return None


def _names(path: Path) -> list[str]:
    """Return the names of a run's environment; its values may be secrets."""
    try:
        return sorted(json.loads(path.read_text(encoding="utf-8"))["env"])
    except (OSError, ValueError, KeyError, TypeError):
        return []

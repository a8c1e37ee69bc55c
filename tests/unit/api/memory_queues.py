"""The port's part for queues and dead letters, in memory."""

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from claude_agent.api.asked import Answered, IdempotencyKey, LetterFilter, Wire
from claude_agent.api.services_queues import DeadLetterServices, QueueServices
from claude_agent.core.letters import Criteria
from claude_agent.errors import NotFound
from tests import wire_samples as samples

_SHOWN = {"word": "open", "icon": "circle", "family": "idle"}


def queue_of(name: str) -> Wire:
    counts = {"ready": 0, "scheduled": 0, "running": 0, "limit": 3, "oldest_ready_at": None}
    return {"name": name, **counts, "paused": False, "shown": _SHOWN}


class MemoryQueues(QueueServices, DeadLetterServices):
    """One queue, `testing`."""

    state: Wire = queue_of("testing")

    def _detail(self, name: str, **change: Any) -> Wire:
        if name != "testing":
            msg = f"There is no queue {name}."
            raise NotFound(msg)
        more = {"states": {"ready": 1}, "configured_limit": 3, "limit_by_person": False}
        self.state = self.state | change
        return self.state | more | {"ended_per_minute": 0.0, "history": []}

    @override
    def queues(self) -> Wire:
        return {"items": [self.state], "messages": []}

    @override
    def queue(self, name: str) -> Wire:
        return self._detail(name)

    @override
    def pause_queue(self, name: str, *, reason: str, actor: str) -> Wire:
        return self._detail(name, paused=True)

    @override
    def resume_queue(self, name: str, *, actor: str) -> Wire:
        return self._detail(name, paused=False)

    @override
    def limit_queue(self, name: str, limit: int | None, *, actor: str) -> Wire:
        return self._detail(name, limit=limit or 3)

    @override
    def purge_queue(self, name: str, *, reason: str, actor: str) -> Wire:
        self._detail(name)
        return {"name": name, "cancelled": 1}

    # --- dead letters: a task T9 and a message m1 ------------------------------------------

    @override
    def dead_letters(self, wanted: LetterFilter) -> Wire:
        evidence = {"payload", "errors", "tail", "diff", "environment", "events", "history"}
        whole = samples.letter("T9")
        item = {name: value for name, value in whole.items() if name not in evidence}
        self.asked = wanted
        return {"items": [item], "next": None, "counts": {"task": 1}}

    @override
    def export_dead_letters(self, wanted: LetterFilter) -> Wire:
        return {"items": [samples.letter("T9")], "next": None}

    @override
    def dead_letter(self, kind: str, ref: str) -> Wire:
        if (kind, ref) not in {("task", "T9"), ("message", "m1")}:
            msg = f"There is no dead {kind} {ref}."
            raise NotFound(msg)
        return samples.letter(ref, kind)

    def _handled(self, letter: tuple[str, str], state: str) -> Answered:
        found = self.dead_letter(*letter)
        names = ("kind", "id", "ref", "title", "queue", "generation", "url")
        return 200, {name: found[name] for name in names} | {"state": state}

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
        self.changes = dict(changes)
        return self._handled(letter, "ready")

    @override
    def discard_dead_letter(
        self, letter: tuple[str, str], *, reason: str, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        return self._handled(letter, "discarded")

    @override
    def redrive_dead_letters(
        self, wanted: Criteria, rate: str | None, *, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        return 201, samples.redrive("r1", wanted.to_data(), rate)

    @override
    def redrives(self) -> Wire:
        return {"items": [samples.redrive("r1", {}, None)]}

    @override
    def redrive(self, redrive_id: str) -> Wire:
        return samples.redrive(redrive_id, {}, None)

    @override
    def stop_redrive(self, redrive_id: str, *, actor: str) -> Wire:
        return samples.redrive(redrive_id, {}, None) | {"state": "ended", "ended_at": 1}

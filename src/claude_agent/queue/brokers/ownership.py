"""This process as an owner of leases, and its duty towards owners that are gone."""

import logging
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from claude_agent.clock import Clock
from claude_agent.queue.brokers.owner import InHand, LostOwner, OwnerFile, host_id, seize
from claude_agent.queue.message_store import MessageStore, Owner

_log = logging.getLogger(__name__)

BEAT_S = 5.0
LOOKS = 4
STILL_S = 15.0
GAP_S = 5.0


@dataclass(slots=True)
class _Watch:
    """What we saw of one owner on another host."""

    beat: int
    since: float
    last: float
    looks: int = field(default=1)

    def lost(self, beat: int, now: float) -> bool:
        """Look once more; True when the beat stood still in four looks over 15 s of our time."""
        if beat != self.beat or now - self.last > GAP_S:
            # After a pause of our own the count begins again: we may have slept, not they.
            self.beat, self.since, self.looks = beat, now, 0
        self.last = now
        self.looks += 1
        return self.looks >= LOOKS and now - self.since >= STILL_S


class Ownership:
    """Not thread-safe. `hosts`: other hosts may use the database too, so beat for them."""

    def __init__(
        self,
        store: MessageStore,
        folder: Path,
        clock: Clock,
        *,
        in_hand: InHand,
        limit: int,
        hosts: bool = False,
    ) -> None:
        self._store = store
        self._folder = folder
        self._clock = clock
        self._in_hand = in_hand
        self._limit = limit
        self._hosts = hosts
        self._beat_at = 0.0
        self._watched: dict[str, _Watch] = {}
        self._file: OwnerFile | None = None

    @property
    def id(self) -> str | None:
        """Our id as an owner; None before `begin` and after `end`."""
        return self._file.owner.id if self._file else None

    def begin(self) -> None:
        """Lock a new file, then register."""
        file = OwnerFile(self._folder, secrets.token_hex(8))
        self._store.add_owner(file.owner)
        self._file = file
        self._in_hand.file = file

    def end(self) -> None:
        """Give every lease back, forget ourselves, let go of the file."""
        if self._file is not None:
            self._store.recover(self._file.owner, [], limit=self._limit)
            self._let_go()

    def recover_lost(self) -> None:
        """Take back the leases of every owner whose process is gone."""
        self._beat()
        owners = self._store.beats()
        if self._file is not None and self._file.owner not in owners:
            # Our file was removed and we were taken for gone: our leases are given already.
            _log.warning("This process was taken for gone; it goes on as a new owner.")
            self._let_go()
            self.begin()
        for owner, beat in owners.items():
            if owner.id != self.id and (lost := self._lost(owner, beat)) is not None:
                self._take_back(lost)
        known = {owner.id for owner in owners}
        self._watched = {one: seen for one, seen in self._watched.items() if one in known}

    def _beat(self) -> None:
        now = self._clock.monotonic()
        if self._hosts and self._file is not None and now >= self._beat_at:
            self._beat_at = now + BEAT_S
            self._store.beat(self._file.owner)

    def _lost(self, owner: Owner, beat: int) -> LostOwner | None:
        if owner.host in ("", host_id()):
            return seize(owner)
        # Its lock file is on another host and says nothing here.
        now = self._clock.monotonic()
        watch = self._watched.setdefault(owner.id, _Watch(beat=beat, since=now, last=now, looks=0))
        return LostOwner(owner, None) if watch.lost(beat, now) else None

    def _take_back(self, lost: LostOwner) -> None:
        recovered = False
        try:
            count = self._store.recover(lost.owner, lost.in_hand(), limit=self._limit)
            recovered = True
        finally:
            lost.close(recovered=recovered)
        _log.warning("Took back %d messages of process %d, which ended.", count, lost.owner.pid)

    def _let_go(self) -> None:
        if self._file is not None:
            self._in_hand.file = None
            self._file.close()
            self._file = None

"""Bytes of a real database are flipped: everything works as before, or the damage is told."""

import logging
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from claude_agent.core import redrives
from claude_agent.core.letters import Criteria
from claude_agent.core.queue_desk import QueueDesk
from claude_agent.errors import ClaudeAgentError
from claude_agent.storage import log
from claude_agent.storage.database import Corrupt, Reader
from claude_agent.storage.databases.sqlite import open_sqlite
from tests.integration.every_event import play
from tests.unit.core.stand import EVERY_TASK, Stand

_LOG = logging.getLogger(__name__)
FLIPS = 60 * int(os.environ.get("PROVE_SCALE", "1"))
LOOK = 40
FIRST = {"before_at": 2**62, "before_id": "", "limit": 500}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a closed home in which everything has happened."""
    stand = Stand(tmp_path_factory.mktemp("whole"))
    play(stand)
    stand.close()
    return stand.path.read_bytes()


def damage(content: bytes, seed: int) -> tuple[bytes, str]:
    """Flip a bit, write noise over some bytes, or lose the end of the file."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    changed = bytearray(content)
    at = chance.randrange(len(changed))
    match seed % 10:
        case 0:
            return bytes(changed[:at]), f"cut at {at}"
        case 1 | 2 | 3:
            size = min(chance.choice([8, 200, 5_000]), len(changed) - at)
            changed[at : at + size] = chance.randbytes(size)
            return bytes(changed), f"{size} bytes of noise at {at}"
        case 4 | 5:  # text that stays text: a quote, a brace, half a character
            at = content.index(b'{"', at) if b'{"' in content[at:] else at
            at += chance.randrange(LOOK)
            changed[at] = chance.choice(b'"}\xc3\xff\0 x9')
            return bytes(changed), f"another letter at {at}"
    changed[at] ^= 1 << chance.randrange(8)
    return bytes(changed), f"a bit at {at}"


def use(stand: Stand) -> list[Callable[[], object]]:
    """Return what a server does with its database, each apart."""
    queues = QueueDesk(stand.database, stand.desk, stand.catalogue, stand.notifier)
    read = stand.database.read

    def tasks(reader: Reader) -> None:
        rows = reader.rows("tasks.list", state="", **EVERY_TASK, **FIRST)
        for row in rows:
            stand.desk.find(reader, row["id"])

    def executions(reader: Reader) -> None:
        for row in reader.rows("executions.list", state="", workflow="", **FIRST):
            stand.executions.load(reader, row["id"])

    def letters(reader: Reader) -> None:
        for letter in stand.letters.page(reader, Criteria(), limit=50):
            stand.letters.show(reader, letter["kind"], letter["id"])

    return [
        stand.database.check,
        lambda: read(log.verify),
        lambda: read(lambda r: list(log.everything(r))),
        lambda: read(tasks),
        lambda: read(executions),
        lambda: read(letters),
        lambda: read(redrives.newest),
        queues.all,
        lambda: queues.show("testing"),
        lambda: stand.submit("master"),
        stand.claims.claim,
        stand.scheduler.tick,
        stand.control.active,
        lambda: queues.purge("deployment", reason="", actor="me"),
    ]


def outcome(call: Callable[[], object]) -> str:
    """Return `works` or the code of our error; anything else is raised: a traceback."""
    try:
        call()
    except ClaudeAgentError as error:
        told = "damaged" in error.detail and "backups" in error.hint
        return error.code if told or error.code != Corrupt.code else "corrupt, without a remedy"
    return "works"


def test_each_damage_is_told_or_harmless(whole: bytes, tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    stand = Stand(tmp_path)
    stand.close()
    for seed in range(FLIPS):
        content, what = damage(whole, seed)
        for beside in tmp_path.glob("stand.db*"):
            beside.unlink()
        stand.path.write_bytes(content)
        _LOG.warning("seed %d: %s", seed, what)  # the last one is that of a failure
        first = outcome(lambda: open_sqlite(str(stand.path)).close())
        seen[first] += 1
        if first == "works" and outcome(stand.open) == "works":
            for call in use(stand):
                seen[outcome(call)] += 1
            stand.close()
    assert seen["corrupt"] > 0, seen
    assert seen["works"] > seen["corrupt"] // 4, seen
    # A number that another one stands for looks as if somebody else had been faster.
    assert set(seen) <= {"works", "corrupt", "fenced_out", "duplicate", "not_found", "conflict"}


def test_the_newest_copy_is_named(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "claude-agent.db"
    path.write_bytes(b"no database at all" * 500)
    (tmp_path / "backups").mkdir()
    copy = tmp_path / "backups" / "before-release-4.db"
    copy.write_bytes(whole)
    with pytest.raises(Corrupt) as caught:
        open_sqlite(str(path))
    assert str(copy) in caught.value.hint
    shutil.copy(copy, path)
    open_sqlite(str(path)).close()

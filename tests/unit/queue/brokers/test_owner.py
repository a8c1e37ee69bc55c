import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.clock import SystemClock
from claude_agent.queue.brokers.owner import SLOTS, InHand, OwnerFile, seize
from claude_agent.queue.brokers.ownership import Ownership
from claude_agent.queue.message_intake import NewMessage
from claude_agent.queue.message_store import MessageStore, Owner, Wish
from claude_agent.storage.databases.sqlite import open_sqlite

HOLDER = """
import os, signal, sys
from pathlib import Path
from claude_agent.queue.brokers.owner import OwnerFile
file = OwnerFile(Path(sys.argv[1]), "them")
file.take("in-hand")
print("ready", flush=True)
signal.pause()
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MessageStore]:
    database = open_sqlite(str(tmp_path / "m.db"))
    yield MessageStore(database, SystemClock())
    database.close()


def ownership(store: MessageStore, folder: Path) -> Ownership:
    return Ownership(store, folder, SystemClock(), in_hand=InHand(), limit=5)


def test_owner_cannot_be_seized_while_its_process_lives(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    ours = OwnerFile(tmp_path, "us")
    them = Owner(id="them", lock_file=str(tmp_path / "them.owner"), pid=process.pid)
    try:
        assert seize(them) is None
    finally:
        process.kill()
        process.wait()
        process.stdout.close()

    lost = seize(them)
    assert lost is not None
    assert lost.in_hand() == ["in-hand"], "what it worked on outlives kill -9"
    assert seize(them) is None, "two processes would recover it"
    lost.close(recovered=True)
    assert not (tmp_path / "them.owner").exists()
    ours.close()


def test_owner_file_forgets_what_was_put_down_and_keeps_threads_apart(tmp_path: Path) -> None:
    file = OwnerFile(tmp_path, "us")
    file.take("mine")
    other = threading.Thread(target=lambda: file.take("theirs"))
    other.start()
    other.join()
    file.take("mine-again")
    data = (tmp_path / "us.owner").read_bytes()

    assert [note for note in data.split(b"\0") if note] == [b"mine-again", b"theirs"]
    file.put_down()
    data = (tmp_path / "us.owner").read_bytes()
    assert [note for note in data.split(b"\0") if note] == [b"theirs"]
    file.close()
    file.take("after the end")  # a handler that still runs when the broker is closed


def test_owner_file_notes_nothing_that_does_not_fit(tmp_path: Path) -> None:
    file = OwnerFile(tmp_path, "us")
    file.take("x" * 1_000)
    for ident in range(SLOTS):
        file._slots[-ident] = ident + 1
    stranger = threading.Thread(target=lambda: file.take("one thread too many"))
    stranger.start()
    stranger.join()

    assert (tmp_path / "us.owner").read_bytes().strip(b"\0") == b""
    file.close()


def test_ownership_locks_before_it_registers(
    store: MessageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    add = store.add_owner

    def watched(owner: Owner) -> None:
        seen.append(seize(owner))
        add(owner)

    monkeypatch.setattr(store, "add_owner", watched)
    ours = ownership(store, tmp_path)
    ours.begin()

    assert seen == [None], "the row was there while the lock was free"
    assert [owner.id for owner in store.owners()] == [ours.id]
    ours.end()
    assert store.owners() == []
    assert ours.id is None


def test_ownership_takes_back_what_a_gone_owner_held(store: MessageStore, tmp_path: Path) -> None:
    store.put([NewMessage(id="a", queue="q", actor="x", body="")])
    gone = ownership(store, tmp_path)
    gone.begin()
    assert gone.id is not None
    store.turn(gone.id, [], [Wish(queue="q", count=1)])
    gone._let_go()  # its process has ended without a word

    ours = ownership(store, tmp_path)
    ours.begin()
    ours.recover_lost()

    assert store.counts("q").ready == 1
    assert [owner.id for owner in store.owners()] == [ours.id]
    ours.end()


def test_ownership_begins_anew_when_it_was_taken_for_gone(
    store: MessageStore, tmp_path: Path
) -> None:
    ours, other = ownership(store, tmp_path), ownership(store, tmp_path)
    ours.begin()
    other.begin()
    before = ours.id
    (tmp_path / f"{before}.owner").unlink()  # somebody cleaned the folder
    other.recover_lost()
    ours.recover_lost()

    assert ours.id not in {before, None}
    assert {owner.id for owner in store.owners()} == {ours.id, other.id}
    ours.end()
    other.end()

"""Who holds leases, and the proof that it is gone.

An owner locks a file *before* its row is inserted and holds the lock until its process ends, by
whatever means: so a row whose lock is free belongs to nobody alive. The file also says which
messages the owner's threads are working on. It is mapped memory: writing costs no system call,
and what was written survives `kill -9` of the writer.
"""

import contextlib
import fcntl
import mmap
import os
import socket
import threading
from pathlib import Path
from typing import Any

import dramatiq
from typing_extensions import override

from claude_agent.queue.message_store import Owner

SLOT_BYTES = 128
SLOTS = 256
_FREE = b"\0" * SLOT_BYTES


def host_id() -> str:
    """Return the name under which this host's file locks count."""
    return os.environ.get("CLAUDE_AGENT_HOST_ID") or socket.gethostname()


def boot_id() -> str:
    """Return what changes when this machine starts again."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


class OwnerFile:
    """The locked file of this process. Close it to end the ownership."""

    def __init__(self, folder: Path, owner_id: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{owner_id}.owner"
        self._path = path
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.truncate(self._handle, SLOT_BYTES * SLOTS)
        self._memory = mmap.mmap(self._handle, SLOT_BYTES * SLOTS)
        self._lock = threading.Lock()
        self._slots: dict[int, int] = {}
        self.owner = Owner(
            id=owner_id, lock_file=str(path), pid=os.getpid(), host=host_id(), boot_id=boot_id()
        )

    def take(self, message_id: str) -> None:
        """Note that the calling thread begins to work on this message."""
        note = message_id.encode()
        if len(note) < SLOT_BYTES:
            self._write(note.ljust(SLOT_BYTES, b"\0"))

    def put_down(self) -> None:
        """Note that the calling thread works on nothing."""
        self._write(_FREE)

    def _write(self, note: bytes) -> None:
        ident = threading.get_ident()
        number = self._slots.get(ident)
        if number is None:
            with self._lock:
                number = self._slots.setdefault(ident, len(self._slots))
        # Beyond the table a crash blames nobody: a missed count, never a wrong one.
        if number < SLOTS:
            # ValueError: closed while a worker thread still runs; nobody will read it any more.
            try:
                self._memory[number * SLOT_BYTES : (number + 1) * SLOT_BYTES] = note
            except ValueError:
                return

    def close(self) -> None:
        """Let go of the lock and remove the file."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        self._memory.close()
        os.close(self._handle)


class LostOwner:
    """An owner whose lock was free: nobody else can recover it while this is open."""

    def __init__(self, owner: Owner, handle: int | None) -> None:
        self.owner = owner
        self._handle = handle

    def in_hand(self) -> list[str]:
        """Return the messages it was working on when it ended."""
        if self._handle is None:
            return []
        data = os.pread(self._handle, SLOT_BYTES * SLOTS, 0)
        notes = (data[at : at + SLOT_BYTES].strip(b"\0") for at in range(0, len(data), SLOT_BYTES))
        return [note.decode(errors="replace") for note in notes if note]

    def close(self, *, recovered: bool) -> None:
        """Let go; remove the file when its leases have been taken back."""
        if recovered:
            with contextlib.suppress(FileNotFoundError):
                Path(self.owner.lock_file).unlink()
        if self._handle is not None:
            os.close(self._handle)


def seize(owner: Owner) -> LostOwner | None:
    """Return the owner locked for recovery if its process is gone, else None."""
    try:
        handle = os.open(owner.lock_file, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        # The file is there before the row is: without it the owner has ended.
        return LostOwner(owner, None)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return LostOwner(owner, handle)


class InHand(dramatiq.Middleware):
    """Keeps the owner's file up to date around each message."""

    def __init__(self) -> None:
        self.file: OwnerFile | None = None

    @override
    def before_process_message(
        self, broker: dramatiq.Broker, message: dramatiq.MessageProxy
    ) -> None:
        if self.file is not None:
            self.file.take(message.message_id)

    @override
    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: dramatiq.MessageProxy,
        *,
        result: Any | None = None,
        exception: BaseException | None = None,
    ) -> None:
        if self.file is not None:
            self.file.put_down()

    @override
    def after_skip_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        if self.file is not None:
            self.file.put_down()

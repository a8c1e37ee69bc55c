"""The verdict that cannot be lost: `exit.json`, for which room is kept from the start."""

import posix

from claude_agent.shim import codec, machine

RESERVE_BYTES = 64 << 10


def reserve_room() -> None:
    """Take the room for the verdict while there is some. Raises OSError when there is none."""
    fd = posix.open("reserve", posix.O_WRONLY | posix.O_CREAT | posix.O_CLOEXEC, 0o600)
    try:
        posix.posix_fallocate(fd, 0, RESERVE_BYTES)
    finally:
        posix.close(fd)


def write_verdict(record: "dict[str, object]") -> bool:
    """Write `exit.json` whole and on disk; False when the disk does not take it (try again)."""
    try:
        machine.attempt(posix.unlink, "reserve")
        machine.write_whole(".exit.json", codec.dumps(record).encode("ascii"))
        posix.rename(".exit.json", "exit.json")
        machine.sync_folder()
    except OSError:
        return False
    return True

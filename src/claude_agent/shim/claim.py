"""Begun or sealed, never both: the first act in a run folder.

Shim and resolver link(2) a complete file to the one name `claim`; the kernel lets one of them win.
"""

import posix

from claude_agent.shim import codec, machine


def claim_run() -> "dict[str, object] | None":
    """Claim the current folder for this process; return what was written, None for the loser.

    The loser leaves no trace. What the winner wrote is on disk when this returns.
    """
    try:
        posix.stat("claim")
    except FileNotFoundError:
        pass
    else:
        return None
    me = posix.getpid()
    begun: dict[str, object] = {
        "kind": "begun",
        "pid": me,
        "start_time": machine.start_time(me),
        "boot_id": machine.boot_id(),
        "at": machine.now(),
    }
    draft = f".claim-{me}"
    try:
        machine.write_whole(draft, codec.dumps(begun).encode("ascii"))
        posix.link(draft, "claim")
        posix.link(draft, "begun")
    except FileExistsError:
        return None
    finally:
        machine.attempt(posix.unlink, draft)
    machine.sync_folder()
    return begun

"""Start of the shim: `python -I -S shim.pyz FOLDER [DIGEST]`. Ends with 0 also when the run failed.

DIGEST is that of the approved specification; without it the folder's own is taken.
`python -I -S shim.pyz hook FOLDER [deny]` asks the shim of a run for a tool call (see `hook`).

Exit codes: 0 the verdict is on disk, or the run was not ours to begin; 64 wrong usage;
74 the folder cannot be used.
"""

import posix
import sys

from claude_agent.shim import spec
from claude_agent.shim.claim import claim_run
from claude_agent.shim.loop import Loop
from claude_agent.shim.rescue import rescue
from claude_agent.shim.run import Run

WORDS = (2, 3)
STDERR = 2


def main(words: list[str]) -> int:
    """Begin the run in the folder that is named, unless it was begun or sealed already."""
    if words[1:2] == ["hook"] and len(words) >= WORDS[-1]:
        from claude_agent.shim import hook  # noqa: PLC0415 - another program in the same file

        return hook.main(words[2:])
    if len(words) not in WORDS:
        return _complain("usage: shim.pyz FOLDER [DIGEST]", 64)
    _hold_standard_files()
    loop = Loop()
    loop.take_signals()
    try:
        posix.chdir(words[1])
        begun = claim_run()
    except OSError as error:
        return _complain(f"the run folder {words[1]} cannot be used: {error.strerror}", 74)
    if begun is None:
        return 0
    what, problem = spec.unreadable_spec(), None
    try:
        what = spec.read_spec()
    except spec.SpecError as error:
        problem = str(error)
    try:
        approved = words[2] if len(words) == WORDS[-1] else None
        Run(what, begun, loop, folder=words[1], approved=approved).go(problem)
    except Exception as error:  # noqa: BLE001 - whatever breaks here, a verdict must be written
        rescue(what, begun, error)
    return 0


def _complain(text: str, code: int) -> int:
    posix.write(STDERR, text.encode("utf-8", "replace") + b"\n")
    return code


def _hold_standard_files() -> None:
    """Open 0, 1 and 2 where they are closed, so that no other file takes their number."""
    while (fd := posix.open("/dev/null", posix.O_RDWR)) <= STDERR:
        posix.set_inheritable(fd, True)  # noqa: FBT003 - takes no keyword
    posix.close(fd)


if __name__ == "__main__":
    # Not sys.exit: nothing is left to tidy up, and the interpreter takes its time over it.
    posix._exit(main(sys.argv))  # noqa: SLF001 - the name is public in `os`

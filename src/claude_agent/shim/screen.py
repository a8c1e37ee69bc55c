"""The pane as the command's own screen (transport `tui`): a person reads and types there.

The command becomes the foreground group of the pane, as under a shell: keys, a changed size and a
lost pane reach it, and not the shim. Afterwards the pane is made an ordinary one again.
"""

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TERMINAL = 0
STREAMS = (0, 1, 2)
# Out of the other screen; cursor, wrapping and colours as they were; no mouse, no marked pastes.
_RESET = (
    b"\x1b[?1049l\x1b[?25h\x1b[?7h\x1b[0m\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l"
    b"\x1b[?1006l\x1b[?2004l\x1b[>4m\x1b[<u\r\n"
)


class Screen:
    """The pane of this shim, lent to its command. Raises OSError where there is none."""

    def __init__(self) -> None:
        from termios import error, tcgetattr  # noqa: PLC0415 - of runs with a screen alone

        try:
            self._modes: list[Any] = tcgetattr(TERMINAL)
        except error as problem:
            message = "not a terminal"
            raise OSError(message) from problem
        posix.tcgetpgrp(TERMINAL)  # a terminal that is not ours cannot be lent

    @staticmethod
    def dress(env: dict[str, str]) -> None:
        """Name the pane's kind of terminal, not the one that the server was started in."""
        kind = posix.environ.get(b"TERM", b"screen-256color")
        env["TERM"] = kind.decode("ascii", "replace")

    def take_back(self) -> None:
        """Make the pane an ordinary one; a lost pane is no error."""
        from termios import TCSANOW, error, tcsetattr  # noqa: PLC0415 - as above

        try:
            posix.tcsetpgrp(TERMINAL, posix.getpgrp())  # allowed: SIGTTOU is ignored
            tcsetattr(TERMINAL, TCSANOW, self._modes)
            posix.write(1, _RESET)
        except (OSError, error):
            return


def come_forward() -> None:
    """Between fork and exec: become the pane's foreground group. Raises OSError."""
    posix.setpgid(0, 0)
    posix.tcsetpgrp(TERMINAL, posix.getpid())  # signals are blocked here, SIGTTOU too

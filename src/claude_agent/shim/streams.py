"""The pipes from the command to its log, its protocol and its pane."""

import posix

from claude_agent.shim.journal import Journal
from claude_agent.shim.lines import ProtocolTap
from claude_agent.shim.loop import READ, Loop
from claude_agent.shim.mask import Mask
from claude_agent.shim.output import OutputLog
from claude_agent.shim.pane import Pane
from claude_agent.shim.spec import Spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from claude_agent.shim.talking import TalkTap

CHUNK_BYTES = 1 << 16
LAST_CHUNKS = 64
"""More than a pipe can hold; a process that is none of ours may hold it and write for ever."""


class Streams:
    """Reads what the running command prints and passes it on."""

    def __init__(self, loop: Loop, spec: Spec, journal: Journal, pane: Pane) -> None:
        self._loop = loop
        self._spec = spec
        self._journal = journal
        self._pane = pane
        self._taps: dict[int, ProtocolTap | TalkTap | None] = {}
        self._masks: dict[int, Mask] = {}
        self.hidden: list[bytes] = []
        self.log = OutputLog(spec.output_bytes, journal.drop)

    def open(self, talk: "TalkTap | None" = None) -> tuple[int, int]:
        """Make the pipes of one command; return the ends for its stdout and stderr."""
        if talk is not None:
            return self._pipe(talk), self._pipe(None)
        if not self._spec.jsonl:
            both = self._pipe(None)
            return both, both
        return self._pipe(self.tap()), self._pipe(None)

    def tap(self) -> ProtocolTap:
        """Return what writes protocol lines of the command within its limits."""
        return ProtocolTap(
            self._journal,
            line_bytes=self._spec.line_bytes,
            event_bytes=self._spec.event_bytes,
            plain=self._spec.plain,
        )

    def show(self, data: bytes) -> None:
        """Show and keep what was made for people."""
        self.log.write(data)
        self._pane.show(data)

    def listen_on(self) -> None:
        """Listen again to a command that has read what it was told."""
        for fd, tap in self._taps.items():
            if tap is not None:
                self._watch(fd)

    def close(self) -> None:
        """The command has ended: take what it left in the pipes."""
        for fd, tap in list(self._taps.items()):
            for _chunk in range(LAST_CHUNKS):
                if not self._read(fd):
                    break
            self._pass_on(fd, self._masks.pop(fd).finish())
            if tap is not None:
                tap.end()
            self._loop.forget(fd)
            posix.close(fd)
        self._taps.clear()
        self._journal.flush()

    def _pipe(self, tap: "ProtocolTap | TalkTap | None") -> int:
        ours, theirs = posix.pipe2(posix.O_CLOEXEC)
        posix.set_blocking(ours, False)
        self._taps[ours] = tap
        # A conversation is masked line by line: what is held back here would hold it up.
        self._masks[ours] = Mask([] if tap is not None and tap.renders else self.hidden)
        self._watch(ours)
        return theirs

    def _watch(self, fd: int) -> None:
        self._loop.watch(fd, READ, lambda: self._read(fd))

    def _read(self, fd: int) -> bool:
        """Pass on one chunk; False when there is none now."""
        try:
            data = posix.read(fd, CHUNK_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self._loop.forget(fd)
            return False
        self._pass_on(fd, self._masks[fd].feed(data))
        tap = self._taps[fd]
        if tap is not None and tap.full:
            self._loop.forget(fd)
        return True

    def _pass_on(self, fd: int, data: bytes) -> None:
        if not data:
            return
        tap = self._taps[fd]
        if tap is None or not tap.renders:
            self.log.write(data)
        if tap is not None:
            tap.feed(data)
        if tap is None or not tap.renders:
            self._pane.show(data)

"""From the bytes of a command's standard output to the lines of its protocol."""

from claude_agent.shim import codec
from claude_agent.shim.journal import Journal

TAIL_BYTES = 128 << 10


class LineSplitter:
    """Cuts a stream at newlines; a line over the limit is passed over without being kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._line = bytearray()
        self._passed_over = 0

    @property
    def open(self) -> bool:
        """Say whether a line has begun that is not whole."""
        return bool(self._line) or self._passed_over > 0

    def feed(self, data: bytes) -> "tuple[list[bytes], int]":
        """Take more bytes; return the lines that are whole now and how many bytes were too long."""
        *ends, start = data.split(b"\n")
        lines = []
        too_long = 0
        for end in ends:
            self._take(end)
            if self._passed_over:
                too_long += self._passed_over
            else:
                lines.append(bytes(self._line))
            self._line.clear()
            self._passed_over = 0
        self._take(start)
        return lines, too_long

    def _take(self, part: bytes) -> None:
        if self._passed_over:
            self._passed_over += len(part)
        elif len(self._line) + len(part) > self._limit:
            self._passed_over = len(self._line) + len(part)
            self._line.clear()
        else:
            self._line += part


class ProtocolTap:
    """Turns the JSON objects among a command's lines into events, within a limit of bytes.

    `plain`: every other line as well, as `{"said": the line}`.
    Past the limit lines are dropped and counted, but for the newest: an agent's last word says how
    its work ended, so the tail of what was over the limit is written when the command has ended.
    """

    renders = False
    full = False

    def __init__(
        self, journal: Journal, *, line_bytes: int, event_bytes: int, plain: bool = False
    ) -> None:
        self._journal = journal
        self._plain = plain
        self._splitter = LineSplitter(line_bytes)
        self._room = event_bytes
        self._older: list[bytes] = []
        self._tail: list[bytes] = []
        self._tail_size = 0

    def feed(self, data: bytes) -> None:
        """Take more of the command's standard output."""
        lines, too_long = self._splitter.feed(data)
        if too_long:
            self._journal.drop(too_long)
        for line in lines:
            text = _object_text(line)
            if text is None and self._plain:
                text = codec.dumps({"said": line.decode("utf-8", "replace").rstrip()}).encode()
            if text is not None:
                self.keep(text)
        self._journal.flush()

    def end(self) -> None:
        """The command has ended: take the unfinished line and write the tail."""
        self.feed(b"\n" if self._splitter.open else b"")
        for text in self._older + self._tail:
            self._journal.protocol(text)
        self._older, self._tail = [], []
        self._journal.flush()

    def keep(self, text: bytes) -> None:
        """Take one JSON object."""
        if self._room >= len(text) and not self._tail:
            self._room -= len(text)
            self._journal.protocol(text)
            return
        if self._tail_size + len(text) > TAIL_BYTES and self._tail:
            if self._older:
                self._journal.drop(sum(map(len, self._older)), len(self._older))
            self._older, self._tail, self._tail_size = self._tail, [], 0
        self._tail.append(text)
        self._tail_size += len(text)


def _object_text(line: bytes) -> bytes | None:
    """Return the line as clean JSON text if it is an object, else None."""
    line = line.strip()
    if not line.startswith(b"{"):
        return None
    text = line.decode("utf-8", "replace")
    try:
        codec.loads(text)
    except ValueError:
        return None
    return text.encode("utf-8")

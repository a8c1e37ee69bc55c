"""What an agent that is spoken with tells, in one shape for every protocol: journal and live view.

A journal line is `{"told": WORD, ...}`: `started text thought tool tool_end plan usage retry ended
failed closed note raw`. The adapters read them (`agents/adapters/told.py`). The live view shows the
same as text, without control characters.
"""

from claude_agent.shim import codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PIECE_CHARS = 16_000
"""A text that is longer is written in pieces."""
LAST_CHARS = 64_000
SHOWN_CHARS = 400
TEXT_CHARS = 4_000
RAW_CHARS = 8_000
TOOLS = 1000
"""So many open tools, and so many that have ended, are known by their id."""


class Teller:
    """Writes what was told; `keep` takes a journal line, `show` bytes for people."""

    def __init__(
        self, keep: "Callable[[bytes], object]", show: "Callable[[bytes], object]"
    ) -> None:
        self._keep = keep
        self._show = show
        self._word = ""
        self._text = ""
        self._pieces = False
        self._open: dict[str, str] = {}
        self._done: dict[str, None] = {}
        self._column = 0
        self.last = ""
        """What it said since its last tool."""

    def say(self, word: str, **fields: object) -> None:
        """Write one line, after the text that came before it."""
        self.flush()
        self._line(word, **fields)

    def piece(self, word: str, text: str) -> None:
        """Take a piece of a `text` or of a `thought`; pieces that follow one another are one."""
        if word != self._word:
            self.flush()
            self.write("" if word == "text" else "(thinks) ", fresh=True)
        self._word = word
        self._text += text
        if word == "text":
            self.last = (self.last + text)[-LAST_CHARS:]
        self.write(text)
        if len(self._text) > PIECE_CHARS:
            self._pieces = True
            self._give()

    def flush(self) -> None:
        """Write the text that was gathered."""
        self._give()
        self._word, self._pieces = "", False

    def _give(self) -> None:
        if self._text:
            delta: dict[str, object] = {"delta": True} if self._pieces else {}
            self._line(self._word, text=self._text, **delta)
        self._text = ""

    def tool(self, number: str, tool: str, title: str) -> None:
        """A tool begins; a second time under the same id is no news."""
        if number in self._open or number in self._done:
            return
        if len(self._open) >= TOOLS:
            del self._open[next(iter(self._open))]
        self._open[number] = tool
        self.last = ""
        self.say("tool", id=number, tool=tool, title=title[:TEXT_CHARS])
        self.line(f"-> {tool}: {title}")

    def tool_end(self, number: str, *, ok: bool, text: str = "") -> None:
        """A tool has ended; a second time is no news."""
        tool = self._open.pop(number, None)
        if tool is None:
            return
        if len(self._done) >= TOOLS:
            del self._done[next(iter(self._done))]
        self._done[number] = None
        self.say("tool_end", id=number, tool=tool, ok=ok, text=text[-TEXT_CHARS:])
        self.line(f"<- {'done' if ok else 'failed'}{': ' if text else ''}{text}")

    def raw(self, message: object) -> None:
        """Keep what has no meaning here as it came."""
        text = codec.dumps(message)
        if len(text) > RAW_CHARS:
            self.say("raw", shortened=text[:RAW_CHARS])
        else:
            self.say("raw", message=message)

    def line(self, text: str) -> None:
        """Show one line."""
        short = " ".join(text[: 4 * SHOWN_CHARS].split())
        self.write(short[:SHOWN_CHARS] + "\n", fresh=True)

    def write(self, text: str, *, fresh: bool = False) -> None:
        """Show text as it comes; `fresh`: at the beginning of a line."""
        clean = "".join(char if char.isprintable() or char in "\n\t" else " " for char in text)
        if fresh and self._column:
            clean = "\n" + clean
        if clean:
            self._column = len(clean) - clean.rfind("\n") - 1 or int(clean[-1:] != "\n")
            self._show(clean.encode("utf-8", "replace"))

    def _line(self, word: str, **fields: object) -> None:
        self._keep(codec.dumps({"told": word, **fields}).encode("ascii"))

"""Sets a conversation up between a command's pipes and the run; other runs do not import it."""

from claude_agent.shim import machine
from claude_agent.shim.acp import AcpDriver
from claude_agent.shim.app_server import AppServerDriver
from claude_agent.shim.inlet import Inlet
from claude_agent.shim.lines import LineSplitter
from claude_agent.shim.mask import masked
from claude_agent.shim.spec import Spec, SpecError
from claude_agent.shim.talk import Talk
from claude_agent.shim.teller import Teller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from claude_agent.shim.asks import Asks
    from claude_agent.shim.lines import ProtocolTap
    from claude_agent.shim.loop import Loop
    from claude_agent.shim.streams import Streams
    from claude_agent.shim.talk import Driver

PROMPT_BYTES = 1 << 24
DRIVERS: "dict[str, Callable[[Talk], Driver]]" = {"acp": AcpDriver, "app-server": AppServerDriver}


def open_talk(
    spec: Spec, loop: "Loop", streams: "Streams", asks: "Asks", drop: "Callable[[int], object]"
) -> "TalkTap":
    """Return the conversation of a run, ready to begin. Raises SpecError, OSError."""
    inlet = Inlet(loop, streams.listen_on)
    tap = streams.tap()
    teller = Teller(tap.keep, streams.show)
    talk = Talk(inlet, teller, asks, spec.cwd, DRIVERS[spec.talks])
    try:
        prompt = machine.read_bytes(spec.stdin or "stdin", PROMPT_BYTES)
        talk.prepare(prompt.decode("utf-8", "replace"))
    except (OSError, ValueError) as error:
        message = f"spec: the conversation: {error}"
        raise SpecError(message) from error
    return TalkTap(talk, tap, spec.line_bytes, streams.hidden, drop)


class TalkTap:
    """Cuts what the command prints into lines and takes the secrets out before anybody looks."""

    renders = True
    """What it takes is shown by itself, not as it came."""

    def __init__(
        self,
        talk: Talk,
        tap: "ProtocolTap",
        line_bytes: int,
        needles: "list[bytes]",
        drop: "Callable[[int], object]",
    ) -> None:
        self.talk = talk
        self._tap = tap
        self._splitter = LineSplitter(line_bytes)
        self._needles = needles
        self._drop = drop

    @property
    def full(self) -> bool:
        """The command does not read what it is told: it is not listened to meanwhile."""
        return self.talk.inlet.full

    def feed(self, data: bytes) -> None:
        """Take more of the command's standard output."""
        lines, too_long = self._splitter.feed(data)
        if too_long:
            self._drop(too_long)
        for line in lines:
            self.talk.take(masked(line, self._needles) if self._needles else line)
        self._tap.feed(b"")

    def end(self) -> None:
        """The command has ended."""
        self.feed(b"\n")
        self.talk.ended()
        self._tap.end()

"""A command that is spoken with: one conversation, its turns, and what it asks in between.

Only runs whose protocol goes both ways import this. The protocols themselves are `acp.py` and
`app_server.py`. Nothing that the command sends ends the run; what it asks is put to `Asks`: allowed
is only what the policy or a person allowed.
"""

from claude_agent.shim import codec, machine
from claude_agent.shim.machine import monotonic
from claude_agent.shim.rpc import Peer
from claude_agent.shim.teller import Teller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from claude_agent.shim.asks import Asks
    from claude_agent.shim.inlet import Inlet
    from claude_agent.shim.rpc import Json

    Decided = Callable[[Json], object]

    class Driver(Protocol):
        """One protocol: what is said to open a conversation, for a turn and for its end."""

        versioned: bool

        def open(self) -> object:
            """Open the conversation; then `Talk.opened`."""

        def turn(self, text: str) -> object:
            """Begin a turn; then `Talk.turn_ended` or `Talk.failed`."""

        def interrupt(self) -> object:
            """Ask for the end of the turn."""

        def on_request(self, number: object, method: str, params: Json) -> bool:
            """Take what is asked; False for what is not known."""

        def on_note(self, method: str, params: Json) -> object:
            """Take what is told."""


GIVEN = "talk.json"
CLOSE_S = 5.0
"""So long a command has to end by itself when everything is said."""
PENDING_SENDS = 100
WORDS = {"allow": "allowed", "deny": "denied", "answer": "answered"}


class Talk:
    """What every protocol has in common; the rest is its driver's."""

    def __init__(
        self,
        inlet: "Inlet",
        teller: Teller,
        asks: "Asks",
        cwd: str,
        driver: "Callable[[Talk], Driver]",
    ) -> None:
        self.inlet = inlet
        self.tell = teller
        self.cwd = cwd
        self.given: Json = {}
        self.peer = Peer(inlet.write)
        self.cancelled = False
        self._asks = asks
        self._texts: list[str] = []
        self._waiters: list[Decided] = []
        self._in_turn = False
        self._closed = False
        self._close_due: float | None = None
        self._wake_due: float | None = None
        self._wake: Callable[[], object] = lambda: None
        self._driver = driver(self)
        self.peer.versioned = self._driver.versioned
        self.peer.on_request = self._driver.on_request
        self.peer.on_note = self._driver.on_note
        self.peer.on_trouble = teller.line

    def prepare(self, prompt: str) -> None:
        """Read what is asked of the conversation; its first turn is `prompt`.

        Raises OSError, ValueError.
        """
        self.given = object_of(codec.loads(machine.read_bytes(GIVEN).decode("utf-8")))
        self._texts = [prompt]

    def begin(self) -> None:
        """Open the conversation: the command runs."""
        self._driver.open()

    def take(self, line: bytes) -> None:
        """Take one line of the command's output, without secrets."""
        if not self.peer.take(line) and line.strip():
            self.tell.write(line.decode("utf-8", "replace").rstrip("\r") + "\n", fresh=True)

    def send(self, data: object) -> "tuple[bool, str]":
        """Take `{text}` as the next turn, when the one that runs has ended."""
        text = data.get("text") if isinstance(data, dict) else None
        if not isinstance(text, str) or not text.strip():
            return False, "malformed"
        if self._closed or self.cancelled:
            return False, "ended"
        if len(self._texts) >= PENDING_SENDS:
            return False, "too_many"
        self._texts.append(text)
        return True, "queued"

    def cancel(self) -> bool:
        """Ask for the end of the turn, the soft stop; False when none runs."""
        if not self._in_turn or self._closed:
            return False
        self.cancelled = True
        self._driver.interrupt()
        self._withdraw()
        return True

    def ended(self) -> None:
        """The command has ended: nobody waits for an answer any more."""
        self._closed = True
        self._close_due = self._wake_due = None
        self._withdraw()
        self.tell.flush()
        self.inlet.cut()

    @property
    def due(self) -> float | None:
        """When `tick` has something to do."""
        return min(
            (due for due in (self._close_due, self._wake_due) if due is not None), default=None
        )

    def tick(self, now: float) -> bool:
        """Say once that it did not end by itself; the journal has it, lest it seem a crash."""
        if self._wake_due is not None and now >= self._wake_due:
            self._wake_due = None
            self._wake()
        if self._close_due is None or now < self._close_due:
            return False
        self._close_due = None
        self.tell.say("closed")
        return True

    # For the driver -------------------------------------------------------------------------

    def opened(self, **about: object) -> None:
        """The conversation is there."""
        self.tell.say("started", **about)
        self._next_turn()

    def wake(self, seconds: float, act: "Callable[[], object]") -> None:
        """Do something in so many seconds, in place of what was to be done then before."""
        self._wake_due = monotonic() + seconds
        self._wake = act

    def begins_anew(self, error: "Json") -> None:
        """The conversation to go on with is gone: the prompt says all that is needed."""
        said = f"The conversation could not be loaded, a new one begins: {_message(error)}"
        self.tell.say("note", text=said[:4000])
        self.tell.line(f"!! {said}")

    def _next_turn(self) -> None:
        self._in_turn = True
        self.tell.last = ""
        text = self._texts.pop(0)
        self._driver.turn(text)

    def turn_ended(self, stop: str, **more: object) -> None:
        """A turn has ended well, or by our cancel; more turns may wait."""
        self._in_turn = False
        if stop == "end_turn" and self._texts and not self.cancelled:
            self.tell.flush()
            self.tell.line(f"== you: {self._texts[0]}")
            self._next_turn()
            return
        self.tell.say("ended", stop=stop, text=self.tell.last, **more)
        self._close()

    def failed(self, where: str, error: "Json", **more: object) -> None:
        """It cannot go on."""
        message = _message(error)
        code = error.get("code")
        code = code if type(code) is int else None
        self.tell.say("failed", where=where, code=code, message=message[:4000], **more)
        self.tell.line(f"!! {where}: {message}")
        self._close()

    def _close(self) -> None:
        self._closed = True
        self._in_turn = False
        self._withdraw()
        self.inlet.close()
        self._close_due = monotonic() + CLOSE_S

    def ask(self, ask: "Json", decided: "Decided") -> None:
        """Put a question; `decided` is called once, now or when somebody answers."""

        def waiter(decision: "Json") -> None:
            self._waiters.remove(waiter)
            self._say_decision(ask, decision)
            decided(decision)

        if self.cancelled or self._closed:
            decided({"decision": "deny", "text": "The turn was cancelled.", "via": "gone"})
            return
        self._waiters.append(waiter)
        ask.setdefault("cwd", self.cwd)
        self.tell.flush()
        decision = self._asks.raise_(ask, waiter)
        if decision is not None:
            waiter(decision)
        else:
            self.tell.line(f"?? asks: {ask.get('tool') or ''} {ask.get('text') or ''}")

    def _say_decision(self, ask: "Json", decision: "Json") -> None:
        word = WORDS.get(str(decision.get("decision")), "denied")
        by, why = decision.get("by"), decision.get("text")
        whom = f" by {by}" if by else ""
        self.tell.line(f"?? {word}{whom}: {ask.get('text') or ''}{f' ({why})' if why else ''}")

    def _withdraw(self) -> None:
        for waiter in list(self._waiters):
            self._asks.withdraw(waiter)


def _message(error: "Json") -> str:
    message = str(error.get("message") or "")
    details = text_of(object_of(error.get("data")).get("details"))
    return f"{message}: {details}" if details else message


def allowed(decision: "Json", ask: "Json") -> bool:
    """Say whether the very call that was asked about may be made: a changed one cannot be told."""
    changed = decision.get("input")
    return decision.get("decision") == "allow" and changed in (None, ask.get("input"))


def text_of(value: object) -> str:
    """Return a text, empty for anything else."""
    return value if isinstance(value, str) else ""


def object_of(value: object) -> "Json":
    """Return an object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> "list[object]":
    """Return a list, an empty one for anything else."""
    return value if isinstance(value, list) else []


def count_of(value: object) -> int:
    """Return a whole number from 0 on, 0 for anything else."""
    return value if type(value) is int and value >= 0 else 0

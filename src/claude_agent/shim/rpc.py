"""JSON-RPC 2.0 over lines, both ways: whatever the other side sends, nothing here raises."""

from claude_agent.shim import codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Json = dict[str, Any]
    """A JSON object."""
    Done = Callable[[object, Json | None], object]

BAD_REQUEST = -32600
UNKNOWN_METHOD = -32601
BROKEN = -32603
TROUBLE = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a message that is not as it should be can make of those who read it."""


class Peer:
    """Numbers our requests, finds whom an answer is for, and hands over what is asked of us.

    `on_request(id, method, params)` says False for a method it does not know; it may answer later.
    """

    def __init__(self, write: "Callable[[bytes], object]") -> None:
        self._write = write
        self.versioned = True
        """Messages say `"jsonrpc": "2.0"`."""
        self._open: dict[int, Done] = {}
        self._last = 0
        self.on_request: Callable[[object, str, Json], bool] = lambda _i, _m, _p: False
        self.on_note: Callable[[str, Json], object] = lambda _m, _p: None
        self.on_trouble: Callable[[str], object] = lambda _text: None

    def call(self, method: str, params: "Json", done: "Done") -> None:
        """Ask; `done(result, error)` is called once if an answer comes."""
        self._last += 1
        self._open[self._last] = done
        self._send(id=self._last, method=method, params=params)

    def note(self, method: str, params: "Json | None" = None) -> None:
        """Tell something that is not answered."""
        self._send(method=method, **({} if params is None else {"params": params}))

    def reply(self, number: object, result: object) -> None:
        """Answer a request."""
        self._send(id=number, result=result)

    def refuse(self, number: object, code: int, message: str) -> None:
        """Answer a request by an error."""
        self._send(id=number, error={"code": code, "message": message})

    def take(self, line: bytes) -> bool:
        """Take one line of the other side; False when it is no message."""
        try:
            message = codec.loads(line.decode("utf-8", "replace"))
        except ValueError:
            return False
        if not isinstance(message, dict):
            return False
        number, method = message.get("id"), message.get("method")
        try:
            if isinstance(method, str):
                self._asked(number, method, message.get("params"))
            elif type(number) is int and number in self._open:
                self._answered(self._open.pop(number), message)
        except TROUBLE as error:  # whatever it sends, the run goes on
            self.on_trouble(f"{method or 'an answer'}: {type(error).__name__}: {error}")
            if isinstance(number, (int, str)) and isinstance(method, str):
                self.refuse(number, BROKEN, "This could not be taken in.")
        return True

    def _asked(self, number: object, method: str, params: object) -> None:
        given = params if isinstance(params, dict) else {}
        if number is None:
            self.on_note(method, given)
        elif not isinstance(number, (int, str)):
            self.refuse(None, BAD_REQUEST, "The id of a request is a number or a text.")
        elif not self.on_request(number, method, given):
            self.refuse(number, UNKNOWN_METHOD, f"{method[:80]} is not supported here.")

    @staticmethod
    def _answered(done: "Done", message: "Json") -> None:
        error = message.get("error")
        if error is not None and not isinstance(error, dict):
            error = {"message": str(error)}
        done(message.get("result"), error)

    def _send(self, **fields: object) -> None:
        head: dict[str, object] = {"jsonrpc": "2.0"} if self.versioned else {}
        self._write(codec.dumps(head | fields).encode("ascii") + b"\n")

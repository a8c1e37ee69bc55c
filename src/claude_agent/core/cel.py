"""The CEL library behind the domain's port; imported when the first expression needs it."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NoReturn

from claude_agent.domain.definition_parts import Data
from claude_agent.domain.duration import DurationError, format_duration, parse_duration
from claude_agent.domain.expression import hash_of
from claude_agent.domain.expression_port import install as install_calculator
from claude_agent.domain.expression_tree import ExpressionError, Value, fail
from claude_agent.domain.node import MAX_INTEGER

_LONGEST_MESSAGE = 200
_NO_COERCION = "write int(x), double(x) or string(x) to make them the same"


def install() -> None:
    """Plug the library in; cheap, as nothing is imported yet."""
    install_calculator(calculate)


def calculate(text: str, values: Data) -> Value:
    """Evaluate CEL text over plain JSON values; the result is plain JSON too.

    Times become RFC 3339 text in UTC, durations text like `1h30m`. Raises ExpressionError.
    """
    import cel  # noqa: PLC0415 - lazily: most installations never need it

    known = _Functions()
    try:
        context = cel.Context(variables=dict(values), functions=known.table)
        found = _program(text).execute(context)
    except KeyError as error:
        _refuse_key(str(error.args[0]) if error.args else "", values)
    except (ValueError, TypeError, RuntimeError, ArithmeticError, LookupError) as error:
        if known.refused is not None:
            raise known.refused from error
        fail(_first(str(error)), 0, _NO_COERCION if isinstance(error, TypeError) else "")
    return _plain(found)


@lru_cache(maxsize=1_024)
def _program(text: str) -> Value:
    import cel  # noqa: PLC0415 - lazily, as above

    # It reports what our functions refuse a second time, on the process's stderr.
    logging.getLogger("cel").setLevel(logging.CRITICAL + 1)
    return cel.compile(text)


class _Functions:
    """The functions beside CEL's own; what one of them refuses is kept, the library mangles it."""

    def __init__(self) -> None:
        self.refused: ExpressionError | None = None
        self.table = {
            "_hash": self._told(hash_of),
            "_time": self._told(_time),
            "_duration": self._told(_duration),
            "_size": self._told(_size),
            "_string": self._told(_string),
            "_bool": self._told(_bool),
        }

    def _told(self, function: Callable[[Value], Value]) -> Callable[[Value], Value]:
        def call(value: Value) -> Value:
            try:
                return function(value)
            except DurationError as error:
                self.refused = ExpressionError(error.detail, hint=error.hint)
            except ExpressionError as error:
                self.refused = error
            except (TypeError, ValueError, RecursionError, OverflowError):
                name = function.__name__.strip("_").removesuffix("_of")
                self.refused = ExpressionError(f"{name}() cannot take this value")
            raise self.refused

        return call


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _duration(value: Value) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(milliseconds=parse_duration(value))


def _size(value: Value) -> int:
    if not isinstance(value, str | list | dict):
        fail("size() takes a text, a list or a mapping")
    return len(value)


def _string(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_INTEGER:
        return str(int(value))
    if not isinstance(value, str | int | float | datetime | timedelta):
        fail("string() takes a text, a number, true, false, a time or a duration")
    return str(_plain(value))


def _bool(value: Value) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False}
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.casefold() not in known:
        fail("bool() takes 'true' or 'false'")
    return known[value.casefold()]


def _plain(value: Value) -> Value:
    """Return a result as JSON has it."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case timedelta():
            milliseconds = round(value / timedelta(milliseconds=1))
            return ("-" if milliseconds < 0 else "") + format_duration(abs(milliseconds))
        case dict():
            return {str(key): _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case None | bool() | str():
            return value
        case int() if abs(value) <= MAX_INTEGER:
            return value
        case float() if abs(value) < float("inf"):
            return value
        case _:
            return fail("the result is nothing that JSON can hold")


def _refuse_key(key: str, values: Data) -> NoReturn:
    if key in values.values():
        fail(f"`{key}` has no value")
    fail(f"there is no '{key:.60}'", 0, "ask with has() whether it is there")


def _first(message: str) -> str:
    line = message.partition("\n")[0].partition(". Check ")[0].partition(" CEL does not coerce")[0]
    return line.strip()[:_LONGEST_MESSAGE].rstrip(".:") or "it has no value"

"""Reads JSON as the log can keep it: bounded depth and numbers, no NUL, no NaN."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from claude_agent.api.problems import refusal
from claude_agent.errors import Invalid, Malformed

M = TypeVar("M", bound=BaseModel)

DEEPEST = 64
_LARGEST = 2**63 - 1
_INFINITE = (float("inf"), float("-inf"))


def parse(raw: bytes) -> object:
    """Return what the text means. Raises Malformed."""
    try:
        value: object = from_json(raw, allow_inf_nan=False, cache_strings="none")
    except ValueError as error:
        told = str(error)
        msg = f"The body is not valid JSON: {told}."
        raise Malformed(msg, hint="Check the body.") from None
    _bound(value)
    return value


def _bound(root: object) -> None:
    # A list instead of recursion: the input decides how deep this goes.
    rest: list[tuple[object, int]] = [(root, 1)]
    while rest:
        value, depth = rest.pop()
        inner: Iterable[object] = ()
        if isinstance(value, dict):
            inner = chain(value, value.values())
        elif isinstance(value, list):
            inner = value
        else:
            _check_scalar(value)
        if inner and depth > DEEPEST:
            msg = f"The body is nested deeper than {DEEPEST} levels."
            raise Malformed(msg, hint="Flatten it.")
        rest.extend((item, depth + 1) for item in inner)


def _check_scalar(value: object) -> None:
    if isinstance(value, str):
        if "\0" in value:
            msg = "A text in the body holds a NUL character."
            raise Malformed(msg, hint="Remove it.")
    elif (isinstance(value, int) and abs(value) > _LARGEST) or value in _INFINITE:
        msg = "A number in the body is over 64 bits."
        raise Malformed(msg, hint="Send it as text.")


def query(model: type[M], pairs: Sequence[tuple[str, str]]) -> M:
    """Return the checked query string. Raises Invalid, UnknownName."""
    values = dict(pairs)
    if len(values) != len(pairs):
        msg = "A parameter of the query came twice."
        raise Invalid(msg, hint="Send each once.")
    if any("\0" in value for value in values.values()):
        msg = "The query holds a NUL character."
        raise Malformed(msg, hint="Remove it.")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise refusal(model, error, "query") from None

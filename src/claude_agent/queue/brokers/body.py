"""A message as the text of a row."""

from typing import Any

import dramatiq

from claude_agent.queue.text import from_text, to_text


def encode(message: "dramatiq.Message[Any] | dramatiq.MessageProxy") -> str:
    """Return the message as text. Raises TypeError or ValueError when it cannot be encoded."""
    return to_text(message.encode())


def decode(text: str) -> "dramatiq.Message[Any]":
    """Read what `encode` wrote. Raises `dramatiq.DecodeError` or ValueError."""
    return _checked(dramatiq.Message.decode(from_text(text)))


def _checked(message: "dramatiq.Message[Any]") -> "dramatiq.Message[Any]":
    # Well-formed JSON of the wrong shape would stop Dramatiq's consumer thread for seconds.
    shapes: tuple[object, ...] = (message.options, message.kwargs)
    if all(isinstance(shape, dict) for shape in shapes):
        return message
    detail = "the message's options or keyword arguments are no object"
    raise ValueError(detail)

"""A message as the text of a row. Dramatiq's encoder decides; JSON is stored as it is."""

import base64
import binascii
from typing import Any

import dramatiq

_MARK = "base64:"


def encode(message: "dramatiq.Message[Any] | dramatiq.MessageProxy") -> str:
    """Return the message as text. Raises TypeError or ValueError when it cannot be encoded."""
    data: bytes = message.encode()
    try:
        return data.decode()
    except UnicodeDecodeError:  # an encoder that yields bytes, such as PickleEncoder
        return _MARK + base64.b64encode(data).decode()


def decode(text: str) -> "dramatiq.Message[Any]":
    """Read what `encode` wrote. Raises `dramatiq.DecodeError` or ValueError."""
    if not text.startswith(_MARK):
        return _checked(dramatiq.Message.decode(text.encode()))
    try:
        data = base64.b64decode(text.removeprefix(_MARK), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    return _checked(dramatiq.Message.decode(data))


def _checked(message: "dramatiq.Message[Any]") -> "dramatiq.Message[Any]":
    # Well-formed JSON of the wrong shape would stop Dramatiq's consumer thread for seconds.
    shapes: tuple[object, ...] = (message.options, message.kwargs)
    if all(isinstance(shape, dict) for shape in shapes):
        return message
    detail = "the message's options or keyword arguments are no object"
    raise ValueError(detail)

"""What an encoder made as the text of a row. Dramatiq's encoder decides; JSON stays as it is."""

import base64
import binascii

_MARK = "base64:"


def to_text(data: bytes) -> str:
    """Return what an encoder made as text for a row."""
    try:
        return data.decode()
    except UnicodeDecodeError:  # an encoder that yields bytes, such as PickleEncoder
        return _MARK + base64.b64encode(data).decode()


def from_text(text: str) -> bytes:
    """Read what `to_text` wrote. Raises ValueError."""
    if not text.startswith(_MARK):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(_MARK), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error

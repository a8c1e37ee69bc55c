"""The hash chain over the log: SHA-256 of the previous hash, the envelope and the data's hash.

Only the hash of the data is chained, so data can be erased later and the chain still holds.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
GENESIS = "0" * 64


def canonical(data: Mapping[str, Any] | list[Any]) -> str:
    """Return the one JSON text of data: sorted keys, no spaces, no unpaired surrogates."""
    return writable(_ENCODER.encode(data))


def writable(text: str) -> str:
    """Return the text with unpaired surrogates replaced by `?`: no database stores them."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def data_hash(text: str) -> str:
    """Return the hex SHA-256 of an event's canonical data."""
    return hashlib.sha256(text.encode()).hexdigest()


def link(previous: str, pos: int, envelope: tuple[object, ...], digest: str) -> str:
    """Return the next head of the chain.

    `envelope` is (stream, seq, type, v, at, actor, trace, causation).
    """
    text = "\x1f".join([previous, str(pos), *map(str, envelope), digest])
    return hashlib.sha256(text.encode()).hexdigest()

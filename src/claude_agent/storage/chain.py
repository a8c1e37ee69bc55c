"""The hash chain over the log: SHA-256 of the previous hash, the envelope and the data's hash.

Only the hash of the data is chained, so data can be erased later and the chain still holds.
"""

import hashlib
import json
import json.encoder
from collections.abc import Callable, Mapping
from typing import Any

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
GENESIS = "0" * 64


def _encoding() -> Callable[[object], str]:
    """Return what makes the text: the encoder in C, made once instead of for each text."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return _ENCODER.encode
    quote = json.encoder.encode_basestring
    sort_keys, skip_keys, allow_nan = True, False, True
    separators = (":", ",")
    pieces = make(None, _ENCODER.default, quote, None, *separators, sort_keys, skip_keys, allow_nan)
    return lambda data: "".join(pieces(data, 0))


_encode = _encoding()


def canonical(data: Mapping[str, Any] | list[Any]) -> str:
    """Return the one JSON text of data: sorted keys, no spaces, no unpaired surrogates."""
    if not data:
        return "{}" if isinstance(data, Mapping) else "[]"
    return writable(_encode(data))


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

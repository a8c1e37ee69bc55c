"""The forms in which a secret may come back: as it is, and in the plain encodings."""

import base64
import json
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus

SHORTEST_LINE = 8
"""Lines of a secret with several are masked one by one from this length on."""
SHORTEST_CORE = 4
WRAP = 76


def needles(values: Iterable[str]) -> list[bytes]:
    """Return what must not be written, longest first."""
    found: set[bytes] = set()
    for value in values:
        found |= _forms(value)
        lines = [line.strip() for line in value.splitlines()]
        if len(lines) > 1:
            for line in lines:
                if len(line) >= SHORTEST_LINE:
                    found |= _forms(line)
    return sorted(found, key=lambda each: (-len(each), each))


def _forms(value: str) -> set[bytes]:
    raw = value.encode("utf-8", "surrogateescape")
    found = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        found |= {
            each.encode("utf-8", "surrogateescape") for each in (text, text.replace("/", "\\/"))
        }
    for safe in ("", "/"):
        for quoted in (quote(raw, safe=safe), quote_plus(raw, safe=safe)):
            found |= {quoted.encode(), _lower(quoted).encode()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        found |= _in_base64(raw, encode)
    return found


def _lower(quoted: str) -> str:
    head, *rest = quoted.split("%")
    return "%".join([head, *(each[:2].lower() + each[2:] for each in rest)])


def _in_base64(raw: bytes, encode: Callable[[bytes], bytes]) -> set[bytes]:
    """Return the encoded value alone, and what of it stays the same inside a longer text."""
    whole = encode(raw)
    found = {whole, whole.rstrip(b"=")}
    for before in range(3):
        text = encode(b"\0" * before + raw)
        first = -(-before * 8 // 6)
        core = text[first : (before + len(raw)) * 8 // 6]
        if len(core) >= SHORTEST_CORE:
            found.add(core)
    lines = [whole[at : at + WRAP] for at in range(0, len(whole), WRAP)]
    return found | {line for line in lines if len(line) >= SHORTEST_LINE}

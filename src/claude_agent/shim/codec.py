"""JSON and SHA-256 without the packages around them.

`import json` takes longer than the whole rest of the shim's start (it pulls in `re` and `enum`),
`hashlib` loads OpenSSL. The C parts below them are what those packages use themselves; where an
interpreter lacks them the packages are taken. A test holds both against `json` and `hashlib`.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Plain = dict[str, Any]


def _no_constant(name: str) -> float:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _not_plain(value: object) -> object:
    message = f"{type(value).__name__} is not JSON"
    raise TypeError(message)


class _Rules:
    """What the scanner reads its settings from."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_no_constant)


def _lean_codec() -> "tuple[Callable[[str], Any], Callable[[object], str]]":
    from _json import (  # noqa: PLC0415 - may be missing
        encode_basestring_ascii,
        make_encoder,
        make_scanner,
    )

    scan = make_scanner(_Rules)  # type: ignore[arg-type]
    # By place: no marks of what was seen, no indent, sorted keys, keys not skipped, no NaN.
    settings = (None, _not_plain, encode_basestring_ascii, None, ":", ",", True, False, False)
    encode = make_encoder(*settings)

    def loads(text: str) -> "Any":
        text = text.strip(" \t\r\n")
        try:
            value, end = scan(text, 0)
        except (StopIteration, RecursionError, SystemError):
            # SystemError: up to 3.12 the scanner finds no JSONDecodeError to raise without `json`.
            message = "not JSON"
            raise ValueError(message) from None
        if end != len(text):
            message = f"not JSON after character {end}"
            raise ValueError(message)
        return value

    def dumps(value: object) -> str:
        return "".join(encode(value, 0))

    return loads, dumps


def _plain_codec() -> "tuple[Callable[[str], Any], Callable[[object], str]]":
    import json  # noqa: PLC0415 - only where its C part is missing

    def loads(text: str) -> "Any":
        try:
            return json.loads(text, parse_constant=_no_constant)
        except RecursionError:
            message = "not JSON"
            raise ValueError(message) from None

    def dumps(value: object) -> str:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)

    return loads, dumps


def _find_sha256() -> "Callable[..., Any]":
    for name in ("_sha256", "_sha2", "hashlib"):  # 3.11, 3.12 and later, any
        try:
            found: Callable[..., Any] = __import__(name).sha256
        except ImportError:
            continue
        return found
    message = "no SHA-256"
    raise ImportError(message)


try:
    loads, dumps = _lean_codec()
except (ImportError, TypeError):
    loads, dumps = _plain_codec()

sha256 = _find_sha256()

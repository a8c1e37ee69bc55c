"""Take secrets out of what is about to be written.

Two ways: the exact values the process knows (its own token), and the shapes by which secrets are
recognised. All expressions run in linear time: a log line may come from a hostile program.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

HIDDEN = "[redacted]"
SHORTEST = 8
"""A known value shorter than this is not looked for: it would blank ordinary words."""

_NAMES = (
    r"authorization|auth[_-]?token|token|passwd|password|passphrase|secret|api[_-]?key"
    r"|access[_-]?key|private[_-]?key|cookie|credentials?|pwd"
)
_NAME = re.compile(rf"(?:^|[_\-.])(?:{_NAMES})$", re.IGNORECASE)
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,40}-----)?"),
        HIDDEN,
    ),
    (
        # A digit tells a token from a word: "the bearer claims the best ready task".
        re.compile(r"\b(bearer|basic)\s{1,4}(?=[^\s\d]{0,200}\d)[\w.~+/=-]{6,}", re.IGNORECASE),
        rf"\1 {HIDDEN}",
    ),
    (
        re.compile(
            r"(authorization[\"']?\s{0,4}[=:]\s{0,4}[\"']?\w{1,20}\s)[^\s\"']+", re.IGNORECASE
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"\b([a-z][a-z0-9+]{1,20}://[^\s/:@]{0,200}):[^\s/@]{1,500}@"), rf"\1:{HIDDEN}@"),
    (
        re.compile(
            rf"((?:{_NAMES})[\"']?\s{{0,4}}[=:]\s{{0,4}}[\"']?)(?!\[redacted|bearer |basic )"
            r"[^\s\"'&,;}\])]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"([?&](?:key|ticket|code)=)[^\s\"'&]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"\b(?:sk|pk|rk)-[\w-]{16,}"), HIDDEN),
    (re.compile(r"\b(?:ghp|gho|ghs|ghu|ghr|github_pat|glpat|npm|pypi|hf)[_-]\w{16,}"), HIDDEN),
    (re.compile(r"\bxox[abprs]-[\w-]{10,}"), HIDDEN),
    (re.compile(r"\bAKIA[0-9A-Z]{16}\b"), HIDDEN),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{4,}"), HIDDEN),
)


class Redactor:
    """Takes known values and known shapes out of text and out of nested data."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Take the values that must never be written, longest first."""
        self._secrets = sorted({s for s in secrets if len(s) >= SHORTEST}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Return `text` without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        for shape, instead in _SHAPES:
            text = shape.sub(instead, text)
        return text

    def data(self, value: Any, name: str = "") -> Any:
        """Return a copy of nested mappings, sequences and text without secrets.

        A value under a key that names a secret (`password`, `api_key`) goes as a whole.
        """
        if name and value is not None and not isinstance(value, bool) and _NAME.search(name):
            return HIDDEN
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.data(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.data(inner) for inner in value]
        return value

"""Read the text of an expression, or of a value that holds some; bounded in length and depth."""

import re
from functools import lru_cache

from claude_agent.domain.expression_grammar import FUNCTIONS, MAX_NESTING, Parser
from claude_agent.domain.expression_tree import Embedded, Expr, ExpressionError, fail

__all__ = ["FUNCTIONS", "MAX_LENGTH", "MAX_NESTING", "parse", "parse_template", "strip_braces"]

MAX_LENGTH = 4_096
"""The longest expression, in characters."""


@lru_cache(maxsize=1_024)
def parse(text: str) -> Expr:
    """Read an expression without its `${{ }}`; raises ExpressionError."""
    if len(text) > MAX_LENGTH:
        fail(f"an expression may have {MAX_LENGTH} characters, this one has {len(text)}", 0)
    return Parser(text).whole()


def parse_template(text: str) -> tuple[str | Embedded, ...]:
    """Split a text into plain pieces and its `${{ … }}`; raises ExpressionError."""
    pieces: list[str | Embedded] = []
    at = 0
    while (begin := text.find("${{", at)) >= 0:
        inner = begin + 3
        end = _end_of_expression(text, inner)
        try:
            expr = parse(text[inner:end])
        except ExpressionError as error:
            raise ExpressionError(
                error.detail, position=inner + error.position, hint=error.hint
            ) from error
        pieces += [text[at:begin], Embedded(expr=expr, offset=inner)]
        at = end + 2
    pieces.append(text[at:])
    return tuple(piece for piece in pieces if piece != "")


def strip_braces(text: str) -> str:
    """Return the expression of a text that is one whole `${{ … }}`; else the text itself."""
    bare = text.strip()
    if bare.startswith("${{") and _end_or_none(bare, 3) == len(bare) - 2:
        return bare[3:-2].strip()
    return bare


def _end_of_expression(text: str, begin: int) -> int:
    end = _end_or_none(text, begin)
    if end is None:
        fail("`${{` without its `}}`", begin - 3)
    return end


def _end_or_none(text: str, begin: int) -> int | None:
    """Find `}}` outside of quotes, in one pass."""
    at = begin
    while match := _QUOTE_OR_END.search(text, at):
        if match[0] == "}}":
            return match.start()
        closing = _CLOSING[match[0]].match(text, match.end())
        if closing is None:
            return None
        at = closing.end()
    return None


_QUOTE_OR_END = re.compile(r"['\"]|\}\}")
_CLOSING = {
    "'": re.compile(r"[^'\\]*(?:\\.[^'\\]*)*'", re.DOTALL),
    '"': re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL),
}

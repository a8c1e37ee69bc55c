"""One thing that is wrong with a definition, and the error that holds all of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from typing_extensions import override

from claude_agent.errors import DefinitionInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, and where."""

    message: str
    """One sentence."""
    path: str = ""
    """Like `steps[2].depends_on[0]`; empty: the definition as a whole."""
    line: int = 0
    """From 1; 0 where the source is no text."""
    column: int = 0
    """From 1; 0 where the source is no text."""
    file: str = ""
    """The name of the source."""
    hint: str = ""
    """What to write instead."""

    @override
    def __str__(self) -> str:
        where = [self.file] if self.file else []
        if self.line:
            where += [str(self.line), str(self.column)]
        place = ":".join(where) or self.path
        return f"{place}: {self.message}" if place else self.message

    def to_data(self) -> dict[str, Any]:
        """Return the wire form."""
        return asdict(self)


class DefinitionError(DefinitionInvalid):
    """A workflow definition has problems; `found` holds all of them, `problems` their wire form."""

    def __init__(self, found: Sequence[Problem]) -> None:
        first = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        super().__init__(
            f"{first}{more}",
            hint=first.hint,
            pointer=first.path or None,
            problems=[problem.to_data() for problem in found],
        )
        self.found = tuple(found)

"""The one way an action fails on purpose."""

import re
from collections.abc import Mapping

FAILED, WRONG_USE, TRY_LATER = 1, 2, 75
"""Exit codes; TRY_LATER (EX_TEMPFAIL) marks what the network may heal: `retry.exit_codes: [75]`."""

_NETWORK = re.compile(
    r"could not resolve host|temporary failure in name|connection (?:refused|reset|timed out)"
    r"|timed out|early EOF|unexpected disconnect|returned error: (?:429|5\d\d)"
    r"|ECONNRE|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ERR_SOCKET|EHOSTUNREACH|E(?:429|5\d\d) ",
    re.IGNORECASE,
)


def code_of(words: str) -> int:
    """Return the exit code for what a program said when it failed."""
    return TRY_LATER if _NETWORK.search(words) else FAILED


class ActionFailed(Exception):
    """One sentence for the person: what failed and where; `hint` says what to do next.

    `code` becomes the exit code (FAILED, WRONG_USE or TRY_LATER); `outputs` are left even so.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: int = FAILED,
        outputs: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.outputs = outputs


class BadParameter(ActionFailed):
    """A value of `with` that the action cannot use."""

    def __init__(self, *, name: str, problem: str, hint: str = "") -> None:
        super().__init__(f"with.{name}: {problem}", hint=hint, code=WRONG_USE)

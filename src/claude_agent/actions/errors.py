"""The one way an action fails on purpose."""

from collections.abc import Mapping


class ActionFailed(Exception):
    """One sentence for the person: what failed and where; `hint` says what to do next.

    `code` becomes the exit code (1 failed, 2 wrong parameter); `outputs` are left even so.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: int = 1,
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
        super().__init__(f"with.{name}: {problem}", hint=hint, code=2)

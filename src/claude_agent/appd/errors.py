"""Why something about an application could not be done."""


class AppError(Exception):
    """One sentence for the person; `hint` says what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class AppGone(AppError):
    """No process answers for the application (any more)."""


class NotHealthy(AppError):
    """A release did not become healthy; the one before is untouched."""


class Abandoned(AppError):
    """Who asked is gone, so the work was dropped before it changed anything."""

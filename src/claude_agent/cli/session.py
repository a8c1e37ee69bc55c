"""What all commands of one run share: where the home is, and the one client."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claude_sdk.system import ClaudeSystem


class Session:
    """The home and address that were asked for; connects on first use."""

    def __init__(self, *, home: str | None = None, url: str | None = None) -> None:
        self._home = home
        self._url = url
        self._system: ClaudeSystem | None = None

    @property
    def home(self) -> str:
        """The home folder: flag, environment, default."""
        from claude_sdk.discovery import default_home, full_path  # noqa: PLC0415 - rare

        return full_path(self._home) if self._home else default_home()

    @property
    def system(self) -> "ClaudeSystem":
        """The client."""
        if self._system is None:
            from claude_sdk.system import ClaudeSystem  # noqa: PLC0415 - http.client takes 30 ms

            self._system = ClaudeSystem(url=self._url, home=self._home)
        return self._system

    def close(self) -> None:
        """Close the client's connections."""
        if self._system is not None:
            self._system.close()

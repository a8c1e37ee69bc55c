"""What a caller did wrong."""


class Refused(Exception):
    """A request that cannot be met; `status` is the HTTP answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status

"""What a queue under measurement must be able to do; one body for each in `bodies/`."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

PADDING = "x" * 180
"""With the job's number this makes a job of about 200 bytes."""
Handler = Callable[[int], None]


class NotOffered(Exception):
    """This queue has no such thing; the message says what."""


class Adapter(ABC):
    """One queue: made in the producer, in the worker, and once more to prepare its storage."""

    def __init__(self, url: str, handler: Handler) -> None:
        self.url = url
        self.handler = handler

    def prepare(self) -> None:  # noqa: B027 - most need nothing
        """Make tables or the like, once, before producer and worker start."""

    @abstractmethod
    def send(self, number: int) -> None:
        """Enqueue one job, as durably as this queue was set up to be."""

    def send_many(self, numbers: Sequence[int]) -> None:
        """Enqueue many jobs by the queue's own bulk call. Raises `NotOffered`."""
        message = f"{type(self).__name__} has no bulk call ({len(numbers)} jobs)"
        raise NotOffered(message)

    @abstractmethod
    def start(self, threads: int) -> None:
        """Begin to work, with so many threads, and return."""

    @abstractmethod
    def stop(self) -> None:
        """Finish what is at hand and stop."""

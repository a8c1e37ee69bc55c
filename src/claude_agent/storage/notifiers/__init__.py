"""The bodies of the doorbell, and the one function that chooses between them."""

from claude_agent.storage.notifier import Notifier
from claude_agent.storage.notifiers.local import LocalNotifier
from claude_agent.storage.postgres import ADDRESSES


def open_notifier(database_url: str) -> Notifier:
    """Return the doorbell that fits a database: through PostgreSQL, or inside this process."""
    if database_url.startswith(ADDRESSES):
        from claude_agent.storage.notifiers import postgresql  # noqa: PLC0415 - an optional extra

        return postgresql.PostgresqlNotifier(database_url)
    return LocalNotifier()

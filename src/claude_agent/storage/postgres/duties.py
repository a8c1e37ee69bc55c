"""Which periodic duties are this process's: advisory locks, held on a session of its own.

The session stays inside a transaction that does nothing, so a process that is frozen or cut off
loses it, and its duties with it, once it has asked for nothing for `IDLE_S`; one that dies loses
them at once. Whoever asks next takes them over.
"""

import contextlib
import logging
import os
import threading

import psycopg

from claude_agent.errors import ClaudeAgentError
from claude_agent.storage.duty import Duty
from claude_agent.storage.postgres import link

_LOG = logging.getLogger(__name__)
CLASS = 7420
"""The first number of every lock of ours; the second one is the duty's."""
IDLE_S = 10


class Duties:
    """The duties of one process. Thread-safe."""

    def __init__(self, url: str, *, idle_s: int = IDLE_S) -> None:
        self._url = url
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._connection: link.Connection | None = None
        self._held: set[Duty] = set()

    def mine(self, duty: Duty) -> bool:
        """Say whether a duty is this process's now; take it when it is nobody's.

        False also when the database does not answer. A duty that was ours a moment ago may be
        another's by the time something is written, so whatever a duty writes bears being done
        twice.
        """
        with self._lock:
            try:
                with link.asked():
                    return self._ask(duty)
            except (psycopg.Error, ClaudeAgentError) as error:
                if self._held:
                    _LOG.warning("other processes may do our duties now: %s", str(error).strip())
                self._forget()
                return False

    def close(self) -> None:
        """Leave every duty to the others."""
        with self._lock:
            self._forget()

    def _ask(self, duty: Duty) -> bool:
        if self._connection is None:
            self._connection = self._open()
        if duty in self._held:
            self._connection.execute("SELECT 1")  # the session lives, and with it the lock
            return True
        lock = "SELECT pg_try_advisory_lock(%s::integer, %s::integer) AS got"
        row = self._connection.execute(lock, (CLASS, int(duty))).fetchone()
        if row is not None and row["got"]:
            self._held.add(duty)
            _LOG.info("this process does the duty %s from now on", duty.name.lower())
        return duty in self._held

    def _open(self) -> link.Connection:
        connection = link.connect(self._url)
        settings = (
            ("application_name", f"claude-agent duties {os.getpid()}"),
            ("idle_in_transaction_session_timeout", f"{self._idle_s}s"),
        )
        for name, value in settings:
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        return connection

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                connection.close()

"""The output of runs whose folder another host has, asked for and answered through the database.

A host needs no port and no address that others reach: whoever wants a piece of a log stores a
request and rings; a process of the host that has the folder reads the files and answers.
"""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from claude_agent.agents.run_log import LogPiece, read_piece
from claude_agent.core.foundation import Foundation
from claude_agent.errors import ClaudeAgentError, Elsewhere, Unavailable
from claude_agent.storage import log
from claude_agent.storage.database import Reader, Row, Tx

_LOG = logging.getLogger(__name__)
ASKED, ANSWERED = "log.asked", "log.answered"
WITHIN_S = 5.0
"""How long whoever asks waits for the other host."""
_LOOK_S = 0.2
_FLOOR_S = 2.0
_FORGET_MS = 600_000


class FarLogs:
    """Asks other hosts for logs, and answers for this one once it is started."""

    def __init__(
        self, foundation: Foundation, *, here: str, folder: Callable[[str, int], Path]
    ) -> None:
        self._database = foundation.database
        self._notifier = foundation.notifier
        self._clock = foundation.clock
        self._ids = foundation.ids
        self._here = here
        self._folder = folder
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # Asking ---------------------------------------------------------------------------------

    def read(self, task_id: str, run: int, offset: int, limit: int) -> LogPiece:
        """Return a piece of a run's output as `read_piece` does, wherever its folder is.

        Raises `Elsewhere` when the host that has it is not up, `Unavailable` when it does not
        answer.
        """
        folder = self._folder(task_id, run)
        if self._database.shared and not folder.is_dir():
            host = self._database.read(lambda r: _host_of(r, task_id, run))
            if host not in ("", self._here):
                return self._ask(host, task_id, run, (offset, limit))
        return read_piece(folder, offset, limit)

    def _ask(self, host: str, task_id: str, run: int, wanted: tuple[int, int]) -> LogPiece:
        new = self._ids.new()
        where = f"runs/{task_id}/{run}/output.log in the home of {host}"

        def ask(tx: Tx) -> None:
            beats = tx.row("hosts.alive", host=host)
            if beats is None or not beats["count"]:
                message = f"Run {run} of this task is on host {host}, which is not up."
                raise Elsewhere(message, hint=f"Read {where}: claude-agent host list")
            at = self._clock.now()
            tx.execute("many_hosts.forget_logs", id="", before=at - _FORGET_MS)
            values = {"host": host, "task": task_id, "run": run, "at": at}
            tx.execute("many_hosts.ask_log", id=new, start=wanted[0], most=wanted[1], **values)

        self._database.write(ask, durable=False)
        self._notifier.ring(ASKED)
        try:
            return self._await(new, host, where)
        finally:
            self._database.write(
                lambda tx: tx.execute("many_hosts.forget_logs", id=new, before=0), durable=False
            )

    def _await(self, request: str, host: str, where: str) -> LogPiece:
        until = self._clock.monotonic() + WITHIN_S
        while self._clock.monotonic() < until:
            row = self._database.read(lambda r: r.row("many_hosts.log_answer", id=request))
            if row is not None and row["answer"]:
                return LogPiece(**json.loads(row["answer"]))
            self._notifier.wait({ANSWERED}, _LOOK_S)
        message = f"Host {host} has this log and did not answer within {WITHIN_S:.0f} s."
        raise Unavailable(message, hint=f"Try again, or read {where}.")

    # Answering ------------------------------------------------------------------------------

    def start(self) -> None:
        """Answer for this host from now on."""
        self._thread = threading.Thread(target=self._run, name="logs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._stop.set()
        self._notifier.ring(ASKED)
        if self._thread is not None:
            self._thread.join(5.0)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.answer()
            except (ClaudeAgentError, OSError) as error:
                _LOG.warning("other hosts' requests for logs wait: %s", error)
                self._stop.wait(_FLOOR_S)
            self._notifier.wait({ASKED}, _FLOOR_S)

    def answer(self) -> int:
        """Answer what this host is asked for; return how many requests there were."""
        rows = self._database.read(lambda r: r.rows("many_hosts.asked_logs", host=self._here))
        for row in rows:
            self._answer(row)
        return len(rows)

    def _answer(self, row: Row) -> None:
        folder = self._folder(row["task_id"], row["run"])
        answer = json.dumps(asdict(read_piece(folder, row["start_byte"], row["max_bytes"])))
        self._database.write(
            lambda tx: tx.execute("many_hosts.answer_log", id=row["id"], answer=answer),
            durable=False,
        )
        self._notifier.ring(ANSWERED)


def _host_of(reader: Reader, task_id: str, run: int) -> str:
    """Return the host that made a run's folder; the task's own may be its adopter's."""
    for one in reversed(log.of_stream(reader, f"task/{task_id}")):
        if one.event.type == "task.starting" and one.event.data.get("run") == run:
            return str(one.event.data.get("host", ""))
    return ""

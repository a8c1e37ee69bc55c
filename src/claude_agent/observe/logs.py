"""One stream of ECS JSON lines for everything the server says; readable lines on a terminal.

The other packages log through the standard `logging` (or `structlog.get_logger`) and never import
this module; the app calls `configure_logging` once. Ids travel as context variables: whoever
starts work binds them with `structlog.contextvars.bound_contextvars(task_id=...)`, and every line
logged meanwhile carries them as `labels.*`, as it does for `extra={"task_id": ...}`.
"""

import logging
import logging.handlers
import os
import sys
import threading
from collections.abc import Callable, Iterable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ecs_logging
from typing_extensions import override

from claude_agent import __version__
from claude_agent.observe.lean_structlog import structlog
from claude_agent.observe.redact import Redactor

if TYPE_CHECKING:
    from structlog.types import Processor

FILE_BYTES = 20_000_000
FILES_KEPT = 5
MESSAGE_CHARS = 32_768
"""Longer messages and stack traces are cut: a line stays readable for every shipper."""
LABELS = frozenset(
    {"task_id", "execution_id", "agent", "request_id", "run_id", "step_id", "worker", "session"}
)
_OURS = (LABELS - {"request_id"}) | {"level", "logger", "thread", "created"}
"""Values that this product alone makes: no secret can stand in them."""
OWN_HANDLERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "dramatiq", "asyncio")
"""Loggers of libraries that bring handlers of their own: theirs go, ours remain."""

Event = MutableMapping[str, Any]


def configure_logging(
    path: Path | None,
    *,
    tty: bool,
    level: str = "INFO",
    secrets: Iterable[str] = (),
) -> Callable[[], None]:
    """Send every log line of this process to `path` (ECS JSON) and, with `tty`, to stderr.

    `path` is rotated at 20 MB, five old files are kept, all 0600. `secrets` are values that must
    never be written. Returns a function that takes everything back (for tests and the very end).
    Uncaught errors of threads are logged too.
    """
    redactor = Redactor(secrets)
    handlers: list[logging.Handler] = []
    if path is not None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = _PrivateFile(path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")
        file.setFormatter(_formatter([_to_ecs, _render], redactor))
        handlers.append(file)
    if tty:
        screen = logging.StreamHandler(sys.stderr)
        screen.setFormatter(_formatter([_for_people, _console()], redactor))
        handlers.append(screen)
    return _install(handlers, level)


def _install(handlers: list[logging.Handler], level: str) -> Callable[[], None]:
    root = logging.getLogger()
    before = (list(root.handlers), root.level, threading.excepthook)
    root.handlers[:] = handlers
    root.setLevel(level.upper())
    for name in OWN_HANDLERS:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    logging.captureWarnings(capture=True)
    threading.excepthook = _log_thread_error
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )

    def restore() -> None:
        root.handlers[:], threading.excepthook = before[0], before[2]
        root.setLevel(before[1])
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()
        for handler in handlers:
            handler.close()

    return restore


def _formatter(last: "list[Processor]", redactor: Redactor) -> logging.Formatter:
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.ExtraAdder(),
    ]

    def redact(_logger: object, _name: str, event: Event) -> Event:
        return {
            key: value if key in _OURS else redactor.data(value, key)
            for key, value in event.items()
        }

    def cut(_logger: object, _name: str, event: Event) -> Event:
        for key in ("event", "exception"):
            if len(text := str(event.get(key, ""))) > MESSAGE_CHARS:
                event[key] = f"{text[:MESSAGE_CHARS]} ... ({len(text)} characters)"
        return event

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.contextvars.merge_contextvars,
            _from_record,
            structlog.processors.format_exc_info,
            redact,
            cut,
            *last,
        ],
    )


def _from_record(_logger: object, _name: str, event: Event) -> Event:
    """Take time, level, logger and thread from the record; drop what is only plumbing."""
    record: logging.LogRecord = event.pop("_record")
    for plumbing in ("_from_structlog", "color_message", "taskName"):
        event.pop(plumbing, None)
    event["level"] = record.levelname.lower()
    event["logger"] = record.name
    event["thread"] = record.threadName
    event["created"] = record.created
    given = event.get("exc_info")
    kind, error, _ = sys.exc_info() if given is True else given or (None, None, None)
    if kind is not None:
        event["error_type"], event["error_message"] = kind.__name__, str(error)
    return event


def _to_ecs(_logger: object, _name: str, event: Event) -> Event:
    """Give every key its ECS name; ids become labels, our own keys go below `claude_agent`."""
    moment = datetime.fromtimestamp(event.pop("created"), tz=UTC)
    line: dict[str, Any] = {
        "@timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "event": event.pop("event"),
        "log": {"level": event.pop("level"), "logger": event.pop("logger")},
        "process": {"pid": os.getpid(), "thread": {"name": event.pop("thread")}},
        "service": {"name": "claude-agent", "version": __version__},
    }
    error = {
        field: event.pop(key) for key, field in _ERROR_FIELDS.items() if event.get(key) is not None
    }
    labels = {key: str(event.pop(key)) for key in LABELS & event.keys() if event[key] is not None}
    own = {key: _plain(value) for key, value in event.items() if value is not None}
    extras = {"error": error, "labels": labels, "claude_agent": own}
    return line | {key: value for key, value in extras.items() if value}


_ECS = ecs_logging.StructlogFormatter()


def _render(logger: object, name: str, event: Event) -> str:
    return _ECS(logger, name, dict(event))


_ERROR_FIELDS = {"error_type": "type", "error_message": "message", "exception": "stack_trace"}


def _plain(value: Any) -> Any:
    """Return what JSON can hold; anything else as text."""
    if isinstance(value, dict):
        return {str(key).replace(".", "_"): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _for_people(_logger: object, _name: str, event: Event) -> Event:
    moment = datetime.fromtimestamp(event.pop("created"), tz=UTC).astimezone()
    event["timestamp"] = f"{moment:%H:%M:%S}"
    for key in ("thread", "error_type", "error_message"):
        event.pop(key, None)
    event["logger"] = str(event["logger"]).removeprefix("claude_agent.")
    event["event"] = "".join(
        c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in str(event["event"])
    )
    return event


def _console() -> "Processor":
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR"),
        exception_formatter=structlog.dev.plain_traceback,
        pad_event_to=0,
    )


def _log_thread_error(problem: threading.ExceptHookArgs) -> None:
    if problem.exc_type is SystemExit or problem.exc_value is None:
        return
    name = problem.thread.name if problem.thread else "unknown"
    logging.getLogger("claude_agent.threads").critical(
        "thread %s ended with an error nobody caught",
        name,
        exc_info=(problem.exc_type, problem.exc_value, problem.exc_traceback),
    )


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """A rotated log file that only its owner may read."""

    @override
    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """Look at the file alone: measuring the record would mean to format it twice."""
        return self.stream is not None and os.fstat(self.stream.fileno()).st_size >= self.maxBytes

    @override
    def _open(self) -> Any:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "a", encoding=self.encoding, errors="backslashreplace")

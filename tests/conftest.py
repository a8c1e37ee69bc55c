"""What holds for every test: a private HOME, no silent skip in CI, nothing left running."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from claude_agent.core import cel
from tests.waiting import wait_until

pytest_plugins = (
    "tests.servers.kubernetes",
    "tests.servers.model.server",
    "tests.servers.postgres",
    "tests.servers.rabbitmq",
    "tests.servers.redis",
)

cel.install()  # as the server does; imported only by a test that needs it
CI = bool(os.environ.get("CI"))
GRACE_S = 5.0
"""How long a process may take to notice that its test is over."""
FROM_HOME = (".npmrc", ".npm")
"""What npm needs of the person's home: where packages come from, and its cache."""

hypothesis.settings.register_profile("house", deadline=None, derandomize=CI, print_blob=True)
hypothesis.settings.load_profile("house")


class Session:
    """The private home of this test run and what was found running in it at the end."""

    def __init__(self) -> None:
        folder = Path(__file__).parent.parent / ".test-home"
        folder.mkdir(exist_ok=True)
        self.home = Path(tempfile.mkdtemp(prefix="t-", dir=folder))
        self.leaked: list[str] = []

    def open(self) -> None:
        """Make the environment private: no test sees the person's settings, server or tmux."""
        person = Path(os.environ.get("HOME") or Path.home())
        for name in FROM_HOME:
            if (person / name).exists():
                (self.home / name).symlink_to(person / name)
        for name in list(os.environ):
            if name.startswith(("CLAUDE_AGENT_", "XDG_", "TMUX")):
                del os.environ[name]
        os.environ["HOME"] = str(self.home)
        os.environ["CLAUDE_AGENT_HOME"] = str(self.home / "home")

    def close(self) -> None:
        """Name and kill every process that still lives in our home; remove the home."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not self._living(), timeout=GRACE_S, what="the tests' processes")
        for pid, command in self._living():
            self.leaked.append(f"pid {pid}: {command}")
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)

    def _living(self) -> list[tuple[int, str]]:
        """A process belongs to us if our home stands in its environment (tmux servers too)."""
        mark = f"HOME={self.home}".encode()
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit() or int(folder.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes():
                    words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                    found.append((int(folder.name), words.decode(errors="replace")[:200]))
        return found


SESSION = pytest.StashKey[Session]()
LEAKED = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEAKED] = []
    _heed_signals()
    if _only_distributes(config):
        return
    session = Session()
    session.open()
    config.stash[SESSION] = session


def _heed_signals() -> None:
    """Heed what `nohup` and `&` made this process ignore: children would, and never end by it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def _only_distributes(config: pytest.Config) -> bool:
    """Whether this process runs no test itself: with `-n` each worker has its own home."""
    return bool(config.getoption("numprocesses", None)) and not hasattr(config, "workerinput")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    leaked = config.stash[LEAKED]
    ours = config.stash.get(SESSION, None)
    if ours is not None:
        ours.close()
        leaked += ours.leaked
    if hasattr(config, "workeroutput"):
        config.workeroutput["leaked"] = leaked
    elif leaked and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker found running in its home when its tests were over."""
    node.config.stash[LEAKED] += getattr(node, "workeroutput", {}).get("leaked", [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for leak in config.stash[LEAKED]:
        terminalreporter.write_line(f"LEAKED by the tests and killed: {leak}", red=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skip is an error: a missing server or tool must not look like a pass."""
    report = yield
    report.sections = [(name, _utf8(text)) for name, text in report.sections]
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


def _utf8(text: str) -> str:
    """What a test printed, as workers can send it: half characters replaced."""
    return text.encode(errors="replace").decode()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def prove_scale() -> int:
    """By how much `make prove` multiplies counts; 1 in `make test`."""
    return max(1, int(os.environ.get("PROVE_SCALE", "1")))

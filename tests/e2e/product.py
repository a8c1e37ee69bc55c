"""A whole product on a home of its own: keeper, server, tmux, shims; and their deaths."""

import contextlib
import http.client
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from claude_sdk import ClaudeSystem
from claude_sdk.discovery import ServerFile, read_server_file
from claude_sdk.transport import Patience
from tests.waiting import wait_until

PROGRAM = Path(sys.executable).with_name("claude-agent")
TOOLS = Path(__file__).parents[2] / ".tools" / "bin"
"""Node, where `make setup` had to bring it."""
TERMINAL = frozenset({"succeeded", "dead", "cancelled", "rejected", "expired"})
ENDED = frozenset({"succeeded", "failed", "cancelled", "compensated", "compensation_failed"})


class Product:
    """One installation. `close` ends everything that carries its home, whatever state it is in."""

    def __init__(self, home: Path, environ: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.work = home.with_name(home.name + "-work")
        self.work.mkdir()
        self.ledger = self.work / "ledger.jsonl"
        self.environ = {
            **{name: value for name, value in os.environ.items() if name != "CLAUDE_AGENT_HOME"},
            "PATH": f"{PROGRAM.parent}:{TOOLS}:{os.environ['PATH']}",
            "CLAUDE_AGENT_HOME": str(home),
            "NO_COLOR": "1",
            **(environ or {}),
        }
        self.system = ClaudeSystem(home=home, patience=Patience(budget=30.0))

    # The command line -----------------------------------------------------------------------

    def cli(
        self, *words: str, expect: int | None = 0, timeout: float = 90.0, **how: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; fail the test unless it exits with `expect` (None: any)."""
        how.setdefault("env", self.environ)
        how.setdefault("cwd", self.work)
        how.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(
            [str(PROGRAM), *words],
            check=False,
            text=True,
            capture_output=True,
            timeout=timeout,
            **how,
        )
        if expect is not None and done.returncode != expect:
            said = f"{done.stdout}\n{done.stderr}".strip()
            what = f"claude-agent {shlex.join(words)[:200]} exited with {done.returncode}"
            self._fail(f"{what}, not {expect}: {said[-3000:]}")
        return done

    def json(self, *words: str, expect: int | None = 0) -> Any:
        """Run a command with `-o json` and return its document."""
        return json.loads(self.cli(*words, "-o", "json", expect=expect).stdout)

    def up(self) -> int:
        """Start it and return the server's pid."""
        self.cli("up", "--detach", "--port", "0")
        return self.address().pid

    def down(self, *words: str) -> subprocess.CompletedProcess[str]:
        """End it as a person does."""
        return self.cli("down", *words)

    def ask(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Send one request as it is, without a retry; return (status, document)."""
        parts = urlsplit(self.address().url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        sent = {"Authorization": f"Bearer {self.token if token is None else token}"}
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body=data, headers={**sent, **headers})
            answer = connection.getresponse()
            raw = answer.read()
            return answer.status, json.loads(raw) if raw else None
        finally:
            connection.close()

    @property
    def token(self) -> str:
        """The operator's token."""
        return (self.home / "token").read_text().strip()

    # Tasks and the ledger -------------------------------------------------------------------

    def entry(self, step: str = "$CLAUDE_AGENT_STEP") -> str:
        """Return shell text that writes this start into the ledger."""
        pattern = '{"run_id":"%s","task_id":"%s","run":%s,"attempt":%s,"step":"%s"}\\n'
        # A run id is TASK.RUN, or TASK.RUN.gates-K for the gates of a run.
        values = '"$CLAUDE_AGENT_RUN_ID" "$CLAUDE_AGENT_TASK_ID" "${run%%.*}"'
        values += f' "$CLAUDE_AGENT_ATTEMPT" "{step}"'
        write = f"printf '{pattern}' {values} >> {shlex.quote(str(self.ledger))}"
        return f"run=${{CLAUDE_AGENT_RUN_ID#*.}}; {write}"

    def held(self, name: str) -> str:
        """Return shell text that says in the ledger that it runs, and waits for `let_go(name)`."""
        gate = shlex.quote(str(self.work / name))
        return f"{self.entry(name)}\nwhile [ ! -e {gate} ]; do sleep 0.05; done\necho {name} done"

    def settle(self) -> None:
        """Let go of everything and bring every open task to its end; a product stays usable."""
        for entry in self.entries():
            self.let_go(entry["step"])
        if not lives(self.keeper):
            self.up()
        self.serves()
        for state in ("held", "scheduled", "ready", "running", "verifying", "uncertain"):
            for task in self.system.tasks.list(state=state, limit=500)["items"]:
                self.system.tasks.cancel(task["id"])

    def let_go(self, name: str) -> None:
        """Let a held command end well."""
        (self.work / name).touch()

    def submit(self, run: str, **more: Any) -> Any:
        """Submit shell text; return the accepted task."""
        body = {"run": run, "agent": "testing", "cwd": str(self.work), **more}
        return self.system.tasks.submit(body)

    def entries(self, step: str | None = None) -> list[dict[str, Any]]:
        """Return the whole lines of the ledger, or those of one step."""
        if not self.ledger.exists():
            return []
        lines = [
            json.loads(x) for x in self.ledger.read_text().splitlines(keepends=True) if "\n" in x
        ]
        return [line for line in lines if step is None or line["step"] == step]

    def started(self, step: str, times: int = 1) -> list[dict[str, Any]]:
        """Wait until a command has written itself into the ledger so many times."""
        return wait_until(
            lambda: found if len(found := self.entries(step)) >= times else None,
            timeout=40,
            what=f"{step} in the ledger {times} times",
        )

    def folder(self, run_id: str) -> Path:
        """Return the run folder of a run."""
        return self.home / "runs" / run_id.replace(".", "/")

    def task(self, ref: str) -> Any:
        """Return a task."""
        return self.system.tasks.get(ref)

    def reaches(self, ref: str, *states: str, timeout: float = 40.0) -> Any:
        """Wait until a task is in one of some states and return it."""
        return self._wait(lambda: self.task(ref), states, timeout, f"task {ref}")

    def execution_reaches(self, ref: str, *states: str, timeout: float = 40.0) -> Any:
        """Wait until an execution is in one of some states and return it."""
        read = lambda: self.system.executions.get(ref)  # noqa: E731 - one line
        return self._wait(read, states, timeout, f"execution {ref}")

    def _wait(
        self, read: Callable[[], Any], states: Sequence[str], timeout: float, what: str
    ) -> Any:
        last: list[Any] = [None]

        def probe() -> Any:
            last[0] = read()
            return last[0] if last[0]["state"] in states else None

        try:
            return wait_until(
                probe, timeout=timeout, what=f"{what} {' or '.join(states)}", every=0.05
            )
        except AssertionError as error:
            self._fail(f"{error}; last: {last[0]}", error)

    def events(self, subject: str) -> list[str]:
        """Return the types of the events of one task or execution, in order."""
        return [
            frame["type"]
            for frame in self.system.events.all()
            if frame["id"].rpartition("/")[2] == subject
        ]

    def said(self, type_: str, times: int = 1, subject: str = "") -> None:
        """Wait until the log has an event so many times, of one subject or of any."""

        def probe() -> bool:
            frames = self.system.events.all()
            found = [x for x in frames if x["type"] == type_ and x["id"].endswith(subject)]
            return len(found) >= times

        wait_until(probe, timeout=60, what=f"{type_} in the log {times} times", every=0.2)

    def adopted(self, task_id: str, times: int = 1) -> None:
        """Wait until a task was adopted so many times."""
        self.said("task.adopted", times, task_id)

    def verify(self, *, expect: int = 0) -> Any:
        """Hold the ledger against the log."""
        return self.json("event", "verify", "--ledger", str(self.ledger), expect=expect)

    # Processes ------------------------------------------------------------------------------

    def address(self) -> ServerFile:
        """Return what the server wrote about itself."""
        found = read_server_file(str(self.home))
        assert found is not None, f"no server.json in {self.home}"
        return found

    @property
    def server(self) -> int:
        """The server's pid."""
        return self.address().pid

    @property
    def keeper(self) -> int:
        """The keeper's pid."""
        return int((self.home / "keeper.pid").read_text())

    def tmux(self) -> int | None:
        """Return the pid of the tmux server that answers now."""
        words = ["tmux", "-S", str(self.home / "tmux.sock"), "display-message", "-p", "#{pid}"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return int(done.stdout) if done.returncode == 0 and done.stdout.strip() else None

    def shims(self) -> dict[str, int]:
        """Return {run id: pid} of the shims that live."""
        found = {}
        for pid, words in commands():
            folder = shim_folder(words)
            if folder.startswith(f"{self.home}/runs/"):
                task, run = Path(folder).relative_to(self.home / "runs").parts[:2]
                found[f"{task}.{run}"] = pid
        return found

    def shim(self, run_id: str) -> int:
        """Wait for the shim of a run and return its pid."""
        return wait_until(lambda: self.shims().get(run_id), what=f"the shim of {run_id}")

    def kill(self, pid: int, number: int = signal.SIGKILL) -> None:
        """Signal a process; SIGKILL waits for its end."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if number == signal.SIGKILL:
            wait_until(lambda: not lives(pid), what=f"the end of pid {pid}")

    def kill_server(self) -> int:
        """kill -9 the server, wait for the keeper's next one to serve, return its pid."""
        old = self.server
        self.kill(old)
        return self.serves(not_pid=old)

    def serves(self, *, not_pid: int = 0, timeout: float = 40.0) -> int:
        """Wait until a server other than `not_pid` answers its health; return its pid."""

        def probe() -> int | None:
            found = read_server_file(str(self.home))
            if found is None or found.pid == not_pid or not lives(found.pid):
                return None
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                status, document = self.ask("GET", "/health")
                return found.pid if status == 200 and document.get("pid") == found.pid else None
            return None

        try:
            return wait_until(probe, timeout=timeout, what="a server that serves", every=0.05)
        except AssertionError as error:
            self._fail(str(error), error)

    def processes(self) -> dict[int, str]:
        """Return every process whose command line or environment names this home."""
        mark = str(self.home).encode()
        found = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit() or int(folder.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes()
                if mark in words or mark in (folder / "environ").read_bytes():
                    found[int(folder.name)] = words.replace(b"\0", b" ").decode(errors="replace")
        return found

    def is_gone(self) -> None:
        """Fail unless no process of the home is left (I16); the last may take a moment to die."""
        wait_until(lambda: not self.processes(), timeout=3, what=f"an end of {self.processes()}")

    def _fail(self, what: str, cause: Exception | None = None) -> NoReturn:
        message = f"{what}\n{self.story()}"
        raise AssertionError(message) from cause

    def story(self) -> str:
        """Return the end of the logs, for the message of a failed test."""
        told = []
        for name in ("server.jsonl", "keeper.log"):
            with contextlib.suppress(OSError):
                lines = (self.home / "logs" / name).read_text(errors="replace").splitlines()
                told += [f"--- {name}", *(line[:600] for line in lines[-25:])]
        return "\n".join(told)

    def close(self) -> None:
        """End everything of this home and remove it."""
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            self.cli("down", "--stop-agents", expect=None, timeout=45)
        self.system.close()
        wait_until(self._clean, timeout=10, what=f"an end of {self.processes()}")
        if not os.environ.get("KEEP_E2E"):
            shutil.rmtree(self.home, ignore_errors=True)
            shutil.rmtree(self.work, ignore_errors=True)

    def _clean(self) -> bool:
        left = self.processes()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left


@contextlib.contextmanager
def product(environ: Mapping[str, str] | None = None, *, up: bool = True) -> Iterator[Product]:
    """A product on a new home with a short path (socket names are limited), ended afterwards."""
    base = Path(tempfile.mkdtemp(prefix="ca-", dir="/tmp"))
    made = Product(base / "h", environ)
    try:
        if up:
            made.up()
        yield made
    finally:
        made.close()
        if not os.environ.get("KEEP_E2E"):
            shutil.rmtree(base, ignore_errors=True)


def lives(pid: int) -> bool:
    """Say whether a process is there and not merely waiting to be collected."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return False
    return stat[stat.rindex(")") + 2] not in "ZX"


def shim_folder(words: list[str]) -> str:
    """Return the run folder that a shim was called with; "" for another command."""
    at = next((n for n, word in enumerate(words) if word.endswith("shim.pyz")), None)
    return words[at + 1] if at is not None and at + 1 < len(words) else ""


def commands() -> Iterator[tuple[int, list[str]]]:
    """Yield the pid and the words of every process of the machine."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if len(words) > 1:
                    yield int(folder.name), words[:-1]

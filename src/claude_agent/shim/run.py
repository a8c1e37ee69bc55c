"""One run from the first command to the verdict."""

import posix

from claude_agent.shim import command, machine, record, verdict
from claude_agent.shim.asks import Asks
from claude_agent.shim.bell import Bell
from claude_agent.shim.control import ControlSocket
from claude_agent.shim.desk import Desk
from claude_agent.shim.handover import Secrets
from claude_agent.shim.journal import Journal
from claude_agent.shim.ladder import Ladder
from claude_agent.shim.loop import WRITE, Loop
from claude_agent.shim.machine import monotonic
from claude_agent.shim.pane import Pane
from claude_agent.shim.reap import Reaping
from claude_agent.shim.screen import Screen
from claude_agent.shim.signals import SIGCHLD, SIGINT, SIGTERM
from claude_agent.shim.spec import Spec, SpecError, check_digest
from claude_agent.shim.streams import Streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from resource import struct_rusage

    from claude_agent.shim.talk import Talk
    from claude_agent.shim.talking import TalkTap

BEAT_S = 5.0
RETRY_S = 1.0


class Run:
    """Drives the commands of a specification; `go` returns when the verdict is on disk."""

    def __init__(
        self,
        spec: Spec,
        begun: "dict[str, object]",
        loop: Loop,
        *,
        folder: str = ".",
        approved: str | None = None,
    ) -> None:
        self._spec = spec
        self._folder = folder
        self._approved = approved
        self._loop = loop
        self._bell = Bell(spec.bell, spec.run_id)
        self._journal = Journal(self._bell)
        self._pane = Pane()
        self._streams = Streams(loop, spec, self._journal, self._pane)
        self._secrets = Secrets(spec)
        self._asks = Asks(self._journal, lambda: self._secrets.needles)
        self._ladder = Ladder(spec.stop_ms)
        self._begun = begun
        self._record = record.Record(spec, int(str(begun["at"])))
        self._prctl = machine.find_prctl()
        self._adopts = self._prctl(machine.PR_SET_CHILD_SUBREAPER, 1)
        self._childless = False
        self._control: ControlSocket | None = None
        self._talk: Talk | None = None
        self._command: command.Command | None = None
        self._reaping: Reaping | None = None
        self._verdict: dict[str, object] | None = None
        self._verdict_due: float | None = None
        self._beat_due = monotonic() + BEAT_S
        self._pane_watched = False
        self._screen: Screen | None = None
        self._index = 0
        loop.on_signal = self._on_signal

    def go(self, error: str | None = None) -> None:
        """Run everything; with `error` only say that it cannot be run."""
        begun = {key: self._begun[key] for key in ("pid", "start_time", "boot_id")}
        self._journal.later("begun", **begun)
        self._journal.flush()  # rings: readers know at once; it is synced with the line after it
        self._pane.say(f"== {self._spec.title}  {self._spec.ref}")
        error = error or self._prepare()
        if error is None:
            self._start(0)
        else:
            self._conclude(error)
        while not self._over():
            self._loop.once(self._due())
            self._tick(monotonic())
        if self._control is not None:
            self._control.close()
        self._bell.ring()

    def _prepare(self) -> str | None:
        try:
            self._secrets.take()
            machine.write_whole("beat", b"")
            verdict.reserve_room()
            check_digest(self._spec, self._folder, self._approved)
            self._secrets.fill(self._spec.env)
            if self._spec.screen:
                self._lend_pane()
            self._streams.hidden = self._secrets.needles
            self._asks.load(home=self._spec.env.get("HOME", ""), cwd=self._spec.cwd)
            desk = Desk(self, self._spec, self._journal, self._bell, self._asks)
            self._control = ControlSocket(self._loop, desk.answer)
        except SpecError as error:
            return str(error)
        except OSError as error:
            return f"folder: {error.strerror}"
        return None

    def _lend_pane(self) -> None:
        try:
            self._screen = Screen()
        except OSError as error:
            message = "no_screen: there is no pane to type in"
            raise SpecError(message) from error
        self._screen.dress(self._spec.env)

    # The commands, one after the other.

    def _start(self, index: int) -> None:
        self._index = index
        if len(self._spec.commands) > 1:
            self._pane.say(f"-- {self._spec.commands[index][0]}")
        try:
            tap = self._open_talk()
        except (SpecError, OSError) as error:
            self._conclude(str(error))
            return
        self._talk = tap.talk if tap is not None else None
        outputs = self._streams.open(tap)
        pipe = self._talk.inlet.theirs if self._talk is not None else None
        try:
            self._command = command.start(self._spec, index, outputs, self._prctl, pipe)
        except command.SpawnError as error:
            self._streams.close()
            self._conclude(str(error))
            return
        finally:
            for fd in set(outputs):
                posix.close(fd)
        started = self._command
        self._journal.lifecycle(
            "started", command=started.name, index=started.index, pid=started.pid
        )
        if self._talk is not None:
            self._talk.begin()

    def _open_talk(self) -> "TalkTap | None":
        if not self._spec.talks:
            return None
        # Not at the top: plain runs do without it, and it is a third of the shim.
        talking = __import__("claude_agent.shim.talking", fromlist=("open_talk",))
        where = (self._spec, self._loop, self._streams, self._asks, self._journal.drop)
        tap: TalkTap = talking.open_talk(*where)
        return tap

    def _collect(self) -> None:
        """Take in every child that has ended: the command, and orphans that became ours."""
        self._childless = False
        try:
            while (ended := posix.wait4(-1, posix.WNOHANG))[0]:
                self._took_in(*ended)
        except ChildProcessError:
            self._childless = True
        running = self._command
        if running is not None and running.status is not None and self._reaping is None:
            self._ladder.end()
            if self._childless and self._adopts and not self._record.stopped:
                self._finish(running)  # no child of any kind is left: nothing to look for
            else:
                self._reaping = Reaping(self._spec.run_id, monotonic())

    def _took_in(self, pid: int, status: int, usage: "struct_rusage") -> None:
        running = self._command
        if running is not None and pid == running.pid:
            running.status = status
            running.ended = monotonic()
            self._record.used(usage)

    def _finish(self, ended: command.Command) -> None:
        self._command = None
        self._reaping = None
        if self._screen is not None:
            self._screen.take_back()
        self._streams.close()
        self._talk = None
        self._record.ended(ended)
        self._journal.lifecycle(
            "ended", command=ended.name, index=ended.index, code=ended.code, signal=ended.signal
        )
        more = ended.index + 1 < len(self._spec.commands)
        if ended.code == 0 and more and not self._record.stopped:
            self._start(ended.index + 1)
        else:
            self._conclude(None)

    # The verdict.

    def _conclude(self, error: str | None) -> None:
        self._asks.close()
        error = self._secrets.clean() or error
        self._streams.log.sync()
        self._journal.tell_dropped()
        self._verdict = self._record.done(
            error=error, index=self._index, output_bytes=self._streams.log.total
        )
        self._pane.say(record.describe(self._verdict))
        self._verdict_due = monotonic()
        self._give_verdict(self._verdict_due)

    def _give_verdict(self, now: float) -> None:
        if self._verdict is None or self._verdict_due is None or now < self._verdict_due:
            return
        if verdict.write_verdict(self._verdict):
            self._verdict_due = None
            self._journal.lifecycle("exit", **self._verdict)
        else:
            self._verdict_due = now + RETRY_S

    def _over(self) -> bool:
        if self._verdict is None:
            return False
        if self._verdict_due is None and self._journal.durable:
            return True
        return posix.stat(".").st_nlink == 0  # the folder was deleted: there is nobody to tell

    # Time.

    def _due(self) -> "list[float | None]":
        reaping = None if self._reaping is None else self._reaping.due
        return [
            self._journal.due,
            self._bell.due,
            self._ladder.due,
            self._asks.due,
            reaping,
            self._verdict_due,
            self._beat_due,
            None if self._talk is None else self._talk.due,
        ]

    def _tick(self, now: float) -> None:
        if now >= self._beat_due:
            self._beat_due = now + BEAT_S
            self._journal.tell_dropped()
            machine.attempt(posix.utime, "beat")  # on a full or lost disk the run goes on
        self._journal.tick(now)
        self._bell.tick(now)
        if self._talk is not None and self._talk.tick(now):
            self._ladder.skip_to("term", now)
        self._climb(now)
        self._asks.tick(now)
        running = self._command
        clean = self._reaping is not None and self._reaping.tick(now)
        if clean and running is not None and running.status is not None:
            self._finish(running)
        self._give_verdict(now)
        self._tend_pane()

    def _tend_pane(self) -> None:
        wanted = self._pane.wants_write
        if wanted and not self._pane_watched:
            self._loop.watch(self._pane.fd, WRITE, self._pane.flush)
        elif self._pane_watched and not wanted:
            self._loop.forget(self._pane.fd)
        self._pane_watched = wanted

    # Stopping, and what others ask for.

    def _climb(self, now: float) -> None:
        stage = self._ladder.tick(now)
        if stage is None:
            return
        name, number = stage
        self._journal.lifecycle("stopping", stage=name)
        if name != "soft" or self._talk is None or not self._talk.cancel():
            self._signal(number)
        if name == "kill" and self._reaping is None:
            self._reaping = Reaping(self._spec.run_id, now)

    def _signal(self, number: int) -> bool:
        running = self._command
        if running is None or running.status is not None:
            return False
        try:
            posix.killpg(running.pid, number)
        except OSError:  # ended in this moment
            return False
        return True

    def _on_signal(self, number: int) -> None:
        if number == SIGCHLD:
            self._collect()
        elif number == SIGINT:  # Ctrl-C in the pane
            self.interrupt()
        elif number == SIGTERM:
            self.stop(at_once=False)

    def interrupt(self) -> bool:
        """Interrupt the running command as Ctrl-C does; False when none runs.

        One that is spoken with is asked to end its turn.
        """
        if self._talk is not None and self._talk.cancel():
            return True
        return self._signal(SIGINT)

    def send(self, data: object) -> tuple[bool, str]:
        """Tell the agent `{text}` when its turn has ended; return whether, and how it was taken."""
        if self._talk is None:
            return False, "no_input"  # plain commands have their whole input from the start
        return self._talk.send(data)

    def stop(self, *, at_once: bool) -> bool:
        """Stop the run by the ladder, or kill it at once; False when nothing runs any more."""
        if self._command is None:
            return False
        self._record.stopped = True  # also between two commands: the next must not start
        if self._command.status is not None:
            return False
        now = monotonic()
        if at_once:
            self._ladder.skip_to("kill", now)
        else:
            self._ladder.begin(now)
        self._climb(now)
        return True

    def state(self) -> "dict[str, object]":
        """Return what a status request shows."""
        running = self._command
        return {
            "run_id": self._spec.run_id,
            "run": self._spec.run,
            "pid": posix.getpid(),
            "state": "running" if running is not None else "ending",
            "command": self._spec.commands[self._index][0],
            "index": self._index,
            "command_pid": None if running is None else running.pid,
            "stopping": self._ladder.stage,
            "started_at": self._begun["at"],
            "output_bytes": self._streams.log.total,
            "n": self._journal.n,
        }

"""A run folder as the server sees it: what is to run goes in, claim, signs of life and verdict out.

The other side is the shim (`claude_agent/shim`). Nothing here waits and nothing here signals a
process; every answer is read from files, so that any process on this host can ask.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from claude_agent.agents.run_files import age_ms, boot_id, last, put, sync_folder, withdraw
from claude_agent.clock import SystemClock
from claude_agent.errors import Conflict, Invalid

OUTPUTS_BYTES = 64 * 1024
OWN_KEY = "token"
"""The file with what the run shows to the server."""
_ENDED = frozenset({"Z", "X", "x"})


class OutputsInvalid(Invalid):
    """What a command left as its outputs is not one JSON object of at most 64 kB."""

    code = "outputs_invalid"


class RunFolderTaken(Conflict):
    """There is a specification in this run folder already; a run number is used once."""

    code = "run_folder_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may write."""

    output_bytes: int = 64 << 20
    """Of `output.log` and its rotated half together."""
    event_bytes: int = 32 << 20
    """Of protocol lines kept as events; later ones are dropped and counted."""
    line_bytes: int = 1 << 20
    """Longer lines are never parsed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTimes:
    """How long the steps of the stop ladder wait."""

    soft_ms: int = 5_000
    int_ms: int = 5_000
    term_ms: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """Everything the shim needs to know; `digest` is filled in by `RunFolder.write`."""

    run_id: str
    task_id: str
    run: int
    fence: int
    agent: str
    ref: str
    title: str
    commands: tuple[tuple[str, tuple[str, ...]], ...]
    """(name, argv) one after the other; the first that does not exit 0 ends the run."""
    cwd: str
    env: Mapping[str, str]
    """The complete environment of the commands."""
    stdin: str | None = None
    """Name of a file in the folder, None for no input."""
    protocol: Literal["none", "jsonl", "lines"] | str = "none"
    """`jsonl`: each line of stdout that is a JSON object becomes an event; `lines`: every line."""
    bell: str | None = None
    """Path of a datagram socket to ring."""
    limits: Limits = Limits()
    stop: StopTimes = StopTimes()
    files: tuple[str, ...] = ()
    """Names of the files beside it that belong to what is approved; filled in by `write`."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What else was approved: agent, adapter, the whole task, `repo` and `named` files."""
    secrets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Environment variable to (secret, version); the values are nowhere in the folder."""
    handover: str = ""
    """The file with the values, outside the folder; its shim removes it."""
    digest: str = ""
    portable: str = ""
    """The digest of what means the same on every host; empty: nobody was asked."""

    def to_data(self) -> dict[str, Any]:
        """Return the content of `spec.json`."""
        commands = [{"name": name, "argv": list(argv)} for name, argv in self.commands]
        more: dict[str, object] = {"env": dict(self.env), "files": list(self.files)}
        more |= {"about": dict(self.about), "secrets": {k: [*v] for k, v in self.secrets.items()}}
        plain = asdict(replace(self, env={}, about={}, secrets={}))
        return {"v": 1, **plain, "commands": commands, **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A shim has claimed the run."""

    pid: int
    start_time: int
    """Clock ticks since boot, field 22 of the process's stat: tells a reused pid apart."""
    boot_id: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A resolver has claimed the run: it never begins."""

    fence: int
    by: int
    """The resolver's pid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a run ended, from `exit.json`."""

    run_id: str
    run: int
    fence: int
    code: int | None
    signal: int | None
    error: str | None
    """Why nothing was run (`digest_mismatch`, `spawn: …`), else None."""
    failed: str | None
    """Name of the command that did not exit 0."""
    index: int
    """The command that was reached."""
    started_at: int
    ended_at: int
    usage: Mapping[str, int]
    """`user_ms`, `sys_ms`, `max_rss_kb`."""
    output_bytes: int
    stopped: bool
    """The run was asked to stop before it ended."""
    results: tuple[Mapping[str, Any], ...]
    """`{name, code, signal, ms}` of every command that ran."""

    @property
    def ok(self) -> bool:
        """Say whether every command exited 0."""
        return self.error is None and self.failed is None and self.code == 0

    def to_data(self) -> dict[str, Any]:
        """Return the verdict as it stands in `exit.json`."""
        return {"v": 1, **asdict(self), "results": [dict(each) for each in self.results]}


_OURS = ("RUN_ID", "ATTEMPT", "FENCE", "URL", "FAILURE_KIND", "FAILURE_MESSAGE", "FEEDBACK")
PASSING = frozenset({f"CLAUDE_AGENT_{name}" for name in _OURS}) | {"TRACEPARENT"}
"""Names that are ours and different at each attempt: no part of what is approved."""


def compute_digest(spec: RunSpec, files: Mapping[str, bytes], folder: str) -> str:
    """Return the SHA-256 of what will run: commands, folder, environment, files, limits, about.

    The run folder's own path stands as `{run}`: each attempt has another. So does our own address
    in a command as `{url}`. The shim computes the same again over what it is about to run
    (`shim/spec.py`).
    """
    mine = os.fsencode(folder)
    url = spec.env.get("CLAUDE_AGENT_URL", "")
    data = spec.to_data()
    canonical = json.dumps(
        {
            "v": 2,
            "commands": [
                {"name": name, "argv": [_neutral(word, folder, url) for word in argv]}
                for name, argv in spec.commands
            ],
            "cwd": spec.cwd,
            "env": {
                key: value.replace(folder, "{run}")
                for key, value in spec.env.items()
                if key not in PASSING
            },
            "stdin": spec.stdin,
            "files": {
                name: hashlib.sha256(content.replace(mine, b"{run}")).hexdigest()
                for name, content in files.items()
            },
            "limits": data["limits"],
            "about": data["about"],
            **({"secrets": data["secrets"]} if spec.secrets else {}),
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _neutral(word: str, folder: str, url: str) -> str:
    word = word.replace(folder, "{run}")
    return word.replace(url, "{url}") if url else word


class RunFolder:
    """One folder `runs/<task_id>/<run>/`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(
        self, spec: RunSpec, files: Mapping[str, bytes], shim: Path, *, token: str = ""
    ) -> RunSpec:
        """Make the folder with everything the shim needs; return the spec with its digest.

        `files` are put beside it (`script.sh`, `with.json`, the stdin), and the run's own token.
        The spec comes last and whole. Raises RunFolderTaken, OSError.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (self.path / "spec.json").exists():
            message = f"The run folder {self.path} is in use already."
            raise RunFolderTaken(message)
        for name, content in files.items():
            mode = 0o500 if name == "script.sh" else 0o600
            put(self.path / name, content, mode)
        if token:
            put(self.path / OWN_KEY, token.encode("ascii"), 0o600)
        named = replace(spec, files=tuple(sorted(files)))
        ready = replace(named, digest=compute_digest(named, files, str(self.path)))
        image = self.path / "shim.pyz"
        try:
            os.link(shim, image)
        except OSError:  # another file system, or no links there
            shutil.copy2(shim, image)
        text = json.dumps(ready.to_data(), separators=(",", ":"))
        draft = self.path / ".spec.json"
        put(draft, text.encode("ascii"), 0o600)
        draft.replace(self.path / "spec.json")
        return ready

    def claim(self) -> Begun | Sealed | None:
        """Return who has claimed the run, None while nobody has."""
        data = self._json("claim")
        if data is None:
            return None
        if data["kind"] == "sealed":
            return Sealed(fence=data["fence"], by=data["by"])
        return Begun(
            pid=data["pid"],
            start_time=data["start_time"],
            boot_id=data["boot_id"],
            at=data["at"],
        )

    def seal(self, fence: int) -> bool:
        """Make sure that the run never begins; False: its shim has begun already.

        Makes the folder if it is missing, so that a shim that comes late finds it sealed.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._seal(fence)

    def seal_if_made(self, fence: int) -> bool:
        """Seal the folder if there is one; True unless its shim has begun."""
        return self._seal(fence) if self.path.is_dir() else True

    def _seal(self, fence: int) -> bool:
        draft = self.path / f".seal-{os.getpid()}-{fence}-{os.urandom(4).hex()}"
        sealed = {"kind": "sealed", "fence": fence, "by": os.getpid()}
        try:
            put(draft, json.dumps(sealed).encode("ascii"), 0o600, sync=True)
            os.link(draft, self.path / "claim")
            with contextlib.suppress(FileExistsError):  # left by a resolver that was killed here
                os.link(draft, self.path / "sealed")
        except FileExistsError:
            return isinstance(self.claim(), Sealed)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(self.path)
        withdraw(self.path)
        return True

    def verdict(self) -> Verdict | None:
        """Return how the run ended, None while it has no verdict."""
        data = self._json("exit.json")
        if data is None:
            return None
        known = {name: data[name] for name in Verdict.__dataclass_fields__}
        return Verdict(**{**known, "results": tuple(data["results"])})

    def shim_alive(self) -> bool:
        """Say whether the very process that began this run is still there."""
        claim = self.claim()
        if not isinstance(claim, Begun) or claim.boot_id != boot_id():
            return False
        try:
            stat = Path(f"/proc/{claim.pid}/stat").read_text("utf-8", "replace")
        except OSError:
            return False
        state, *fields = stat[stat.rindex(")") + 2 :].split()
        return state not in _ENDED and int(fields[18]) == claim.start_time

    def reaped(self) -> bool:
        """Say whether it is proved that nothing of the run is left."""
        return (self.path / "reaped.json").exists()

    def write_reaped(self, killed: list[int], *, scans: int = 2, at: int | None = None) -> None:
        """Write down that two scans in a row found nothing, after `killed` were ended."""
        moment = SystemClock().now() if at is None else at
        withdraw(self.path)
        record = {"at": moment, "by": os.getpid(), "killed": killed, "scans": scans}
        draft = self.path / f".reaped-{os.getpid()}"
        put(draft, json.dumps(record).encode("ascii"), 0o600, sync=True)
        draft.replace(self.path / "reaped.json")
        sync_folder(self.path)

    def beat_age_ms(self, now: int) -> int | None:
        """Return how long ago the shim touched its beat, None when it never did."""
        return age_ms(self.path / "beat", now)

    def quiet_ms(self, now: int, *, beat: bool = False) -> int | None:
        """Return how long nothing was printed; counted from the begin when nothing ever was.

        `beat`: how long ago the command gave a sign of life instead; None: it never gave one.
        """
        if beat:
            return age_ms(self.path / "heartbeat", now)
        ages = (age_ms(self.path / name, now) for name in ("output.log", "begun"))
        return next((age for age in ages if age is not None), None)

    def outputs(self) -> dict[str, Any] | None:
        """Return what the command left in `outputs.json`, None when there is no such file.

        Raises OutputsInvalid.
        """
        path = self.path / "outputs.json"
        hint = "The command writes one JSON object to the file named by CLAUDE_AGENT_OUTPUTS."
        try:
            with path.open("rb") as file:
                text = file.read(OUTPUTS_BYTES + 1)
            if len(text) > OUTPUTS_BYTES:
                message = f"The outputs are over {OUTPUTS_BYTES // 1024} kB."
                raise OutputsInvalid(message, hint="Write large results to a file and its path.")
            found = json.loads(text)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            message = f"The outputs cannot be read: {error}."
            raise OutputsInvalid(message, hint=hint) from error
        if not isinstance(found, dict):
            message = "The outputs are not a JSON object."
            raise OutputsInvalid(message, hint=hint)
        return found

    def tail(self, size: int) -> bytes:
        """Return the last `size` bytes that were printed, over a rotation."""
        newest = last(self.path / "output.log", size)
        if len(newest) < size:
            newest = last(self.path / "output.log.1", size - len(newest)) + newest
        return newest

    def workplace(self) -> str:
        """Return the folder in which the run works; "" where its specification cannot be read."""
        try:
            return str(json.loads((self.path / "spec.json").read_bytes())["cwd"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def _json(self, name: str) -> dict[str, Any] | None:
        try:
            data: dict[str, Any] = json.loads((self.path / name).read_bytes())
        except FileNotFoundError:
            return None
        return data

"""What to run: `spec.json`, read once and held against its digest."""

import posix

from claude_agent.shim import codec, machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class SpecError(Exception):
    """The specification cannot be run; the text goes into the verdict's `error`."""


class Spec:
    """A readable specification; attributes carry the names of its keys."""

    def __init__(self, data: "dict[str, Any]") -> None:
        try:
            self.data = data
            self.run_id: str = data["run_id"]
            self.run = int(data["run"])
            self.fence = int(data["fence"])
            self.title = str(data.get("title") or "")
            self.ref = str(data.get("ref") or "")
            self.commands: list[tuple[str, list[str]]] = [
                (str(each["name"]), [str(word) for word in each["argv"]])
                for each in data["commands"]
            ]
            self.cwd: str = data["cwd"]
            self.env: dict[str, str] = {key: data["env"][key] + "" for key in data["env"]}
            self.stdin: str | None = data.get("stdin")
            self.jsonl = data.get("protocol") == "jsonl"
            self.bell: str | None = data.get("bell")
            limits = data["limits"]
            self.output_bytes = int(limits["output_bytes"])
            self.event_bytes = int(limits["event_bytes"])
            self.line_bytes = int(limits["line_bytes"])
            stop = data["stop"]
            self.stop_ms = (int(stop["soft_ms"]), int(stop["int_ms"]), int(stop["term_ms"]))
        except (KeyError, TypeError, ValueError) as error:
            message = f"spec: {type(error).__name__}: {error}"
            raise SpecError(message) from error
        if not self.commands or not all(argv for _name, argv in self.commands):
            message = "spec: a command without words"
            raise SpecError(message)


def read_spec() -> Spec:
    """Read `spec.json` of the current folder. Raises SpecError."""
    try:
        data = codec.loads(machine.read_bytes("spec.json").decode("utf-8"))
    except (OSError, ValueError) as error:
        message = f"spec: {error}"
        raise SpecError(message) from error
    return Spec(data)


def unreadable_spec() -> Spec:
    """Return what stands in for a specification that could not be read: nothing to run."""
    return Spec(
        {
            "run_id": "",
            "run": 0,
            "fence": 0,
            "commands": [{"name": "", "argv": ["false"]}],
            "cwd": "/",
            "env": {},
            "limits": {"output_bytes": 0, "event_bytes": 0, "line_bytes": 0},
            "stop": {"soft_ms": 0, "int_ms": 0, "term_ms": 0},
        }
    )


def digest(data: "dict[str, Any]", *, stdin: bytes | None, script: bytes | None) -> str:
    """Return the digest of what is about to run: the contract between approval and execution.

    The server computes the same in `agents/run_folder.py`; a test compares the two.
    """
    env = data["env"]
    canonical = codec.dumps(
        {
            "commands": data["commands"],
            "cwd": data["cwd"],
            "env": {key: env[key] for key in env if not key.startswith("CLAUDE_AGENT_")},
            "stdin_sha256": None if stdin is None else codec.sha256(stdin).hexdigest(),
            "script_sha256": None if script is None else codec.sha256(script).hexdigest(),
        }
    )
    return str(codec.sha256(canonical.encode("ascii")).hexdigest())


def check_digest(spec: Spec) -> None:
    """Refuse to run anything but what was approved. Raises SpecError `digest_mismatch`."""
    try:
        stdin = None if spec.stdin is None else machine.read_bytes(spec.stdin)
        script = machine.read_bytes("script.sh") if _exists("script.sh") else None
    except OSError as error:
        message = f"spec: {error}"
        raise SpecError(message) from error
    if digest(spec.data, stdin=stdin, script=script) != spec.data.get("digest"):
        message = "digest_mismatch"
        raise SpecError(message)


def _exists(path: str) -> bool:
    try:
        posix.stat(path)
    except FileNotFoundError:
        return False
    return True

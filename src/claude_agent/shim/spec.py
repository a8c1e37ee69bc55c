"""What to run: `spec.json`, read once and held against its digest."""

from claude_agent.shim import checkout, codec, machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


TALKS = ("acp", "app-server")
"""Protocols in which the command is spoken with."""


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
            self.jsonl = data.get("protocol") in ("jsonl", "lines")
            self.plain = data.get("protocol") == "lines"
            self.screen = data.get("protocol") == "tui"
            self.talks = str(data["protocol"]) if data.get("protocol") in TALKS else ""
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


# Ours, and different at each attempt: no part of what was approved.
_OURS = ("RUN_ID", "ATTEMPT", "FENCE", "URL", "FAILURE_KIND", "FAILURE_MESSAGE", "FEEDBACK")
PASSING = frozenset("CLAUDE_AGENT_" + name for name in _OURS) | {"TRACEPARENT"}


def digest(data: "dict[str, Any]", folder: str, files: "dict[str, bytes]") -> str:
    """Return the digest of what is about to run: the contract between approval and execution.

    The run folder's own path stands as `{run}`: each attempt has another; our own address in a
    command as `{url}`. The server computes the
    same in `agents/run_folder.py`; a test compares the two.
    """
    env = data["env"]
    url = env.get("CLAUDE_AGENT_URL") or ""
    mine = folder.encode("utf-8", "surrogateescape")
    canonical = codec.dumps(
        {
            "v": 2,
            "commands": [
                {"name": each["name"], "argv": [_neutral(x, folder, url) for x in each["argv"]]}
                for each in data["commands"]
            ],
            "cwd": data["cwd"],
            "env": {key: _neutral(env[key], folder) for key in env if key not in PASSING},
            "stdin": data.get("stdin"),
            "files": {
                name: codec.sha256(files[name].replace(mine, b"{run}")).hexdigest()
                for name in files
            },
            "limits": data["limits"],
            "about": data.get("about") or {},
            **({"secrets": data["secrets"]} if data.get("secrets") else {}),
        }
    )
    return str(codec.sha256(canonical.encode("ascii")).hexdigest())


def _neutral(text: str, folder: str, url: str = "") -> str:
    text = text.replace(folder, "{run}")
    return text.replace(url, "{url}") if url else text


def check_digest(spec: Spec, folder: str, approved: str | None) -> None:
    """Refuse to run anything but what was approved. Raises SpecError `digest_mismatch`.

    `approved` comes with the command line, from the server that read it in its database: who
    changes the folder cannot change that too.
    """
    data = spec.data
    told = data.get("digest") if approved is None else approved
    try:
        files = {name: machine.read_bytes(name) for name in data.get("files") or ()}
        same = data.get("digest") == told == digest(data, folder, files)
        same = same and checkout.unchanged(data.get("about") or {})
    except OSError as error:
        message = f"spec: {error}"
        raise SpecError(message) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"spec: {type(error).__name__}: {error}"
        raise SpecError(message) from error
    if not same:
        message = "digest_mismatch"
        raise SpecError(message)

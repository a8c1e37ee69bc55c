"""The secrets of a run: read once from a file outside the run folder, which is removed at once."""

import posix

from claude_agent.shim import codec, machine
from claude_agent.shim.mask import mask_file
from claude_agent.shim.spec import Spec, SpecError

BLOCK = 64
OWN_KEY = "token"
"""The file with what the run shows to the server."""
OWN_VARIABLE = "CLAUDE_AGENT_RUN_TOKEN"
"""Where a command that asks for it by an empty value finds the same."""
WRITTEN = ("outputs.json", "heartbeat")
"""Files of the run folder that the command itself writes."""


class Secrets:
    """What was handed over: the values by variable, and the texts that must not be written."""

    def __init__(self, spec: Spec) -> None:
        self._asked = spec.data.get("secrets") or {}
        self._path = str(spec.data.get("handover") or "")
        self._key = b""
        self._values: dict[str, str] = {}
        self.needles: list[bytes] = []

    def take(self) -> None:
        """Read the file and remove it. Raises SpecError `secrets: ...`."""
        if not self._asked:
            return
        try:
            raw = machine.read_bytes(self._path)
            posix.unlink(self._path)
            data = codec.loads(raw.decode("ascii"))
            self._key = bytes.fromhex(data["key"])
            self._values = {key: data["values"][key] + "" for key in data["values"]}
            self.needles = [each.encode("latin-1") for each in data["needles"]]
        except OSError as error:
            message = f"secrets: they were not handed over: {error.strerror}"
            raise SpecError(message) from None
        except (KeyError, TypeError, ValueError) as error:
            message = f"secrets: {type(error).__name__}"  # never the text: it may hold a value
            raise SpecError(message) from None

    def fill(self, env: "dict[str, str]") -> None:
        """Put the values into an environment. Raises SpecError where one is not the approved."""
        if set(self._values) != set(self._asked):
            message = "digest_mismatch"
            raise SpecError(message)
        for variable in self._asked:
            name, version = self._asked[variable]
            if version_of(self._key, name, self._values[variable]) != version:
                message = "digest_mismatch"
                raise SpecError(message)
        env.update(self._values)
        if env.get(OWN_VARIABLE) == "":
            own = machine.read_bytes(OWN_KEY)
            env[OWN_VARIABLE] = own.decode("ascii")
            self.needles.append(own)

    def clean(self) -> "str | None":
        """Take the values out of what the command wrote into the folder; return what is wrong."""
        try:
            for name in WRITTEN if self.needles else ():
                mask_file(name, self.needles)
        except OSError as error:
            return f"secrets: what was written could not be masked: {error.strerror}"
        return None


def version_of(key: bytes, name: str, value: str) -> str:
    """Return HMAC-SHA256 over name and value: the same in `storage/secrets.py`."""
    text = name.encode("ascii") + b"\0" + value.encode("utf-8", "surrogateescape")
    key = key.ljust(BLOCK, b"\0")
    inner = codec.sha256(bytes(each ^ 0x36 for each in key) + text).digest()
    return str(codec.sha256(bytes(each ^ 0x5C for each in key) + inner).hexdigest())

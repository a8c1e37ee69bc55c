"""Secrets of workflow steps: where their values are, and by what they are known without them.

A value is read at the moment a run starts and is kept nowhere but in memory.
"""

import contextlib
import hashlib
import hmac
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from claude_agent.errors import Invalid, SetupError

VARIABLE = "CLAUDE_AGENT_SECRET_"
FILE = "secrets.toml"
KEY_FILE = "secrets.key"
KEY_BYTES = 32
SHORTEST = 4
"""Characters; what is shorter stands in every output by chance and cannot be masked."""
LONGEST_BYTES = 16_384
_PLACE = re.compile(r"\(at [a-z0-9, ]+\)")


class SecretMissing(Invalid):
    """A secret that a step names has no value on this server, or one that cannot be used."""

    code = "secret_missing"


class SecretStore:
    """The values of this server: its environment first, then `<home>/secrets.toml`."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self._home = home
        self._environment = environment
        self._seen: dict[str, set[str]] = {}

    def value(self, name: str) -> str:
        """Return the value of a secret as it is now. Raises SecretMissing, SetupError."""
        found = self._environment.get(VARIABLE + name)
        place = f"the variable {VARIABLE}{name}"
        if not found:
            place = str(self._home / FILE)
            found = self._file().get(name)
        if not found:
            hint = f"Set {VARIABLE}{name} where the server starts, or write it into {place} (0600)."
            message = f"The secret {name} is nowhere: neither in the server's environment"
            message += f" ({VARIABLE}{name}) nor in {place}."
            raise SecretMissing(message, hint=hint)
        _check(name, found, place)
        self._seen.setdefault(name, set()).add(found)
        return found

    def values(self, names: Iterable[str]) -> dict[str, str]:
        """Return the values of some secrets by their names. Raises as `value`."""
        return {name: self.value(name) for name in names}

    def problem(self, name: str) -> str:
        """Return why a secret cannot be used now; empty: it can."""
        try:
            self.value(name)
        except (SecretMissing, SetupError) as error:
            return error.detail
        return ""

    def check(self, names: Iterable[str]) -> None:
        """Raise SecretMissing or SetupError unless every one of these can be used now."""
        self.values(names)

    def version(self, name: str, value: str) -> str:
        """Return what stands for a value: HMAC-SHA256 with the home's own key, in hex."""
        text = name.encode() + b"\0" + value.encode("utf-8", "surrogateescape")
        return hmac.new(self.key(), text, hashlib.sha256).hexdigest()

    def known(self, names: Iterable[str]) -> set[str]:
        """Return every value of these that this process has met; it never fails."""
        found: set[str] = set()
        for name in names:
            # It may be gone by now: what was handed out before is still known.
            with contextlib.suppress(Invalid, SetupError, OSError):
                self.value(name)
            found |= self._seen.get(name, set())
        return found

    def key(self) -> bytes:
        """Return the home's key for versions; made at the first use (0600)."""
        path = self._home / KEY_FILE
        if not path.exists():
            draft = path.with_name(f".{KEY_FILE}.{os.getpid()}.{os.urandom(4).hex()}")
            fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(os.urandom(KEY_BYTES))
                file.flush()
                os.fsync(fd)
            try:
                os.link(draft, path)
            except FileExistsError:
                pass  # another process was first: its key counts
            finally:
                draft.unlink()
        return path.read_bytes()

    def _file(self) -> Mapping[str, str]:
        path = self._home / FILE
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno())
                if stat.S_IMODE(mode.st_mode) & 0o077 or mode.st_uid != os.geteuid():
                    message = f"The file {path} can be read by others: chmod 600 {path}"
                    raise SetupError(message, hint=f"chmod 600 {path}")
                found = tomllib.loads(file.read().decode())
        except FileNotFoundError:
            return {}
        except ValueError as error:  # never its text: it may quote a value
            where = _PLACE.search(str(error))
            message = f"The file {path} is not TOML {where[0] if where else ''}".rstrip()
            raise SetupError(message, hint='Write NAME = "value", one a line.') from None
        wrong = sorted(name for name, value in found.items() if not isinstance(value, str))
        if wrong:
            message = f"In {path} {wrong[0]} is not text."
            raise SetupError(message, hint='Write NAME = "value", one a line.')
        return found


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the values of secrets: what a child may inherit."""
    return {name: each for name, each in environment.items() if not name.startswith(VARIABLE)}


def _check(name: str, value: str, place: str) -> None:
    wrong = ""
    if len(value) < SHORTEST:
        wrong = f"is shorter than {SHORTEST} characters, which nothing can mask"
    elif len(value.encode("utf-8", "surrogateescape")) > LONGEST_BYTES:
        wrong = f"is longer than {LONGEST_BYTES // 1024} KiB"
    elif "\0" in value:
        wrong = "holds a zero byte"
    if wrong:
        message = f"The secret {name} {wrong} ({place})."
        raise SecretMissing(message, hint="Give it another value.")

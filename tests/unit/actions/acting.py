"""Runs an action as the product does: its own process, values in the environment."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """How an action ended."""

    code: int
    shown: str
    complaint: str
    outputs: dict[str, object] | None


def environment(home: Path, more: Mapping[str, object] | None = None) -> dict[str, str]:
    """The environment of an action: `with_x` becomes CLAUDE_AGENT_WITH_X, X stays."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CLAUDE_AGENT_")}
    told = {
        "CLAUDE_AGENT_HOME": str(home),
        "CLAUDE_AGENT_RUN_ID": f"test-{os.getpid()}.1",
        "CLAUDE_AGENT_EXECUTION_ID": "execution-1",
    }
    for name, value in (more or {}).items():
        if name.startswith("with_"):
            key = "CLAUDE_AGENT_WITH_" + re.sub(r"\W", "_", name[5:]).upper()
            told[key] = value if isinstance(value, str) else json.dumps(value)
        else:
            told[name] = str(value)
    return kept | told


def act(name: str, *, folder: Path, home: Path, **more: object) -> Acted:
    """Perform the action `name` in `folder` and return how it ended."""
    folder.mkdir(parents=True, exist_ok=True)
    home.mkdir(parents=True, exist_ok=True)
    outputs = home / f"outputs-{name}.json"
    outputs.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "claude_agent.actions", name],
        cwd=folder,
        env=environment(home, {"CLAUDE_AGENT_OUTPUTS": outputs, **more}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    left = json.loads(outputs.read_text()) if outputs.exists() else None
    return Acted(code=done.returncode, shown=done.stdout, complaint=done.stderr, outputs=left)

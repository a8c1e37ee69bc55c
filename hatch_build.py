"""Build the dashboard into the package when a wheel is made and it is not there yet.

Skipped for editable installs and with `CLAUDE_AGENT_SKIP_WEB=1`: the server then serves a page
that says how to build it.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DashboardHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs `npm ci && npm run build` in dashboard/."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build unless there is nothing to do; says in one sentence what is missing."""
        root = Path(self.root)
        built = root / "src" / "claude_agent" / "dashboard" / "index.html"
        sources = root / "dashboard"
        skip = version == "editable" or os.environ.get("CLAUDE_AGENT_SKIP_WEB") == "1"
        if skip or built.exists() or not (sources / "package.json").exists():
            return
        npm = shutil.which("npm")
        if npm is None:
            message = "npm is needed to build the dashboard (or set CLAUDE_AGENT_SKIP_WEB=1)"
            raise SystemExit(message)
        for command in (["ci"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=sources, check=True)  # noqa: S603 - fixed words

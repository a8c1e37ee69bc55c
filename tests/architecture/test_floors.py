"""Floors: what may import what. The contracts stand in pyproject.toml."""

import subprocess
import sys

import pytest

from tests.architecture.files import ROOT, imported, python_files, shown

ALONE = {
    "src/claude_agent/shim": ("claude_agent.shim",),
    "src/claude_agent/appd": ("claude_agent.appd",),
    "src/claude_agent/actions": ("claude_agent.actions", "claude_agent.appd"),
    "src/claude_agent/keeper.py": ("claude_agent.keeper_child", "claude_agent.keeper_loop"),
    "src/claude_agent/keeper_loop.py": ("claude_agent.keeper_child",),
    "src/claude_agent/keeper_child.py": (),
    "src/claude_sdk": ("claude_sdk", "websockets"),
}
"""Processes that stand alone: the standard library and these packages, nothing else."""


def test_floors_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("place", ALONE)
def test_process_that_stands_alone_imports_only_the_standard_library(place: str) -> None:
    files = python_files(place)
    assert files, f"{place} is gone: correct this list"
    strange = {
        f"{shown(path)} imports {name}"
        for path in files
        for name in imported(path)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not any(name == own or name.startswith(f"{own}.") for own in ALONE[place])
    }
    assert strange == set()


def test_siblings_do_not_import_how_logs_are_written() -> None:
    users = {
        shown(path)
        for path in python_files("src")
        if any(name.startswith("claude_agent.observe") for name in imported(path))
        and "/observe/" not in shown(path)
    }
    processes = {f"src/claude_agent/{name}.py" for name in ("app", "server", "worker_daemon")}
    assert users <= processes

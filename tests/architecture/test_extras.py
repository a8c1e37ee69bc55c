"""A plain installation has no extras: nothing may ask for one before a setting does."""

import subprocess
import sys
import tomllib

import pytest

from tests.architecture.files import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MODULES = {
    "mcp": ("mcp", "mcp_types"),
    "postgresql": ("psycopg", "psycopg_pool"),
    "rabbitmq": ("pika",),
    "redis": ("redis",),
}
STARTS = ("claude_agent.server", "claude_agent.worker_daemon", "claude_agent.cli.main")
PLAIN = """
import importlib, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
importlib.import_module({module!r})
"""


def test_every_extra_is_known_here() -> None:
    assert set(PROJECT["project"]["optional-dependencies"]) == set(MODULES)


@pytest.mark.parametrize("module", STARTS)
def test_what_a_person_starts_needs_no_extra(module: str) -> None:
    names = {name for extra in MODULES.values() for name in extra}
    # What only tests have: it hides what the package forgot to name.
    names |= {"hypothesis", "pytest", "jsonschema", "playwright", "psutil"}
    words = [sys.executable, "-c", PLAIN.format(names=names, module=module)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr

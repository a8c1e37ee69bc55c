"""The server's memory: logging must not drag a terminal library in."""

import subprocess
import sys

PROBE = """
import sys
import claude_agent.observe.logs
print("rich" in sys.modules, "structlog" in sys.modules)
import rich
"""


def test_logging_does_not_import_rich_and_leaves_it_importable() -> None:
    told = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, check=False
    )
    assert told.stdout.split() == ["False", "True"]
    assert told.stderr == "" or "No module named 'rich'" in told.stderr

"""The page of actions says what the registry says."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_actions_page_is_made_from_the_registry() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "actions_page.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr

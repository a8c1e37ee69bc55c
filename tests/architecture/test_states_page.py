"""The page of states says what the code says."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_states_page_is_made_from_the_tables() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "states_page.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr

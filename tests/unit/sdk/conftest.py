from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_sdk import ClaudeSystem, Patience
from tests.wire_server import WireServer, serving

QUICK = Patience(budget=3.0, first=0.01, most=0.05)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "URL", "TOKEN", "TOKEN_FILE"):
        monkeypatch.delenv(f"CLAUDE_AGENT_{name}", raising=False)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WireServer]:
    with serving(tmp_path / "home") as running:
        yield running


@pytest.fixture
def system(server: WireServer, tmp_path: Path) -> Iterator[ClaudeSystem]:
    with ClaudeSystem(home=tmp_path / "home", patience=QUICK) as client:
        yield client

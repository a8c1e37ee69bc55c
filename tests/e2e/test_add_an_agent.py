"""The page "Add an agent", followed literally: its two files drive a CLI that we do not ship."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.product import product
from tests.e2e.test_agent_matrix import ENDS, SIGNALS, Bench, play
from tests.servers.agents import Cli
from tests.servers.model.server import Model

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "add-an-agent.md"
MOST_LINES = 150
SCOUT = Cli("scout", "SCOUT_KEY", "SCOUT_URL", path="/v1", model="stub-model")
pytestmark = pytest.mark.timeout(300)


def blocks(kind: str) -> list[str]:
    """Return the page's pieces of code of one kind, in order."""
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture(scope="module")
def bench(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A product with the page's package installed beside it, and the program on its PATH."""
    place = tmp_path_factory.mktemp("scout")
    (source := place / "claude-agent-scout").mkdir()
    (source / "pyproject.toml").write_text(blocks("toml")[0])
    (source / "claude_agent_scout.py").write_text(blocks("python")[0])
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-build-isolation"]
    target = ["--no-index", "--disable-pip-version-check", "--target", str(place / "site")]
    subprocess.run([*pip, *target, str(source)], check=True)
    (place / "bin").mkdir()
    program = place / "bin" / "scout"
    shutil.copy(ROOT / "tests" / "servers" / "scout.py", program)
    program.chmod(0o755)
    environ = SCOUT.environ(model)
    environ["PATH"] = f"{program.parent}:{environ['PATH']}"
    with product({**environ, "PYTHONPATH": str(place / "site")}) as made:
        yield Bench(SCOUT, made, model)


def test_the_page_keeps_its_promise_of_length() -> None:
    assert (
        sum(len(each.splitlines()) for each in (blocks("toml")[0], *blocks("python"))) < MOST_LINES
    )


def test_the_agent_of_the_page_ends_in_each_way_as_it_should(bench: Bench) -> None:
    assert "scout" in bench.product.cli("agent", "show", "testing").stdout
    play(bench, ENDS, 1)


def test_the_agent_of_the_page_leaves_nothing_behind_after_signals(bench: Bench) -> None:
    play(bench, SIGNALS, 1)

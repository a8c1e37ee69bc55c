import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.agents import journal, shim_builder
from tests.unit.agents.crew import Crew
from tests.unit.core.stand import compare_with_the_log


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shim as it is put into run folders."""
    return shim_builder.build(tmp_path_factory.mktemp("image"))


@pytest.fixture
def crew(image: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    """A fleet whose threads do not run yet; it looks at its runs ten times a second."""
    monkeypatch.setattr(journal, "LOOK_S", 0.1)
    folder = Path(tempfile.mkdtemp(prefix="crew-"))  # short: sockets' paths have a limit
    one = Crew(folder, image)
    yield one
    compare_with_the_log(one.stand)
    one.close()
    shutil.rmtree(folder, ignore_errors=True)

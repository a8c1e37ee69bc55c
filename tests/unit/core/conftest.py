"""The fixture of the core: the tests run on every database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.core.stand import Stand, compare_with_the_log


@pytest.fixture(params=["sqlite", "postgresql"])
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    """The core on a fresh database; at the end its rows are compared with the log."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    one = Stand(tmp_path, url=url)
    yield one
    compare_with_the_log(one)
    one.close()

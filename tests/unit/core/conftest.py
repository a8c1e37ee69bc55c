from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.core.stand import Stand, compare_with_the_log


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """The core on a fresh database; at the end its rows are compared with the log."""
    one = Stand(tmp_path)
    yield one
    compare_with_the_log(one)
    one.close()

"""The products under test; every test here carries the mark `e2e`."""

from collections.abc import Iterator

import pytest

from tests.e2e.main_job import MainJob
from tests.e2e.product import Product, product


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/e2e/" in item.nodeid:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def _for_all() -> Iterator[Product]:
    with product() as made:
        yield made


@pytest.fixture
def shared(_for_all: Product) -> Iterator[Product]:
    """A product that most tests share: it serves, and no task of another test is open."""
    yield _for_all
    _for_all.settle()


@pytest.fixture
def fresh() -> Iterator[Product]:
    """A product of a test's own."""
    with product() as made:
        yield made


@pytest.fixture
def empty() -> Iterator[Product]:
    """A home of a test's own on which nothing was started."""
    with product(up=False) as made:
        yield made


@pytest.fixture(scope="session")
def main_job() -> Iterator[MainJob]:
    """The main job on a product of its own, with release 1 of the shop deployed."""
    with product() as made:
        job = MainJob(made)
        job.deploy("release-1", expect=0)
        yield job

"""One product for each module of tests; every test here carries the mark `e2e`."""

from collections.abc import Iterator

import pytest

from tests.e2e.main_job import MainJob
from tests.e2e.product import Product, product


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/e2e/" in item.nodeid:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="module")
def _of_module() -> Iterator[Product]:
    with product() as made:
        yield made


@pytest.fixture
def shared(_of_module: Product) -> Iterator[Product]:
    """A product that the tests of one module share; after each it serves and nothing is open."""
    yield _of_module
    _of_module.settle()


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

"""The tutorial and the how-tos do what they show: every command, every line of the answers."""

from pathlib import Path

from tests.architecture.files import ROOT
from tests.e2e.product import Product
from tests.e2e.told import Reader, write_files

DOCS = ROOT / "docs"


def follow(product: Product, page: str, folder: Path) -> Reader:
    reader = Reader(product, folder)
    reader.follow(DOCS / page)
    return reader


def test_first_workflow_does_what_the_page_shows(fresh: Product) -> None:
    reader = follow(fresh, "tutorial/first-workflow.md", fresh.work)
    assert len(reader.refs) == 4
    assert (fresh.work / "site" / "live" / "page.html").exists()


def test_undoing_does_what_the_page_shows(fresh: Product) -> None:
    follow(fresh, "how-to/compensation.md", fresh.work)


def test_how_tos_do_what_they_show(empty: Product) -> None:
    pages = ("approvals", "secrets", "schedules-and-triggers")
    write_files(DOCS / "how-to" / "approvals.md", empty.work)  # the policy is read at the start
    empty.up()
    for page in pages:
        follow(empty, f"how-to/{page}.md", empty.work)


def test_answering_questions_does_what_the_page_shows(empty: Product) -> None:
    write_files(DOCS / "how-to" / "questions.md", empty.work)  # its agent is read at the start
    empty.up()
    reader = follow(empty, "how-to/questions.md", empty.work)
    assert len(reader.refs) == 3

"""The documentation: links lead somewhere, decisions are short, the changelog is kept."""

import re

from tests.architecture.files import ROOT, project_files, shown

LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")
ADR_LINES = 40


def test_links_between_pages_lead_somewhere() -> None:
    broken = {
        f"{shown(page)}: {target}"
        for page in project_files()
        if page.suffix == ".md"
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    }
    assert broken == set()


def test_decisions_are_numbered_short_and_complete() -> None:
    pages = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        assert len(text.splitlines()) <= ADR_LINES, page
        assert text.startswith(f"# {int(page.name[:4])}. "), page
        for heading in ("## Why", "## Decision", "## Consequences"):
            assert heading in text, f"{page} has no {heading}"


def test_changelog_has_a_part_for_what_is_not_released() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in text
    assert "### Added" in text


def test_every_documented_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    named = {t for page in pages for t in re.findall(r"`make ([a-z-]+)", page.read_text())}
    assert named
    targets = re.findall(r"^([a-z -]+):", makefile, re.MULTILINE)
    assert named <= {name for line in targets for name in line.split()}

"""No committed file names a package registry, a person's machine or a place only we know."""

import re

from tests.architecture.files import ROOT, project_files, shown

FORBIDDEN = tuple(
    first + second
    for first, second in (  # in two parts, so that this file does not name them either
        ("/wo", "rk/"),
        ("../sha", "red"),
        (".libr", "ary/"),
        ("pypi", ".org"),
        ("python", "hosted"),
        ("npm", "js.org"),
    )
)
MIRROR = re.compile(r"\b(?:deb|archive|security|ports)\.(?:debian|ubuntu)\.")
"""A host that a distribution's packages come from."""
BINARY = {".png", ".ico", ".woff2", ".gz", ".db"}


def texts() -> dict[str, str]:
    return {
        shown(path): path.read_text(encoding="utf-8", errors="replace")
        for path in project_files()
        if path.suffix not in BINARY
    }


def test_no_file_names_a_registry_or_a_private_place() -> None:
    found = {
        f"{name}: {word}" for name, text in texts().items() for word in FORBIDDEN if word in text
    }
    assert found == set()
    assert [name for name, text in texts().items() if MIRROR.search(text)] == []
    assert MIRROR.search(".".join(("http://deb", "debian", "org")))


def test_locked_requirements_carry_a_hash_for_each_line_and_no_address() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert {lock.name for lock in locks} >= {"run.txt", "dev.txt", "build.txt", "node.txt"}
    for lock in locks:
        text = lock.read_text()
        pins = re.findall(r"^[a-zA-Z0-9_.\[\]-]+==", text, re.MULTILINE)
        blocks = re.split(r"^(?=[a-zA-Z0-9])", text, flags=re.MULTILINE)
        assert pins, lock
        assert all("--hash=sha256:" in block for block in blocks if "==" in block), lock
        assert "://" not in text, lock
        assert "--index" not in text, lock


def test_package_locks_name_no_host() -> None:
    locks = [path for path in project_files() if path.name == "package-lock.json"]
    assert [shown(path) for path in locks if '"resolved": "http' in path.read_text()] == []

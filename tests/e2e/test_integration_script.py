"""scripts/test_integration.sh names the first link that is broken."""

import shutil
import subprocess
from pathlib import Path

from tests.e2e.product import Product

SCRIPT = Path(__file__).parents[2] / "scripts" / "test_integration.sh"
LINKS = ["server", "API", "queue", "tmux", "result", "event", "page"]


def look(
    product: Product, home: Path, *, path: str = "", patience: int = 10
) -> tuple[int, list[tuple[str, str]]]:
    """Run the script on a home; return its exit code and (verdict, link) of each line."""
    done = subprocess.run(
        [str(SCRIPT), str(home)],
        check=False,
        capture_output=True,
        text=True,
        env={**product.environ, "PATIENCE": str(patience), "PATH": path or product.environ["PATH"]},
        timeout=110,
    )
    words = [line.split() for line in done.stdout.splitlines()]
    return done.returncode, [(line[0], line[1]) for line in words]


def test_script_finds_every_link_whole(shared: Product) -> None:
    code, told = look(shared, shared.home)
    assert told == [("ok", link) for link in LINKS]
    assert code == 0


def test_script_names_a_missing_server(shared: Product, tmp_path: Path) -> None:
    assert look(shared, tmp_path) == (1, [("BROKEN", "server")])


def test_script_names_an_api_that_refuses(shared: Product, tmp_path: Path) -> None:
    shutil.copy(shared.home / "server.json", tmp_path)
    (tmp_path / "token").write_text("not-the-token\n")
    assert look(shared, tmp_path) == (1, [("ok", "server"), ("BROKEN", "API")])


def test_script_names_a_tmux_that_shows_nothing(shared: Product, tmp_path: Path) -> None:
    (tmp_path / "tmux").write_text("#!/bin/sh\necho a screen without the command\n")
    (tmp_path / "tmux").chmod(0o755)
    code, told = look(shared, shared.home, path=f"{tmp_path}:{shared.environ['PATH']}", patience=1)
    assert code == 1
    assert told == [*(("ok", link) for link in LINKS[:3]), ("BROKEN", "tmux")]


def test_script_refuses_wrong_use() -> None:
    done = subprocess.run([str(SCRIPT), "--help"], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage" in done.stderr

"""A damaged database is named by every way in: the API, the commands, doctor, the start."""

import sqlite3

from tests.e2e.product import Product

TITLE = "the title that breaks"


def spoil(product: Product, old: bytes, new: bytes) -> None:
    """Write other bytes over those in the closed file, as a bad disk does."""
    path = product.home / "claude-agent.db"
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


def test_half_a_character_in_a_text_is_named_everywhere(fresh: Product) -> None:
    broken = fresh.submit("true", title=TITLE)
    fresh.reaches(broken["ref"], "succeeded")
    healthy = fresh.cli("doctor", expect=None).stdout
    assert "kB" in next(line for line in healthy.splitlines() if "database" in line)
    fresh.down()
    spoil(fresh, TITLE.encode(), TITLE.encode()[:-1] + b"\xff")
    found = fresh.cli("db", "verify", expect=7)
    assert "is damaged" in found.stderr
    assert "Traceback" not in found.stderr
    told = fresh.cli("doctor", expect=1).stdout
    assert "is damaged: Could not decode to UTF-8" in told
    assert "backups/" in told
    # Its pages are whole, so the server starts, and what is not damaged goes on.
    fresh.up()
    status, problem = fresh.ask("GET", f"/tasks/{broken['id']}")
    assert (status, problem["code"]) == (503, "corrupt")
    assert "is damaged" in problem["detail"]
    assert "backups/" in problem["hint"]
    shown = fresh.cli("task", "show", broken["id"], expect=7)
    assert "is damaged" in shown.stderr
    fresh.reaches(fresh.submit("true")["ref"], "succeeded")
    log = (fresh.home / "logs" / "server.jsonl").read_text()
    assert "unforeseen error" not in log


def test_a_state_that_does_not_exist_is_named_with_its_task(fresh: Product) -> None:
    broken = fresh.submit("true", title=TITLE)
    fresh.reaches(broken["ref"], "succeeded")
    fresh.down()
    with sqlite3.connect(fresh.home / "claude-agent.db") as connection:
        connection.execute("UPDATE tasks SET evidence = '[' WHERE title = ?", [TITLE])
    fresh.up()
    status, problem = fresh.ask("GET", f"/tasks/{broken['id']}")
    assert (status, problem["code"]) == (503, "corrupt")
    assert f"task {broken['id']} cannot be read" in problem["detail"]

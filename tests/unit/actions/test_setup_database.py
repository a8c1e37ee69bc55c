import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from claude_agent.actions.setup_database import back_up
from tests.unit.actions.acting import Acted, act

# A migration program as small as the contract allows: the version is in the file itself.
MIGRATE = """
import json, os, sqlite3, sys
LATEST = {latest}
db = sqlite3.connect(os.environ["APP_DATABASE"])
current = db.execute("PRAGMA user_version").fetchone()[0]
if sys.argv[1] == "up" and current < LATEST:
    db.execute("CREATE TABLE IF NOT EXISTS t (a)")
    db.execute("INSERT INTO t VALUES (?)", (LATEST,))
    current = LATEST
if sys.argv[1] == "down":
    current = int(sys.argv[3])
db.execute(f"PRAGMA user_version = {{current}}")
db.commit()
if os.path.exists("die-after-" + sys.argv[1]):
    os.kill(os.getppid(), 9)
print("migrated")
print(json.dumps({{"current": current, "latest": LATEST}}))
"""


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    (tmp_path / "w").mkdir()
    (tmp_path / "w/app.toml").write_text('name = "shelf"\nmigrate = ["python", "migrate.py"]\n')
    _knows(tmp_path, 2)
    return tmp_path


def _knows(shelf: Path, latest: int) -> None:
    (shelf / "w/migrate.py").write_text(MIGRATE.format(latest=latest))


def _act(shelf: Path, name: str, execution: str, **more: object) -> Acted:
    told = {
        "CLAUDE_AGENT_EXECUTION_ID": execution,
        "CLAUDE_AGENT_IDEMPOTENCY_KEY": f"{execution}/d/1",
    }
    return act(name, folder=shelf / "w", home=shelf / "h", **{**told, **more})


def _version(shelf: Path) -> int:
    with closing(sqlite3.connect(shelf / "h/apps/shelf/data/shelf.db")) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def test_setup_database_migrates_up_and_backs_up_what_was_there(shelf: Path) -> None:
    first = _act(shelf, "setup_database", "e1").outputs
    assert first == {"previous": 0, "current": 2, "backup": ""}
    _knows(shelf, 5)
    second = _act(shelf, "setup_database", "e2").outputs
    assert second is not None
    assert (second["previous"], second["current"]) == (2, 5)
    with closing(sqlite3.connect(str(second["backup"]))) as backup:
        assert backup.execute("PRAGMA user_version").fetchone() == (2,)
        assert backup.execute("SELECT a FROM t").fetchall() == [(2,)]


def test_setup_database_remembers_the_version_of_before_a_kill(shelf: Path) -> None:
    _act(shelf, "setup_database", "e1")
    _knows(shelf, 3)
    (shelf / "w/die-after-up").touch()
    killed = _act(shelf, "setup_database", "e2")
    assert (killed.code, killed.outputs, _version(shelf)) == (-9, None, 3)
    (shelf / "w/die-after-up").unlink()
    again = _act(shelf, "setup_database", "e2").outputs
    assert again is not None
    assert (again["previous"], again["current"]) == (2, 3)


def test_migrate_down_returns_to_the_version_of_before_without_being_told(shelf: Path) -> None:
    _act(shelf, "setup_database", "e1")
    _knows(shelf, 7)
    (shelf / "w/die-after-up").touch()
    _act(shelf, "setup_database", "e2")
    undone = _act(shelf, "migrate_down", "e2", CLAUDE_AGENT_IDEMPOTENCY_KEY="e2/d/1/undo")
    assert undone.outputs == {"kind": "app", "previous": "7", "current": "2"}
    assert _version(shelf) == 2
    repeated = _act(shelf, "migrate_down", "e2", CLAUDE_AGENT_IDEMPOTENCY_KEY="e2/d/1/undo")
    assert repeated.code == 0
    assert _version(shelf) == 2


def test_migrate_down_is_repeatable_after_a_kill(shelf: Path) -> None:
    _act(shelf, "setup_database", "e1")
    _knows(shelf, 3)
    _act(shelf, "setup_database", "e2")
    (shelf / "w/die-after-down").touch()
    assert _act(shelf, "migrate_down", "e2").code == -9
    (shelf / "w/die-after-down").unlink()
    assert _act(shelf, "migrate_down", "e2").outputs == {
        "kind": "app",
        "previous": "2",
        "current": "2",
    }


def test_migrate_down_leaves_alone_what_its_execution_did_not_migrate(shelf: Path) -> None:
    _act(shelf, "setup_database", "e1")
    assert _act(shelf, "migrate_down", "stranger").code == 0
    assert _version(shelf) == 2


def test_a_new_effect_after_an_undo_notes_its_own_version(shelf: Path) -> None:
    _act(shelf, "setup_database", "e1")
    _knows(shelf, 3)
    _act(shelf, "setup_database", "e2")
    _act(shelf, "migrate_down", "e2")
    _act(shelf, "setup_database", "other")
    again = _act(shelf, "setup_database", "e2", CLAUDE_AGENT_IDEMPOTENCY_KEY="e2/d/2")
    assert again.outputs == {"previous": 3, "current": 3, "backup": ""}


def test_migrate_down_takes_a_version(shelf: Path) -> None:
    _act(shelf, "setup_database", "e1")
    assert _act(shelf, "migrate_down", "e9", with_to=1).outputs == {
        "kind": "app",
        "previous": "2",
        "current": "1",
    }
    by_hand = _act(shelf, "migrate_down", "")
    assert by_hand.code == 2
    assert "Give `with.to`." in by_hand.complaint


def test_setup_database_uses_the_database_that_is_named(shelf: Path) -> None:
    assert _act(shelf, "setup_database", "e1", with_database="mine/x.db").code == 0
    assert (shelf / "w/mine/x.db").is_file()
    assert not (shelf / "h/apps/shelf/data/shelf.db").exists()


@pytest.mark.parametrize(
    ("app", "program", "complaint"),
    [
        ('name = "shelf"', "", "names no `migrate` command"),
        ("name = 3", "", "name must be a text"),
        ('name = "../x"\nmigrate = ["python"]', "", "'../x' is no application name"),
        ("name =", "", "is not TOML"),
        ('name = "shelf"\nmigrate = "python"', "", "migrate must be a list of texts"),
        ('name = "shelf"\nmigrate = ["no-such-program"]', "", "cannot be started"),
        ('name = "shelf"\nmigrate = ["python", "m.py"]', "print('what')", "answered 'what'"),
        (
            'name = "shelf"\nmigrate = ["python", "m.py"]',
            "import sys; sys.exit('error: torn')",
            "migrations `status` of shelf failed: error: torn",
        ),
    ],
)
def test_setup_database_says_what_it_cannot_use(
    shelf: Path, app: str, program: str, complaint: str
) -> None:
    (shelf / "w/app.toml").write_text(app)
    (shelf / "w/m.py").write_text(program)
    acted = _act(shelf, "setup_database", "e1")
    assert acted.code in {1, 2}
    assert complaint in acted.complaint
    assert "Traceback" not in acted.complaint


def test_setup_database_says_where_no_app_file_is(tmp_path: Path) -> None:
    acted = act("setup_database", folder=tmp_path / "w", home=tmp_path / "h")
    assert acted.complaint.startswith(f"error: there is no app.toml in {tmp_path / 'w'}\n")


def test_back_up_keeps_the_newest_ten(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as db:
        db.execute("CREATE TABLE t (a)")
    for version in range(13):
        back_up(tmp_path / "a.db", tmp_path / "backups", version)
    kept = sorted(path.name for path in (tmp_path / "backups").iterdir())
    assert (len(kept), kept[0], kept[-1]) == (10, "00004-schema-3.db", "00013-schema-12.db")

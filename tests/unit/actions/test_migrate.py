"""Real migrations on real databases: Alembic, Django, SQL scripts, a program of the project."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.servers.postgres import PostgresServer
from tests.unit.actions.acting import Acted, act

ENV_PY = """
import os
from alembic import context
from sqlalchemy import create_engine
print("what env.py prints is no answer")
engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """
from alembic import op
revision = "{this}"
down_revision = {before!r}
def upgrade():
    op.execute("CREATE TABLE {this} (a INTEGER)")
def downgrade():
    op.execute("DROP TABLE {this}")
"""
SETTINGS = """
SECRET_KEY = "none"
INSTALLED_APPS = ["shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "live.db"}}
"""
MANAGE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
MIGRATION = """
from django.db import migrations
class Migration(migrations.Migration):
    dependencies = {before}
    operations = [migrations.RunSQL("CREATE TABLE {this} (a INTEGER)", "DROP TABLE {this}")]
"""
PROGRAM = """
import json, pathlib, sys
file = pathlib.Path("version")
now = file.read_text() if file.exists() else "none"
if sys.argv[1] == "up":
    now = "v2"
if sys.argv[1] == "down":
    now = sys.argv[3]
file.write_text(now)
print(json.dumps({"current": now, "latest": "v2"}))
"""


class Checkout:
    """A project in a folder of its own, acted on by executions."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "w"
        self.folder.mkdir()
        self.home = place / "h"

    def write(self, name: str, text: str = "") -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def migrate(self, execution: str = "e1", **more: object) -> Acted:
        return self._act("migrate", execution, f"{execution}/db/1", more)

    def undo(self, execution: str = "e1", **more: object) -> Acted:
        return self._act("migrate_down", execution, f"{execution}/db/1/undo", more)

    def _act(self, name: str, execution: str, key: str, more: dict[str, Any]) -> Acted:
        told = {"CLAUDE_AGENT_EXECUTION_ID": execution, "CLAUDE_AGENT_IDEMPOTENCY_KEY": key}
        return act(name, folder=self.folder, home=self.home, **{**told, **more})

    def tables(self, file: str = "live.db") -> set[str]:
        with closing(sqlite3.connect(self.folder / file)) as database:
            names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {name for (name,) in names} & {"one", "two", "three", "half"}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def alembic(checkout: Checkout, *revisions: str) -> None:
    checkout.write(
        "alembic.ini", "[alembic]\nscript_location = moves\nsqlalchemy.url = sqlite:///live.db\n"
    )
    checkout.write("moves/env.py", ENV_PY)
    before = None
    for this in revisions:
        checkout.write(f"moves/versions/{this}.py", REVISION.format(this=this, before=before))
        before = this


def django(checkout: Checkout, *names: str) -> None:
    checkout.write("settings.py", SETTINGS)
    checkout.write("manage.py", MANAGE)
    checkout.write("shop/__init__.py")
    checkout.write("shop/migrations/__init__.py")
    before: list[tuple[str, str]] = []
    for number, this in enumerate(names, 1):
        name = f"{number:04d}_{this}"
        checkout.write(f"shop/migrations/{name}.py", MIGRATION.format(this=this, before=before))
        before = [("shop", name)]


def scripts(checkout: Checkout, *names: str) -> None:
    for number, this in enumerate(names, 1):
        checkout.write(f"migrations/{number:04d}_{this}.sql", f"CREATE TABLE {this} (a INTEGER)")
        checkout.write(f"migrations/{number:04d}_{this}.down.sql", f"DROP TABLE {this};\n")


KINDS: list[tuple[str, Callable[..., None], list[str], dict[str, object]]] = [
    ("alembic", alembic, ["base", "one", "three"], {}),
    ("django", django, ["zero", "shop:0001_one", "shop:0003_three"], {}),
    ("sql", scripts, ["0", "1", "3"], {"with_database": "live.db"}),
]


@pytest.mark.parametrize(("kind", "make", "versions", "more"), KINDS, ids=[k[0] for k in KINDS])
def test_migrate_goes_up_and_back_to_where_its_execution_found_it(
    checkout: Checkout,
    kind: str,
    make: Callable[..., None],
    versions: list[str],
    more: dict[str, object],
) -> None:
    empty, one, three = versions
    make(checkout, "one")
    first = checkout.migrate("e1", **more)
    assert first.outputs == {"kind": kind, "previous": empty, "current": one}, first
    make(checkout, "one", "two", "three")
    second = {"kind": kind, "previous": one, "current": three}
    assert checkout.migrate("e2", **more).outputs == second
    assert checkout.migrate("e2", **more).outputs == second, "a repetition says the same"
    assert checkout.tables() == {"one", "two", "three"}
    down = {"kind": kind, "previous": three, "current": one}
    assert checkout.undo("e2", **more).outputs == down
    assert checkout.tables() == {"one"}
    again = checkout.undo("e2", **more)
    assert (again.code, checkout.tables()) == (0, {"one"}), "undone twice is undone once"
    by_hand = checkout.undo("", with_to=empty, **more)
    assert by_hand.outputs == {"kind": kind, "previous": one, "current": empty}
    assert checkout.tables() == set()


@pytest.mark.parametrize(("kind", "make", "versions", "more"), KINDS, ids=[k[0] for k in KINDS])
def test_migrate_that_failed_half_way_is_undone_whole(
    checkout: Checkout,
    kind: str,
    make: Callable[..., None],
    versions: list[str],
    more: dict[str, object],
) -> None:
    make(checkout, "one")
    checkout.migrate("e1", **more)
    make(checkout, "one", "two", "no such (")
    failed = checkout.migrate("e2", **more)
    assert (failed.code, failed.outputs) == (1, None)
    assert "Traceback" not in failed.complaint
    assert checkout.tables() == {"one", "two"}
    done = checkout.undo("e2", **more)
    assert done.code == 0, done
    assert checkout.tables() == {"one"}


def test_migrate_on_postgresql_runs_scripts_by_psql(
    checkout: Checkout, postgres: PostgresServer
) -> None:
    url = postgres.empty("actions_migrate")
    try:
        scripts(checkout, "one", "two")
        told = checkout.migrate("e1", with_database=url)
        assert told.outputs == {"kind": "sql", "previous": "0", "current": "2"}
        checkout.write(
            "migrations/0003_half.sql", "CREATE TABLE half (a INT); CREATE TABLE one ();"
        )
        failed = checkout.migrate("e2", with_database=url)
        assert failed.code == 1
        assert "failed, and nothing of it was kept: " in failed.complaint
        assert 'relation "one" already exists' in failed.complaint
        with psycopg.connect(url) as connection:
            found = connection.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            )
            assert {name for (name,) in found} == {"one", "two", "claude_agent_migrations"}
        assert checkout.undo("e1", with_database=url).outputs == {
            "kind": "sql",
            "previous": "2",
            "current": "0",
        }
    finally:
        postgres.drop(url)


def test_migrate_says_that_a_postgresql_does_not_answer_and_hides_its_password(
    checkout: Checkout,
) -> None:
    scripts(checkout, "one")
    acted = checkout.migrate(with_database="postgresql://me:secret-word@127.0.0.1:9/db")
    assert acted.code == 75, "the network may heal"
    assert acted.complaint.startswith("error: psql: ")
    assert "Connection refused" in acted.complaint
    assert "secret-word" not in acted.shown + acted.complaint


def test_migrate_calls_the_program_that_is_named(checkout: Checkout) -> None:
    checkout.write("move.py", PROGRAM)
    more = {"with_command": "python move.py"}
    told = checkout.migrate("e1", **more)
    assert told.outputs == {"kind": "command", "previous": "none", "current": "v2"}
    undone = checkout.undo("e1", **more)
    assert undone.outputs == {"kind": "command", "previous": "v2", "current": "none"}


def test_migrate_leaves_alone_what_its_execution_did_not_migrate(checkout: Checkout) -> None:
    scripts(checkout, "one")
    checkout.migrate("e1", with_database="live.db")
    acted = checkout.undo("stranger", with_database="live.db")
    assert acted.outputs == {"kind": "sql", "previous": "1", "current": "1"}
    assert "did not migrate" in acted.shown


def test_migrate_by_scripts_needs_a_way_back_before_it_goes(checkout: Checkout) -> None:
    scripts(checkout, "one", "two")
    (checkout.folder / "migrations/0001_one.down.sql").unlink()
    checkout.migrate("e1", with_database="live.db")
    acted = checkout.undo("e1", with_database="live.db")
    assert "0001_one.sql has no way back" in acted.complaint
    assert "0001_one.down.sql." in acted.complaint
    assert checkout.tables() == {"one", "two"}, "nothing was undone"


@pytest.mark.parametrize(
    ("files", "more", "complaint"),
    [
        ({}, {}, "no migrations were found in"),
        ({}, {"with_kind": "rails"}, "with.kind: 'rails' is not one of command, app, alembic"),
        ({}, {"with_kind": "sql"}, "there is no 0001_name.sql in"),
        ({"migrations/0001_a.sql": ""}, {}, "with.database: name a database file, or postgresql"),
        ({"migrations/0001_a.sql": ""}, {"with_database": "mysql://x/y"}, "'mysql://x/y': name"),
        (
            {"migrations/0001_a.sql": "", "migrations/1_b.sql": ""},
            {"with_database": "x.db"},
            "0001_a.sql and 1_b.sql in ",
        ),
        ({}, {"with_command": "python 'x"}, "with.command: No closing quotation"),
        (
            {"manage.py": "print('x')\nraise SystemExit(3)"},
            {},
            "manage.py showmigrations failed: x",
        ),
        ({"alembic.ini": "[alembic]\n"}, {}, "alembic current failed: "),
    ],
)
def test_migrate_says_what_it_cannot_use(
    checkout: Checkout, files: dict[str, str], more: dict[str, object], complaint: str
) -> None:
    for name, text in files.items():
        checkout.write(name, text)
    acted = checkout.migrate(**more)
    assert acted.code in {1, 2}
    assert complaint in acted.complaint
    assert "Traceback" not in acted.complaint
    assert acted.outputs is None


def test_migrate_down_refuses_a_version_that_is_none(checkout: Checkout) -> None:
    scripts(checkout, "one")
    acted = checkout.undo(with_database="live.db", with_to="latest")
    assert acted.complaint == "error: with.to: 'latest' is no number of a script\n"
    by_hand = checkout.undo("", with_database="live.db")
    assert (by_hand.code, "Give `with.to`." in by_hand.complaint) == (2, True)

"""The schema says what the code says: every state stands in the CHECK of its column."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.domain.priority import Priority
from claude_agent.domain.states import ExecutionState, StepState, TaskState
from claude_agent.domain.task_spec import KINDS, PURPOSES
from claude_agent.storage import execution_rows, task_rows
from claude_agent.storage.databases.sqlite import SqliteDatabase, open_sqlite
from claude_agent.storage.migrate import upgrade
from claude_agent.storage.queries import migrations
from tests.unit.domain.making import Play, definition, step, submitted


def check_of(table: str, column: str) -> set[str]:
    """Return the words that the migrations allow in a column."""
    text = "\n".join(script for _, _, script in migrations())
    body = text.split(f"CREATE TABLE {table} (", 1)[1].split(");\n", 1)[0]
    found = re.search(
        rf"\b{column}\s+TEXT\s+NOT NULL CHECK \({column} IN \((.*?)\)\)", body, re.DOTALL
    )
    assert found is not None, f"{table}.{column} has no CHECK"
    return set(re.findall(r"'([a-z_]+)'", found[1]))


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("tasks", "state", {state.value for state in TaskState}),
        ("steps", "state", {state.value for state in StepState}),
        ("executions", "state", {state.value for state in ExecutionState}),
        ("tasks", "kind", set(KINDS)),
        ("tasks", "purpose", set(PURPOSES)),
    ],
)
def test_check_names_exactly_the_words_of_the_code(
    table: str, column: str, words: set[str]
) -> None:
    assert check_of(table, column) == words


def test_check_of_the_priority_is_the_range_of_the_code() -> None:
    text = "\n".join(script for _, _, script in migrations())
    assert f"CHECK (priority BETWEEN {min(Priority)} AND {max(Priority)})" in text


def test_schema_keeps_to_what_both_databases_know() -> None:
    for _, name, script in migrations():
        code = re.sub(r"--.*", "", script).upper()
        for word in (
            "CREATE TRIGGER",
            " ENUM",
            "AUTOINCREMENT",
            "SERIAL",
            "JSONB",
            "DATETIME",
            "BLOB",
        ):
            assert word not in code, f"{name} uses {word}"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = open_sqlite(str(tmp_path / "a.db"))
    opened.close()
    connection = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    yield connection
    connection.close()


def columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def test_tables_have_a_column_for_everything_that_is_folded(file: sqlite3.Connection) -> None:
    run = Play(definition(step("a"))).run
    assert columns(file, "tasks") == set(task_rows.to_row(submitted())) | {
        "effective_priority",
        "submitted_pos",
    }
    assert columns(file, "executions") == set(execution_rows.to_row(run)) | {"deadline_at", "mark"}
    assert columns(file, "steps") == set(execution_rows.step_row("x", run.steps["a"]))


def test_upgrade_says_what_it_ran_and_runs_it_once(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "a.db")
    assert upgrade(database, lambda: "e") == [name for _, name, _ in migrations()]
    assert upgrade(database, lambda: "e") == []
    database.close()


def test_upgrade_goes_on_where_an_older_version_stopped(tmp_path: Path) -> None:
    first_number, first_name, script = migrations()[0]
    database = SqliteDatabase(tmp_path / "a.db")
    database.migrate_script(
        "CREATE TABLE migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL);"
    )
    database.migrate_script(
        f"{script}\nINSERT INTO migrations VALUES ({first_number}, '{first_name}');"
    )
    assert upgrade(database, lambda: "e") == [name for _, name, _ in migrations()[1:]]
    database.close()


def test_upgrade_beside_one_that_was_quicker_runs_nothing_twice(tmp_path: Path) -> None:
    """Two processes that open a new file together: the later one finds each step done."""

    class Late(SqliteDatabase):
        def migrate_script(self, script: str) -> None:
            if "0001_log" in script:
                open_sqlite(self.path).close()
            super().migrate_script(script)

    database = Late(tmp_path / "a.db", shared=True)
    assert upgrade(database, lambda: "e") == []
    database.close()

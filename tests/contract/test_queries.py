"""Every named query runs on both databases, with values of the types that PostgreSQL infers."""

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from claude_agent.storage.database import Database, Duplicate, Tx
from claude_agent.storage.databases.postgresql import PostgresqlDatabase
from claude_agent.storage.databases.sqlite import open_sqlite
from claude_agent.storage.postgres.text import statement, translate
from claude_agent.storage.queries import catalogue

SAMPLES: dict[str, Any] = {
    "bigint": 1,
    "integer": 1,
    "smallint": 1,
    "text": "x",
    "text[]": ["x", "y"],
    "bigint[]": [1, 2],
}
CHECKED = {"state": "running", "kind": "run", "purpose": "task"}
"""Columns whose values the schema checks."""


class Undone(Exception):
    """Raised so that nothing stays."""


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = open_sqlite(str(tmp_path_factory.mktemp("queries") / "a.db"))
    yield database
    database.close()


@pytest.fixture(scope="module")
def there(postgres: Any) -> Iterator[tuple[PostgresqlDatabase, str]]:
    url = postgres.fresh()
    database = PostgresqlDatabase(url)
    yield database, url
    database.close()
    postgres.drop(url)


def inferred(name: str, url: str) -> dict[str, str]:
    """Return the type that PostgreSQL gives to each parameter of a query."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    text = re.sub(r"%\((\w+)\)s", number, statement(name, locking=True)).replace("%%", "%")
    with psycopg.connect(url) as connection:
        connection.execute(f"PREPARE q AS {text}".encode())
        found = connection.execute(
            "SELECT parameter_types::text[] FROM pg_prepared_statements WHERE name = 'q'"
        ).fetchone()
    assert found is not None
    return dict(zip(names, found[0], strict=True))


def outcome(database: Database, name: str, params: dict[str, Any]) -> str:
    def work(tx: Tx) -> None:
        if re.match(r"(INSERT|UPDATE|DELETE|WITH)", catalogue()[name].sql) and (
            "RETURNING" not in catalogue()[name].sql
        ):
            tx.execute(name, **params)
        else:
            tx.rows(name, **params)
        raise Undone

    try:
        database.write(work)
    except Undone:
        return "done"
    except Duplicate:
        return "duplicate"
    except psycopg.errors.IntegrityError:
        return "duplicate"  # SQLite has one kind of error for all constraints
    return "committed"


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_query_runs_on_both_databases(
    name: str, sqlite: Database, there: tuple[PostgresqlDatabase, str]
) -> None:
    database, url = there
    types = inferred(name, url)
    params = {key: CHECKED.get(key, SAMPLES[type_]) for key, type_ in types.items()}
    assert outcome(database, name, params) == outcome(sqlite, name, params)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("x = :a AND y = :a_b", "x = %(a)s AND y = %(a_b)s"),
        ("x IN (:ids) OR y IN (:b)", "x = ANY(%(ids)s) OR y = ANY(%(b)s)"),
        ("VALUES (:a)", "VALUES (%(a)s)"),
        ("(id || ':' || fence) IN (:keys)", "(id || ':' || fence) = ANY(%(keys)s)"),
        ("x LIKE 'it''s :no 5%' AND y % :n", "x LIKE 'it''s :no 5%%' AND y %% %(n)s"),
        ("x::text = :t -- :no %\n AND z", "x::text = %(t)s \n AND z"),
    ],
)
def test_text_is_spelled_for_psycopg(text: str, spelled: str) -> None:
    assert translate(text, locking=True) == spelled


def test_locks_are_taken_by_writers_only() -> None:
    text = "SELECT 1 /* lock */; SELECT 2 /* wait */"
    assert translate(text, locking=True) == "SELECT 1 FOR UPDATE SKIP LOCKED; SELECT 2 FOR UPDATE"
    assert "FOR UPDATE" not in translate(text, locking=False)

import pytest

from claude_agent.storage.queries import Query, catalogue, migrations, parse

TEXT = """-- A file of queries.

-- name: work.find
-- Find what is there,
-- and nothing else.
SELECT x FROM t
 WHERE x IN (:xs) -- a remark within
   AND y = :y;

-- name: work.put
-- Put one.
INSERT INTO t (x) VALUES (:x);
"""


def test_parse_splits_names_descriptions_and_statements() -> None:
    find, put = parse(TEXT)
    assert (find.name, find.description) == (
        "work.find",
        "Find what is there, and nothing else.",
    )
    assert find.sql.startswith("SELECT x")
    assert find.sql.endswith("AND y = :y")
    assert put == Query(
        name="work.put", description="Put one.", sql="INSERT INTO t (x) VALUES (:x)"
    )


@pytest.mark.parametrize(
    "text", ["-- name: a.b\nSELECT 1;", "-- name: a.b\n-- It has no statement.\n"]
)
def test_parse_refuses_a_query_without_a_description_or_a_statement(text: str) -> None:
    with pytest.raises(ValueError, match=r"query a\.b has no description or no statement"):
        parse(text)


def test_lists_are_expanded_to_one_placeholder_an_item() -> None:
    find = parse(TEXT)[0]
    sql, flat = find.with_lists({"xs": [7, 8], "y": 1})
    assert "(:xs__0, :xs__1)" in sql
    assert flat == {"xs__0": 7, "xs__1": 8, "y": 1}


def test_empty_list_matches_nothing() -> None:
    sql, flat = parse(TEXT)[0].with_lists({"xs": (), "y": 1})
    assert "IN (NULL)" in sql
    assert flat == {"y": 1}


def test_single_values_are_left_alone() -> None:
    put = parse(TEXT)[1]
    assert put.with_lists({"x": 1}) == (put.sql, {"x": 1})
    sql, flat = put.with_lists({"x": 1, "unused": [1]})
    assert (sql, flat) == (put.sql, {"x": 1})


def test_catalogue_holds_every_query_of_the_package_once() -> None:
    found = catalogue()
    assert {name.partition(".")[0] for name in found} >= {"log", "tasks", "executions", "work"}
    assert all(query.description.endswith(".") for query in found.values())


def test_migrations_come_in_order() -> None:
    numbers = [number for number, _, _ in migrations()]
    assert numbers == sorted(numbers) == list(range(1, len(numbers) + 1))

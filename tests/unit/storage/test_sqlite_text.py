"""Statements for SQLite: the same ones with numbered places."""

import re

import pytest

from claude_agent.storage.databases.sqlite_text import numbered, statement
from claude_agent.storage.queries import catalogue


def test_numbered_puts_each_value_where_its_name_stood() -> None:
    sql, pick = numbered("SELECT :b, :a, :b, 'no :name', x -- nor :this\n FROM t /* :or this */")
    assert sql == "SELECT ?1, ?2, ?1, 'no :name', x -- nor :this\n FROM t /* :or this */"
    assert pick({"a": 1, "b": 2, "c": 3}) == (2, 1)


def test_numbered_takes_one_value_or_none() -> None:
    assert numbered("SELECT :a")[1]({"a": (1, 2)}) == ((1, 2),)
    assert numbered("SELECT 1")[1]({"a": 1}) == ()


def test_statement_refuses_a_missing_value_and_leaves_lists_alone() -> None:
    known = statement("log.seal")
    assert known is not None
    with pytest.raises(KeyError, match="hash"):
        known[1]({})
    assert statement("tasks.lock") is None


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_no_name_is_left_in_a_statement_with_numbers(name: str) -> None:
    known = statement(name)
    if known is not None:
        texts_left_out = re.sub(r"'[^']*'", "", known[0])
        assert re.search(r":[a-z_]", texts_left_out) is None

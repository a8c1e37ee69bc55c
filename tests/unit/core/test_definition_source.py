import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.core.definition_source import MAX_ALIASES, MAX_BYTES, parse
from claude_agent.domain.definition import DefinitionError, Problem
from claude_agent.domain.node import MAX_DEPTH, MAX_INTEGER, Node, node_from_data
from claude_agent.errors import TooLarge

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-MAX_INTEGER, max_value=MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=20), inner, max_size=4
        )
    ),
    max_leaves=12,
)
YAML_PIECES = st.sampled_from(
    [
        *("a", "key", ":", ": ", "\n", "  ", "- ", "[", "]", "{", "}", "&x ", "*x", "!t ", "|\n"),
        *(">\n", "#", "'", '"', "\\u12", "? ", "---\n", "...\n", "%", "@", "\t", "1", ".5e", "~"),
        *("<<", ","),
    ]
)


def refusal(text: str) -> Problem:
    with pytest.raises(DefinitionError) as caught:
        parse(text, file="deploy.yaml")
    (problem,) = caught.value.found
    assert problem.file == "deploy.yaml"
    return problem


def test_parse_gives_every_value_its_line_and_column() -> None:
    tree = parse("name: Deploy\nsteps:\n  - id: test\n    needs: [a, bc]\n", file="deploy.yaml")
    name, steps = tree.entries
    assert (name.key, name.line, name.column) == ("name", 1, 1)
    assert (name.node.value, name.node.line, name.node.column) == ("Deploy", 1, 7)
    (step,) = steps.node.items
    assert (step.line, step.column) == (3, 5)
    needs = step.entries[1]
    assert (needs.line, needs.column, needs.node.column) == (4, 5, 12)
    assert [(item.value, item.line, item.column) for item in needs.node.items] == [
        ("a", 4, 13),
        ("bc", 4, 16),
    ]
    assert tree.file == name.node.file == "deploy.yaml"


def test_parse_marks_literal_blocks() -> None:
    first, second = parse("a: |\n  x\nb: >\n  x\n").entries
    assert first.node == Node(value="x\n", line=1, column=4, block=True)
    assert not second.node.block


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *(("on", "on"), ("off", "off"), ("yes", "yes"), ("No", "No"), ("y", "y")),
        *(("true", True), ("False", False), ("TRUE", True), ("tRUE", "tRUE")),
        *(("~", None), ("null", None), ("", None), ("NULL", None), ("'null'", "null")),
        *(("0o17", 15), ("017", 17), ("0x1F", 31), ("1_000", "1_000"), ("12:30:45", "12:30:45")),
        *(("-5", -5), ("+5", 5), ("'5'", "5"), ('"5"', "5"), ("-", None), ("- 5", [5])),
        *(("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-1.5E-3", -0.0015)),
        *(("2020-01-01", "2020-01-01"), ("=", "="), ("<<", "<<"), ("1.2.3", "1.2.3")),
        *(("|\n  5\n", "5\n"), (">-\n  true\n", "true")),
    ],
)
def test_parse_resolves_scalars_by_yaml_1_2(written: str, value: object) -> None:
    found = parse(f"a:\n  {written}\n" if written[:1] == "-" else f"a: {written}\n").plain()["a"]
    expected = [None] if written == "-" else value
    assert found == expected
    assert type(found) is type(expected)


def test_parse_keeps_keys_as_text() -> None:
    assert parse("on: 1\ntrue: 2\n5: 3\n~: 4\n").plain() == {"on": 1, "true": 2, "5": 3, "~": 4}


def test_parse_repeats_anchors_and_starts_over_at_a_byte_order_mark() -> None:
    assert parse("\ufeffa: &x {k: 1}\nb: *x\n").plain() == {"a": {"k": 1}, "b": {"k": 1}}


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("", "the definition is empty", 0, 0),
        ("# only a comment\n", "the definition is empty", 0, 0),
        ("a: 1\nb: 2\na: 3\n", "the key 'a' stands here and in line 1", 3, 1),
        ("a:\n  - x: 1\n    x: 2\n", "the key 'x' stands here and in line 2", 3, 5),
        ("a: [1\nb: 2", "this is not YAML", 2, 2),
        ("a:\n\t- 1\n", "this is not YAML", 2, 1),
        ("a: @x\n", "this is not YAML", 1, 4),
        ("a: 1\n---\nb: 2\n", "the text holds a second document", 2, 1),
        ("a: !!str 5\n", "the tag 'tag:yaml.org,2002:str' is not allowed", 1, 4),
        ("a: ! x\n", "the tag '!' is not allowed", 1, 4),
        ("a: !secret [x]\n", "the tag '!secret' is not allowed", 1, 4),
        ("? [a]\n: 1\n", "a list cannot be a key", 1, 3),
        ("a: &x 1\n*x : 2\n", "an alias cannot be a key", 2, 1),
        ("a: *nothing\n", "there is no complete anchor '&nothing' before", 1, 4),
        ("a: &x [1, *x]\n", "there is no complete anchor '&x' before", 1, 11),
        ("a: .nan\n", "the number .nan is out of range", 1, 4),
        ("a: -.INF\n", "the number -.INF is out of range", 1, 4),
        ("a: 9223372036854775808\n", "the number 9223372036854775808 is out of range", 1, 4),
        ("a: 1e999\n", "the number 1e999 is out of range", 1, 4),
        ("a: " + "9" * 9_000, "the number 9999", 1, 4),
        ("a: 0x" + "f" * 9_000, "the number 0xffff", 1, 4),
        ("a: x\x00\n", "the text cannot be read", 0, 0),
        ("a: \ud800\n", "the text holds half a character", 0, 0),
        ("[" * 100_000, f"nested deeper than {MAX_DEPTH} levels", 1, 33),
        ("{a: " * 100_000, f"nested deeper than {MAX_DEPTH} levels", 1, 129),
        ("- " * 100_000 + "x", f"nested deeper than {MAX_DEPTH} levels", 1, 65),
        ("a: &x 1\nb: [" + "*x, " * 51 + "]", f"more than {MAX_ALIASES} aliases", 2, 205),
    ],
)
def test_parse_refuses_with_the_place(text: str, message: str, line: int, column: int) -> None:
    problem = refusal(text)
    assert message in problem.message
    assert (problem.line, problem.column) == (line, column)


def test_parse_refuses_aliases_that_multiply() -> None:
    lines = ["a0: &a0 [" + "x, " * 20 + "]"]
    lines += [f"a{n}: &a{n} [" + f"*a{n - 1}, " * 8 + "]" for n in range(1, 7)]
    assert refusal("\n".join(lines)).message == "more than 250,000 values"


def test_parse_refuses_more_than_its_limit_of_bytes() -> None:
    fits = "a: '" + "é" * ((MAX_BYTES - 5) // 2) + "'"
    assert len(fits.encode()) in {MAX_BYTES, MAX_BYTES - 1}
    assert parse(fits).kind == "map"
    with pytest.raises(
        TooLarge, match=r"deploy\.yaml has 1,048,57\d bytes; the limit is 1,048,576"
    ):
        parse(fits + "  ", file="deploy.yaml")


def test_parse_reads_json_with_escapes_tabs_and_no_spaces() -> None:
    text = '{\n\t"a":[1,true,null,-1.5e+3],\n\t"b":"\\ud83d\\ude00 \\/ \\\\ud83d\\u00e9"}'
    assert parse(text).plain() == json.loads(text)


@given(JSON)
def test_parse_reads_any_json_as_json_does(value: Any) -> None:
    for text in (json.dumps({"v": value}), json.dumps([value], indent=1)):
        assert parse(text).plain() == json.loads(text)


@given(JSON)
def test_a_tree_of_plain_data_gives_it_back(value: Any) -> None:
    assert node_from_data(value).plain() == value


@given(st.text() | st.lists(YAML_PIECES, max_size=25).map("".join))
def test_parse_answers_any_text_with_a_tree_or_its_error(text: str) -> None:
    try:
        tree = parse(text)
    except DefinitionError:
        return
    assert node_from_data(tree.plain()).plain() == tree.plain()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"a": [1, {2: 3}]}, "a[1] has the key 2, which is not text"),
        ({"a": {"b": {1}}}, "a.b is {1}, which a definition cannot hold"),
        (math.nan, "the definition is nan, which a definition cannot hold"),
        ({"a": 2**63}, "a is 9223372036854775808, which a definition cannot hold"),
        ({"a": b"x"}, "a is b'x', which a definition cannot hold"),
    ],
)
def test_plain_data_is_refused_where_json_could_not_hold_it(data: Any, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        node_from_data(data)
    assert caught.value.found[0].message == message


def test_plain_data_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(DefinitionError, match="nested deeper than 32 levels"):
        node_from_data({"a": loop})

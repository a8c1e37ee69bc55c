from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.domain.json_schema import KEYWORDS, TYPES, check_value, same, shown

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("schema", "good", "bad", "said"),
    [
        ({"type": "string"}, "x", 5, "must be text, not 5"),
        ({"type": "integer"}, 5, True, "must be a whole number, not true"),
        ({"type": "integer"}, 5.0, 5.5, "must be a whole number, not 5.5"),
        ({"type": "number"}, 5.5, "5", "must be a number, not '5'"),
        ({"type": "boolean"}, False, 0, "must be true or false, not 0"),
        ({"type": "array"}, [], {}, "must be a list, not an object"),
        ({"type": "object"}, {}, [], "must be an object, not a list"),
        ({"type": "null"}, None, False, "must be nothing, not false"),
        ({"type": ["string", "null"]}, None, 5, "must be text or nothing, not 5"),
        ({"enum": [1, "a"]}, 1.0, True, "must be one of 1, 'a'"),
        ({"const": [1, {"a": None}]}, [1, {"a": None}], [1, {"a": False}], "must be a list"),
        ({"format": "uri"}, "https://x/y", "/just/a/path", "must be of the format uri"),
        ({"format": "email"}, "a@b", "a b@c", "must be of the format email"),
        ({"format": "date"}, "2024-02-29", "2024-13-01", "must be of the format date"),
        ({"format": "date-time"}, "2024-02-29T10:00:00.5Z", "2024-02-29", "format date-time"),
        ({"format": "uuid"}, "0190b3c4-1111-7000-8000-0123456789ab", "0190", "format uuid"),
        ({"format": "ipv4"}, "127.0.0.1", "127.0.0.256", "format ipv4"),
        ({"format": "ipv4"}, "8.8.8.8", "8.8.8.8.", "format ipv4"),
        ({"format": "hostname"}, "a-b.example", "-a", "format hostname"),
        ({"minLength": 2}, "ab", "a", "must have at least 2 characters, not 1"),
        ({"maxLength": 2}, "ab", "abc", "must have at most 2 characters, not 3"),
        ({"minItems": 1}, [1], [], "must have at least 1 items, not 0"),
        ({"maxItems": 1}, [1], [1, 2], "must have at most 1 items, not 2"),
        ({"minimum": 1}, 1, 0, "must be at least 1, not 0"),
        ({"maximum": 1}, 1, 2, "must be at most 1, not 2"),
        ({"exclusiveMinimum": 1}, 2, 1, "must be more than 1, not 1"),
        ({"exclusiveMaximum": 1}, 0.5, 1, "must be less than 1, not 1"),
        ({"required": ["a"]}, {"a": None}, {"b": 1}, "lacks 'a'"),
        ({"minLength": 9}, 5, "x", "at least 9"),
    ],
)
def test_check_value_takes_what_fits_and_says_what_does_not(
    schema: dict[str, Any], good: Any, bad: Any, said: str
) -> None:
    assert check_value(schema, good) == []
    ((at, message),) = check_value(schema, bad)
    assert at == ""
    assert said in message


def test_check_value_points_into_the_value() -> None:
    schema = {
        "properties": {
            "list": {"type": "array", "items": {"type": "object", "required": ["id"]}},
            "n": {"type": "integer", "minimum": 5, "enum": [1, 2]},
        },
        "additionalProperties": False,
    }
    value = {"list": [{"id": 1}, {}, 5], "n": 3, "more": 1}
    assert check_value(schema, value) == [
        (".list[1]", "lacks 'id'"),
        (".list[2]", "must be an object, not 5"),
        (".n", "must be one of 1, 2"),
        (".n", "must be at least 5, not 3"),
        (".more", "is not among the declared properties"),
    ]
    others = {"additionalProperties": {"type": "string"}}
    assert check_value(others, {"a": "x", "b": 1}) == [(".b", "must be text, not 1")]


def test_check_value_ignores_notes() -> None:
    schema = {"title": "T", "description": "D", "default": 5, "examples": [1], "x-mine": 1}
    assert set(schema) - {"x-mine"} <= set(KEYWORDS)
    assert check_value(schema, "anything") == []


@given(JSON)
def test_every_value_has_a_type_and_is_the_same_as_itself(value: Any) -> None:
    names = [name for name, fits in TYPES.items() if fits(value)]
    assert names
    assert check_value({"type": names, "const": value, "enum": [value]}, value) == []
    assert same(value, value)
    assert len(shown(value)) <= 42


@given(JSON, JSON)
def test_same_goes_both_ways(left: Any, right: Any) -> None:
    assert same(left, right) == same(right, left)
    assert same([left], [right]) == same({"a": left}, {"a": right}) == same(left, right)

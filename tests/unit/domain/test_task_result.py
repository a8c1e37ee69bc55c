import pytest

from claude_agent.domain.task_result import misfits, object_in, schema_of
from tests.unit.domain.making import spec

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def test_a_task_without_schema_owes_nothing() -> None:
    assert schema_of(spec()) == {}
    assert misfits(spec(), {"anything": 1}) == []


def test_outputs_are_properties_of_the_result() -> None:
    both = spec(result_schema=SCHEMA, outputs={"files": {"type": "array"}})
    assert schema_of(both) == {
        "type": "object",
        "properties": {"n": {"type": "integer"}, "files": {"type": "array"}},
        "required": ["n", "files"],
    }
    assert misfits(both, {"n": 1, "files": []}) == []
    assert misfits(both, {"n": "x"}) == [
        "result lacks 'files'",
        "result.n must be a whole number, not 'x'",
    ]


def test_only_the_first_of_many_misfits_are_told() -> None:
    many = spec(outputs={f"o{n}": {} for n in range(9)})
    told = misfits(many, {})
    assert (len(told), told[-1]) == (6, "and 4 more")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}', {"a": 1}),
        ('Done.\n```json\n{"a": 1}\n```\n', {"a": 1}),
        ('```\n{"a": 1}\n```', {"a": 1}),
        ('```json\n{"a": 1}\n```\n```json\n{"b": 1}\n```', None),
        ("Done.", None),
        ("[1]", None),
        ("[" * 100_000, None),
    ],
)
def test_object_in_a_final_text(text: str, found: object) -> None:
    assert object_in(text) == found

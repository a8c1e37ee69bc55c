import pytest

from tests.unit.domain.compiling import compiled, only


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("{type: strng}", "there is no type 'strng'"),
        ("{type: integer, default: x}", "must be a whole number, not 'x'"),
        ("{enum: [a, b], default: c}", "must be one of 'a', 'b'"),
        ("{required: 5}", "'inputs.a.required' must be true or false, not 5"),
        ("text", "'inputs.a' must be a mapping, not 'text'"),
        ("{type: object, required: [5]}", "'inputs.a.required[0]' must be text, not 5"),
        ("{additionalProperties: 5}", "must be a mapping, not 5"),
        ("{enum: 5}", "'inputs.a.enum' must be a list, not 5"),
        ("{minimum: x}", "must be a number from"),
        ("{title: 5}", "'inputs.a.title' must be text, not 5"),
    ],
)
def test_a_wrong_declaration_is_refused(schema: str, message: str) -> None:
    found = only(f"name: x\ninputs: {{a: {schema}}}\nsteps: [{{id: a, run: x}}]")
    assert message in found.message


def test_a_name_that_cannot_be_is_refused() -> None:
    found = only("name: x\ninputs: {a b: {type: string}}\nsteps: [{id: a, run: x}]")
    assert found.message == "'a b' cannot be the name of an input"


def test_a_whole_schema_is_kept() -> None:
    text = (
        "name: x\nsteps: [{id: a, run: x}]\ninputs: {a: {type: [object, 'null'], title: T,"
        " properties: {b: {type: array, items: {type: number, minimum: 1}}}, required: [b],"
        " additionalProperties: false, const: , x-order: 1, examples: [1]}}"
    )
    inputs = compiled(text).inputs
    assert inputs is not None
    assert inputs["a"].required
    assert inputs["a"].schema["required"] == ["b"]
    assert inputs["a"].schema["const"] is None

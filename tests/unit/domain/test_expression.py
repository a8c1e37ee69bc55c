from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.domain.expression import (
    ExpressionError,
    condition,
    evaluate,
    parse,
    references,
    render,
    render_with,
    strip_braces,
)
from claude_agent.domain.expression_parser import MAX_LENGTH

CONTEXT = {
    "inputs": {"env": "prod", "n": 3, "flag": True, "none": None, "list": [1, {"a": "b"}]},
    "steps": {"build": {"outputs": {"image": "shop:1"}, "status": "succeeded"}},
    "env": {"APP": "shop"},
}

PIECES = st.sampled_from(
    [
        "inputs",
        "env",
        "steps",
        "true",
        "null",
        "1",
        "-",
        "'a'",
        '"b"',
        "success",
        "()",
        "in",
        "(",
        ")",
        "!",
        "&&",
        "||",
        "==",
        "!=",
        ".",
        "[",
        "]",
        "${{",
        "}}",
        "?",
        "\\",
        "'",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("inputs.env", "prod"),
        ("inputs.list[1].a", "b"),
        ("inputs['env']", "prod"),
        ("inputs.list[7]", None),
        ("inputs.env.deeper", None),
        ("nothing.at.all", None),
        ("steps.build.outputs.image", "shop:1"),
        ("'it''s'", None),
        (r"'it\'s'", "it's"),
        ('"a\\nb\\u0041"', "a\nbA"),
        ("-3", -3),
        ("1.5e3", 1500.0),
        ("true && !false", True),
        ("inputs.env == 'prod' || inputs.n", True),
        ("inputs.env == 'dev' && inputs.n", False),
        ("(inputs.n == 3.0) == true", True),
        ("1 == true", False),
        ("0 == false", False),
        ("'1' == 1", False),
        ("null == inputs.none", True),
        ("inputs.list != inputs.list", False),
        ("!inputs.missing", True),
        ("outcome", None),
    ],
)
def test_evaluate_gives_the_value_of_every_form(text: str, value: object) -> None:
    if text == "'it''s'":
        with pytest.raises(ExpressionError, match="makes no sense here"):
            parse(text)
        return
    found = evaluate(parse(text), {**CONTEXT, "outcome": "success"})
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("outcome", "success", "failure", "cancelled"),
    [
        (None, True, False, False),
        ("success", True, False, False),
        ("failure", False, True, False),
        ("cancelled", False, False, True),
    ],
)
def test_functions_answer_from_the_outcome(
    outcome: str | None, *, success: bool, failure: bool, cancelled: bool
) -> None:
    context = {} if outcome is None else {"outcome": outcome}
    assert evaluate(parse("success()"), context) is success
    assert evaluate(parse("failure()"), context) is failure
    assert evaluate(parse("cancelled()"), context) is cancelled
    assert evaluate(parse("always()"), context) is True


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("", "is empty", 0),
        ("   ", "is empty", 3),
        ("inputs.", "ends where a name belongs", 7),
        ("(inputs.env", "ends where `)` belongs", 11),
        ("inputs.env 3", "`3` makes no sense here", 11),
        ("inputs.list.sze()", "there is no method `.sze()`", 12),
        ("inputs.list.size(1)", "`size()` takes no argument", 12),
        ("inputs.list.all(t)", "`,` belongs here", 17),
        ("inputs.list.all(t, t, t)", "takes a variable and an expression", 12),
        ("inputs.list.all(1, t)", "needs a variable first", 16),
        ("inputs.list.all(true, t)", "needs a variable first", 16),
        ("has(1)", "`has()` takes a path", 0),
        ("hash()", "`hash()` takes 1 argument", 0),
        ("{1: 2}", "the key of a mapping is a quoted text", 1),
        ("[1, 2", "`,` belongs", 5),
        ("a ? 1", "ends where `:` belongs", 5),
        ("inputs.list[1.5]", "`1.5` is no number of an item", 12),
        ("if", "`if` makes no sense here", 0),
        ("+".join("1" * 101), "more than 100 values in a row", 199),
        ("succes()", "there is no function `succes()`", 0),
        ("success(1)", "takes no argument", 0),
        ("1 == 1 == 1", "comparisons in a row need parentheses", 7),
        ("'open", "a quoted text has no end", 0),
        (r"'a\q'", "`\\q` means nothing", 2),
        ("#", "`#` makes no sense here", 0),
        ("1e999", "out of range", 0),
        ("9" * 40, "out of range", 0),
        ("(" * 40 + "1" + ")" * 40, "nested deeper than 32", 32),
        ("!" * 40 + "true", "nested deeper than 32", 32),
        ("a" + ".b" * 40, "a path may have 32 parts", 0),
        ("a" * (MAX_LENGTH + 1), "an expression may have 4096 characters", 0),
    ],
)
def test_parse_refuses_with_the_position(text: str, message: str, position: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert message in caught.value.detail
    assert caught.value.position == position


def test_render_keeps_the_type_of_a_whole_expression() -> None:
    given_values = {"n": "${{ inputs.n }}", "l": ["  ${{ inputs.list }}\n"], "x": 7}
    assert render(given_values, CONTEXT) == {"n": 3, "l": [[1, {"a": "b"}]], "x": 7}


def test_render_makes_text_of_embedded_values() -> None:
    text = "a${{ inputs.n }}${{ inputs.none }} ${{ inputs.list }} ${{ inputs.flag }} ${{ '}}' }}"
    assert render(text, CONTEXT) == 'a3 [1,{"a":"b"}] true }}'


def test_render_names_the_path_that_leads_nowhere() -> None:
    with pytest.raises(ExpressionError, match=r"`steps\.build\.outputs\.sha` has no value"):
        render("x-${{ steps.build.outputs.sha }}", CONTEXT)
    with pytest.raises(ExpressionError, match=r"`steps\['a-b'\]\[0\]` has no value"):
        render("${{ steps['a-b'][0] }}", CONTEXT)


def test_render_refuses_a_text_that_grows_without_end() -> None:
    context = {"inputs": {"big": "x" * 600_000}}
    with pytest.raises(ExpressionError, match="longer than 1048576 characters"):
        render("${{ inputs.big }} ${{ inputs.big }}", context)


def test_render_refuses_an_expression_without_its_end() -> None:
    with pytest.raises(ExpressionError, match="`}}`") as caught:
        render("abc ${{ inputs.env", CONTEXT)
    assert caught.value.position == 4
    with pytest.raises(ExpressionError, match="`}}`"):
        render("${{ 'no end of the quote }}", CONTEXT)


def test_render_refuses_values_nested_without_end() -> None:
    deep: list[object] = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(ExpressionError, match="nested too deeply"):
        render(deep, CONTEXT)
    with pytest.raises(ExpressionError, match="nested too deeply"):
        evaluate(parse("inputs.a == inputs.b"), {"inputs": {"a": deep, "b": [deep]}})
    with pytest.raises(ExpressionError):
        render("x ${{ inputs.a }}", {"inputs": {"a": deep}})


def test_render_refuses_values_that_json_cannot_hold() -> None:
    for value in (float("nan"), {"a": object()}, [{1, 2}]):
        with pytest.raises(ExpressionError, match="cannot be written as text"):
            render("x ${{ inputs.a }}", {"inputs": {"a": value}})


def test_render_never_renders_what_an_expression_gave() -> None:
    context = {"inputs": {"evil": "${{ env.APP }}"}, "env": {"APP": "shop"}}
    assert render("${{ inputs.evil }}", context) == "${{ env.APP }}"
    assert render_with({}, context, open_inputs=True) == {"evil": "${{ env.APP }}"}


def test_render_with_lets_parameters_through_only_where_none_are_declared() -> None:
    context = {"inputs": {"a": 1, "b": 2}}
    assert render_with({"b": "${{ inputs.a }}"}, context, open_inputs=True) == {"a": 1, "b": 1}
    assert render_with({"b": "${{ inputs.a }}"}, context, open_inputs=False) == {"b": 1}


def test_condition_takes_null_for_false_and_refuses_other_types() -> None:
    assert condition("${{ inputs.flag }}", CONTEXT) is True
    assert condition("inputs.missing", CONTEXT) is False
    with pytest.raises(ExpressionError, match="'prod' is neither true nor false") as caught:
        condition("inputs.env", CONTEXT)
    assert "compare it" in caught.value.hint
    with pytest.raises(ExpressionError, match="a list is neither"):
        condition("!inputs.list", CONTEXT)


def test_strip_braces_takes_only_a_whole_expression() -> None:
    assert strip_braces(" ${{ a == '}}' }} ") == "a == '}}'"
    assert strip_braces("${{ a }} && ${{ b }}") == "${{ a }} && ${{ b }}"
    assert strip_braces("a == b") == "a == b"


def test_references_finds_every_path() -> None:
    value = {"a": ["${{ inputs.x }}"], "b": "p ${{ !steps.a.outputs.y && (env.Z == 1) }}", "c": 5}
    found = {path.text() for path in references(value)}
    assert found == {"inputs.x", "steps.a.outputs.y", "env.Z"}


def _error_of(work: Callable[[], object]) -> ExpressionError | None:
    try:
        work()
    except ExpressionError as error:
        return error
    return None


@given(st.text() | st.lists(PIECES, max_size=30).map("".join))
def test_no_text_crashes_the_parser_or_the_evaluation(text: str) -> None:
    error = _error_of(lambda: evaluate(parse(text), CONTEXT))
    assert error is None or (error.detail and 0 <= error.position <= len(text))


@given(st.lists(st.text(max_size=5) | PIECES, max_size=20).map("".join))
def test_no_template_crashes_the_rendering(text: str) -> None:
    error = _error_of(lambda: (references(text), render(text, CONTEXT)))
    assert error is None or error.detail
    assert error is not None or "${{" in text or render(text, CONTEXT) == text


@given(JSON)
def test_a_whole_expression_gives_any_value_back_unchanged(value: object) -> None:
    assert render("${{ inputs.v }}", {"inputs": {"v": value}}) is value
    assert evaluate(parse("inputs.v == inputs.v"), {"inputs": {"v": value}}) is True

"""Expressions that are more than plain paths, with the real library; cel-python is the oracle."""

import importlib
import subprocess
import sys
import warnings
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from claude_agent.domain.expression import condition, evaluate, parse, render
from claude_agent.domain.expression_cel import Writer
from claude_agent.domain.expression_port import calculate
from claude_agent.domain.expression_tree import ExpressionError

RECURSION = sys.getrecursionlimit()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    celpy = importlib.import_module("celpy")
sys.setrecursionlimit(RECURSION)  # the oracle raises it, also at each use

CONTEXT: dict[str, Any] = {
    "inputs": {
        "env": "prod",
        "n": 3,
        "f": 1.5,
        "on": True,
        "none": None,
        "l": [1, 2, 3],
        "m": {"a": 1, "b-c": [True]},
        "word": "é😀",
        "objects": [{"n": 1, "ok": True}, {"n": 2, "ok": False}],
    },
    "steps": {"test": [{"outputs": {"failed": 0}}, {"outputs": {"failed": 2}}]},
    "now": 1_700_000_000_000,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("steps.test.all(t, t.outputs.failed == 0)", False),
        ("steps.test.exists(t, t.outputs.failed > 1)", True),
        ("steps.test.map(t, t.outputs.failed)", [0, 2]),
        ("steps.test.filter(t, t.outputs.failed == 0).size()", 1),
        ("inputs.objects.map(o, o.ok, o.n * 10)", [10]),
        ("inputs.objects.exists_one(o, o.ok)", True),
        ("inputs.l.map(a, inputs.l.map(b, a * b))", [[1, 2, 3], [2, 4, 6], [3, 6, 9]]),
        ("inputs.env == 'prod' ? 'HIGH' : 'NORMAL'", "HIGH"),
        ("inputs.none ? 1 : 2", 2),
        ("inputs.gone ? 1 : 2", 2),
        ("!inputs.none && inputs.n > 2", True),
        ("inputs.n + 1", 4),
        ("inputs.f * 2.0", 3.0),
        ("-inputs.n", -3),
        ("7 / 2 + 7 % 2", 4),
        ("1 - 2 - 3", -4),
        ("'a' + inputs.env", "aprod"),
        ("inputs.l + [4]", [1, 2, 3, 4]),
        ("inputs.m['b-c'][0]", True),
        ("inputs.l[inputs.n - 1]", 3),
        ("inputs.m[inputs.env == 'prod' ? 'a' : 'b']", 1),
        ("{'a': inputs.n, 'b': [inputs.env]}", {"a": 3, "b": ["prod"]}),
        ("{'a': {'b': 5}}.a.b", 5),
        ("'a' in inputs.m", True),
        ("4 in inputs.l", False),
        ("'in' == 'in'", True),
        ("has(inputs.n) && !has(inputs.gone)", True),
        ("has(inputs.gone.further)", False),
        ("inputs.objects.all(o, has(o.n))", True),
        ("inputs.objects.exists(o, has(o.zzz))", False),
        ("inputs.word.size()", 2),
        ("size(inputs.m)", 2),
        ("string(true) + string(1) + string(2.0) + string(2.5)", "true122.5"),
        ("int('12') + int(1.9)", 13),
        ("double('1.5')", 1.5),
        ("bool('true')", True),
        ("inputs.env.startsWith('pr') && inputs.env.endsWith('od')", True),
        ("inputs.env.contains('ro') && inputs.env.matches('^p.*d$')", True),
        ("now()", "2023-11-14T22:13:20Z"),
        ("now() + duration('7d')", "2023-11-21T22:13:20Z"),
        ("now() < timestamp('2024-01-01T00:00:00Z')", True),
        ("duration('1h30m')", "1h30m"),
        ("duration('90s') == duration('1m30s')", True),
        ("now().getFullYear()", 2023),
        ("hash(inputs.m) == hash({'b-c': [true], 'a': 1})", True),
        ("hash('')", "12ae32cb1ec02d01eda3581b127c1fee3b0dc53572ed6baf239721a03d82e126"),
        ("success() ? 1 : 2", 1),
        ("true || inputs.n > 'a'", True),
        ("inputs.n > 'a' || true", True),
        ("inputs.l.exists(x, x > 2) && success()", True),
    ],
)
def test_what_cel_says(text: str, value: Any) -> None:
    found = evaluate(parse(text), CONTEXT)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("inputs.n + 1.5", "No such overload"),
        ("inputs.n + 'a'", "No such overload"),
        ("inputs.gone > 1", "No such overload"),
        ("inputs.l[9 - 1]", "index out of bounds"),
        ("inputs.objects.map(o, o.gone)", "there is no 'gone'"),
        ("1 / 0", "division by zero"),
        ("9223372036854775807 + 1", "verflow"),
        ("1.0 / 0.0", "nothing that JSON can hold"),
        ("inputs.env.matches('(')", "not a valid regex"),
        ("duration('soon')", "'soon' is no duration"),
        ("size(5)", "size() takes a text, a list or a mapping"),
        ("string([1])", "string() takes a text"),
        ("bool('perhaps')", "bool() takes 'true' or 'false'"),
        ("int('x')", "invalid digit"),
        ("inputs.on ? 1 : inputs.n ? 2 : 3", None),
        ("inputs.n ? 1 : 2", "No such overload"),
        ("inputs.l.filter(x, 5)", "No such overload"),
        ("-inputs.env", "No such overload"),
    ],
)
def test_what_cel_refuses(text: str, message: str | None) -> None:
    if message is None:
        assert evaluate(parse(text), CONTEXT) == 1
        return
    with pytest.raises(ExpressionError) as caught:
        evaluate(parse(text), CONTEXT)
    assert message in caught.value.detail
    assert "\n" not in caught.value.detail


def test_a_path_that_leads_nowhere_is_named_where_a_value_is_rendered() -> None:
    with pytest.raises(ExpressionError, match=r"`inputs\.gone\.x` has no value"):
        render("${{ inputs.gone.x + 1 }}", CONTEXT)
    assert render("${{ has(inputs.gone) ? inputs.gone : 'none' }}", CONTEXT) == "none"
    assert condition("inputs.gone && inputs.n > 2", CONTEXT) is False


def test_now_is_refused_where_no_time_is_known() -> None:
    with pytest.raises(ExpressionError, match=r"`now\(\)` is not known here"):
        evaluate(parse("now()"), {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("inputs.big.map(a, inputs.big.map(b, a))", "100,000 rounds"),
        ("inputs.big.all(a, inputs.big.all(b, inputs.big.all(c, true)))", "100,000 rounds"),
        ("(inputs.big + inputs.big).all(a, inputs.big.all(b, true))", "100,000 rounds"),
        ("inputs.nested.all(a, a.all(b, a.all(c, b == c)))", "100,000 rounds"),
        ("inputs.big.map(a, inputs.long)", "would copy too much"),
        ("inputs.some.map(a, inputs.some.map(b, inputs.long))", "would copy too much"),
        ("inputs.huge.size() + 1", "reads more"),
    ],
)
def test_an_expression_that_would_explode_is_refused_before_it_runs(
    text: str, message: str
) -> None:
    context = {
        "inputs": {
            "big": list(range(1_000)),
            "some": list(range(100)),
            "nested": [list(range(200))] * 5,
            "long": "x" * 100_000,
            "huge": ["x" * 100_000] * 50,
        }
    }
    with pytest.raises(ExpressionError) as caught:
        evaluate(parse(text), context)
    assert message in caught.value.detail


def test_a_thousand_instances_are_no_problem() -> None:
    many = [{"status": "succeeded", "outputs": {"n": n, "text": "x" * 500}} for n in range(1_000)]
    context = {"steps": {"test": many}}
    assert evaluate(parse("steps.test.all(t, t.status == 'succeeded')"), context) is True
    assert evaluate(parse("steps.test.map(t, t.outputs.n)"), context) == list(range(1_000))


def test_plain_expressions_do_without_the_library() -> None:
    code = (
        "import sys\n"
        "from claude_agent.core import cel\n"
        "from claude_agent.domain.expression import condition, render\n"
        "cel.install()\n"
        "c = {'inputs': {'env': 'prod'}}\n"
        "assert condition(\"inputs.env == 'prod' && !inputs.x && success()\", c)\n"
        "assert render('a ${{ inputs.env }}', c) == 'a prod'\n"
        "assert 'cel' not in sys.modules\n"
        "assert condition('size(inputs.env) > 3', c)\n"
        "assert 'cel' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# The same expression, three times: our own evaluator, the library, the oracle ------------------

NAMES = ("inputs.env", "inputs.n", "inputs.f", "inputs.on", "inputs.l", "inputs.m", "inputs.none")
LITERALS = ("'prod'", "3", "3.0", "1.5", "true", "false", "null", "''", "-1")
PLAIN_VALUES = st.sampled_from([*NAMES, *LITERALS])
PLAIN_TRUTHS = st.recursive(
    st.sampled_from(["true", "false", "inputs.on"])
    | st.tuples(PLAIN_VALUES, st.sampled_from(["==", "!="]), PLAIN_VALUES).map(
        lambda t: f"({' '.join(t)})"
    ),
    lambda inner: (
        inner.map(lambda x: f"!({x})")
        | st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda t: f"({' '.join(t)})")
    ),
    max_leaves=6,
)
NUMBERS = st.recursive(
    st.sampled_from(["inputs.n", "1", "2", "(-4)", "inputs.l.size()", "inputs.l[1]"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({' '.join(t)})")
        | st.tuples(inner, st.sampled_from("/%"), st.sampled_from(["2", "3", "-2"])).map(
            lambda t: f"({' '.join(t)})"
        )
        | st.tuples(PLAIN_TRUTHS, inner, inner).map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})")
    ),
    max_leaves=5,
)
TRUTHS = st.one_of(
    PLAIN_TRUTHS,
    st.tuples(NUMBERS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS).map(" ".join),
    NUMBERS.map(lambda n: f"inputs.l.exists(x, x == {n})"),
    NUMBERS.map(lambda n: f"inputs.l.all(x, x + {n} > 2) || inputs.m.exists(k, k == 'a')"),
    NUMBERS.map(lambda n: f"{n} in inputs.l"),
    st.sampled_from(["has(inputs.n)", "has(inputs.m.a)", "inputs.env.startsWith('p')"]),
)
LISTS = NUMBERS.map(lambda n: f"inputs.l.filter(x, x > {n}).map(x, [x, {n}])")


def by_the_library(text: str) -> Any:
    """Evaluate everything with the library, also what we would not hand to it."""
    values = CONTEXT["inputs"]

    def follow(path: Any) -> Any:
        found = CONTEXT
        for part in path.parts:
            found = found[part]
        return found

    writer = Writer(CONTEXT, follow=follow, outcome=lambda name: name == "success", strict=True)
    assert values
    return calculate(writer.write(parse(text)), writer.values)


def by_the_oracle(text: str) -> Any:
    limit = sys.getrecursionlimit()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            environment = celpy.Environment()
            program = environment.program(environment.compile(text))
            found = program.evaluate({"inputs": celpy.json_to_cel(CONTEXT["inputs"])})
    finally:
        sys.setrecursionlimit(limit)  # the oracle raises it
    return plain(found)


def plain(value: Any) -> Any:
    kind = type(value).__name__
    if kind == "BoolType":
        return bool(value)
    if isinstance(value, list):
        return [plain(each) for each in value]
    return int(value) if isinstance(value, int) else value


@settings(max_examples=150)
@given(PLAIN_TRUTHS)
def test_plain_conditions_mean_the_same_to_us_and_to_the_library(text: str) -> None:
    assert condition(text, CONTEXT) == by_the_library(text)


@settings(max_examples=60)
@given(st.one_of(TRUTHS, NUMBERS, LISTS))
def test_expressions_mean_the_same_to_us_and_to_the_oracle(text: str) -> None:
    try:
        said = by_the_oracle(text)
    except celpy.CELEvalError:
        reject()  # it knows no comparison of different types, which CEL has since 2021
    assert evaluate(parse(text), CONTEXT) == said, text


WORDS = st.sampled_from(
    [
        *(*NAMES, *LITERALS, "(", ")", "[", "]", "{", "}", ",", ":", "?", "+", "-", "*", "/", "%"),
        *("<", ">=", "in", "!", "&&", "||", ".all(x, ", ".map(x, ", "x", "has(", "size(", "."),
        *("now()", "'", '"', "\\", "${{", "}}", "hash(", "duration(", "if", "9" * 30, "1e999"),
        *("\x00", "é"),
    ]
)


@settings(max_examples=400)
@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=40))
def test_any_text_has_a_value_or_a_reason(text: str) -> None:
    try:
        render({"a": f"${{{{ {text} }}}}", "b": text}, CONTEXT)
        condition(text, CONTEXT)
    except ExpressionError as error:
        assert error.detail  # noqa: PT017 - either is right

import pytest

from tests.unit.domain.compiling import compiled, only, problems, step


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("agent: [testing, mater]", "there is no agent 'mater'"),
        ("agent: []", "'steps[0].agent' is empty"),
        ("agent: {capabilities: [x]}", "there is no capability 'x'"),
        ("agent: '${{ inputs.who }}'", "an expression cannot choose the agent"),
        ("priority: 'x ${{ inputs.p }}'", "must be one whole expression"),
        ("priority: 5", "'steps[0].priority' must be one of LOW"),
        ("workspace: {repo: x}", "steps[0].workspace has no 'mode'"),
        ("workspace: mine", "'steps[0].workspace' must be one of none, shared"),
        ("when: never", "'steps[0].when' must be one of success, failure, always, cancelled"),
        ("queue: 5", "'steps[0].queue' must be text, not 5"),
        ("depends_on: b", "'steps[0].depends_on' must be a list, not 'b'"),
        ("depends_on: [5]", "'steps[0].depends_on[0]' must be text, not 5"),
        ("depends_on: [a]", "step 'a' depends on itself"),
        ("idempotent: maybe", "'steps[0].idempotent' must be true or false, not 'maybe'"),
        ("on_uncertain: verify", "on_uncertain: verify needs a probe"),
        ("on_uncertain: guess", "'steps[0].on_uncertain' must be one of"),
        ("verify: 'x ${{ inputs.a }}'", "an expression never becomes shell text"),
        ("retry: 3", "'steps[0].retry' must be a mapping, not 3"),
        ("retry: {max_attempts: 0}", "must be a whole number from 1 to 100, not 0"),
        ("retry: {max_attempts: true}", "must be a whole number from 1 to 100, not true"),
        ("retry: {factor: 0.5}", "must be a number from 1 to 100, not 0.5"),
        ("retry: {jitter: 2}", "must be a number from 0 to 1, not 2"),
        ("retry: {on: timeout}", "'steps[0].retry.on' must be a list"),
        ("retry: {on: [5]}", "'steps[0].retry.on[0]' must be text, not 5"),
        ("retry: {on: [Time Out]}", "'Time Out' is no kind of failure"),
        ("retry: {exit_codes: [256]}", "must be a whole number from 0 to 255"),
        ("retry: {delay: [1]}", "'steps[0].retry.delay': 'a list' is no duration"),
        ("timeout: {run: 0s}", "'steps[0].timeout.run' must be longer than nothing"),
        ("timeout: [1]", "'steps[0].timeout' must be a mapping, not a list"),
        ("env: [A=1]", "'steps[0].env' must be a mapping, not a list"),
        ("env: {A: [1]}", "'steps[0].env.A' must be text, not a list"),
        ("with: {'a b': 1}", "'a b' cannot be a key of `with`"),
        ("with: 5", "'steps[0].with' must be a mapping, not 5"),
        ("gates: [{name: x}]", "steps[0].gates[0] has no 'run'"),
        ("gates: [x, {name: gate-1, run: y}]", "two gates are called 'gate-1'"),
        ("gates: ['${{ env.X }}']", "an expression never becomes shell text"),
        ("gates: [[x]]", "'steps[0].gates[0]' must be a mapping, not a list"),
        ("gates: make", "'steps[0].gates' must be a list"),
        ("outputs: {a: {typ: string}}", "unknown key 'typ'"),
        ("outputs: {a: {type: str}}", "there is no type 'str'"),
        ("outputs: {a: {type: []}}", "'steps[0].outputs.a.type' is empty"),
        ("outputs: {a: {$ref: 'http://x'}}", "'$ref' is not available yet"),
        ("outputs: {a: {pattern: '(a+)+'}}", "'pattern' is not available yet"),
        ("outputs: {a: {items: {format: url}}}", "there is no format 'url'"),
        ("outputs: {a: {properties: {b: 5}}}", "'steps[0].outputs.a.properties.b' must be a map"),
        ("outputs: {a: {minLength: -1}}", "must be a whole number from 0"),
        ("outputs: {a: {type: }}", "'steps[0].outputs.a.type' has no value"),
        ("compensate: undo", "'steps[0].compensate' must be a mapping"),
        ("compensate: {prompt: undo, run: x}", "unknown key 'prompt'"),
        ("compensate: {on: attempted}", "steps[0].compensate does nothing"),
        ("compensate: {run: x, on: always}", "'steps[0].compensate.on' must be one of succeeded"),
        ("compensate: {action: migrate, with: {too: 1, to: x}}", "has no parameter 'too'"),
    ],
)
def test_the_keys_of_a_step_are_checked(line: str, message: str) -> None:
    found = problems(f"name: x\nsteps:\n  - id: a\n    run: x\n    {line}\n")
    assert message in found[0].message
    assert found[0].line == 5


@pytest.mark.parametrize(
    ("lines", "idempotent", "on_uncertain"),
    [
        ("run: x", False, "ask"),
        ("run: x\nidempotent: true", True, "retry"),
        ("run: x\nverify: y", False, "verify"),
        ("run: x\nverify: y\non_uncertain: fail", False, "fail"),
        ("action: run_tests", True, "retry"),
        ("action: run_tests\nidempotent: false", False, "ask"),
        ("action: run_tests\nverify: y", True, "verify"),
    ],
)
def test_on_uncertain_follows_from_probe_and_idempotence(
    lines: str, *, idempotent: bool, on_uncertain: str
) -> None:
    found = step(lines)
    assert (found.idempotent, found.on_uncertain) == (idempotent, on_uncertain)


def test_a_condition_may_be_a_plain_boolean_or_a_bare_expression() -> None:
    assert step("run: x\nif: false").if_ == "false"
    assert step("run: x\nif: inputs.a == 1").if_ == "inputs.a == 1"


def test_on_failure_stays_as_it_is_written() -> None:
    text = "name: x\non_failure: continue\nsteps: [{id: a, run: x, compensate: {run: y}}]"
    assert compiled(text).on_failure == "continue"


def test_an_expression_in_a_block_of_shell_text_is_shown_on_its_line() -> None:
    text = "name: x\nsteps:\n - id: a\n   run: |\n    echo hello\n    echo ${{ inputs['a-b'] }}\n"
    found = only(text)
    assert (found.line, found.column) == (6, 1)
    assert found.hint == 'write env: {A_B: "${{ inputs[\'a-b\'] }}"} and use "$A_B" here'


def test_an_unreadable_expression_in_shell_text_still_gets_a_remedy() -> None:
    for text in ("'x ${{ 1 + 1 }}'", "'${{ success() }}'", "'${{ '", "'${{ inputs.l[0] }}'"):
        assert "env: {VALUE:" in only(f"name: x\nsteps: [{{id: a, run: {text}}}]").hint


def test_a_missing_parameter_comes_from_the_params_where_any_are_accepted() -> None:
    assert step("action: clone_repo").with_ == {"url": "${{ inputs.repo_url }}"}
    assert step("action: migrate").with_ == {"to": "${{ inputs.to }}"}


def test_a_missing_parameter_comes_from_the_declared_input_of_its_name() -> None:
    text = "name: x\ninputs: {repo_url: {type: string}}\nsteps: [{id: a, action: clone_repo}]"
    assert compiled(text).steps[0].with_ == {"url": "${{ inputs.repo_url }}"}


def test_a_missing_parameter_is_refused_where_no_input_fills_it() -> None:
    found = only("name: x\ninputs: {}\nsteps: [{id: a, action: clone_repo}]")
    assert found.message == "action 'clone_repo' needs 'url'"
    assert found.hint == "write with: {url: …}"


def test_an_unknown_parameter_is_refused_with_the_nearest() -> None:
    text = "name: x\nsteps: [{id: a, action: clone_repo, with: {url: x, dept: 1, zzz: 2}}]"
    near, far = problems(text)
    assert near.message == "action 'clone_repo' has no parameter 'dept'"
    assert near.hint == "did you mean 'depth'?"
    assert (far.path, far.hint) == ("steps[0].with.zzz", "it takes depth, url")


def test_an_action_without_parameters_takes_none() -> None:
    found = only("name: x\nsteps: [{id: a, action: build_docker, with: {tag: x}}]")
    assert found.hint == "it takes no parameters"


def test_a_literal_of_the_wrong_type_is_refused_and_an_expression_is_not() -> None:
    text = "name: x\nsteps: [{id: a, action: clone_repo, with: {url: x, depth: '1'}}]"
    assert only(text).message == "'steps[0].with.depth' must be a whole number, not '1'"
    text = text.replace("'1'", "'${{ inputs.depth }}'")
    assert compiled(text).steps[0].with_["depth"] == "${{ inputs.depth }}"

import pytest

from tests.unit.domain.compiling import compiled, only, step


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        ("inputs.enw", "there is no 'enw'", "did you mean 'env'?"),
        ("inptus.env", "there is nothing called 'inptus'", "did you mean 'inputs'?"),
        ("env.APPP", "there is no 'APPP'", "did you mean 'APP'?"),
        ("execution.idd", "there is no 'idd'", "did you mean 'id'?"),
        ("steps", "a step must be named", "write steps.<id>.outputs.<name>"),
        ("steps.buidl.outputs.image", "there is no step 'buidl'", "did you mean 'build'?"),
        (
            "steps.later.status",
            "step 'mid' does not wait for 'later' and so cannot read it",
            "add later to its depends_on",
        ),
        ("steps.mid.status", "a step cannot read itself", "in compensate write self.outputs"),
        ("steps.build.output.x", "there is no 'output'", "did you mean 'outputs'?"),
        ("steps.build.outputs.imgae", "there is no 'imgae'", "did you mean 'image'?"),
        ("self.outputs.x", "'self' is known only in compensate", ""),
        ("matrix.x", "step 'mid' has no matrix", "give it a matrix"),
        (
            "secrets.KEY",
            "a secret reaches only the process that names it",
            'write secrets: [NAME] in that step, or env: {VARIABLE: "${{ secrets.NAME }}"}',
        ),
    ],
)
def test_a_step_reads_only_what_there_is(value: str, message: str, hint: str) -> None:
    found = only(
        "name: x\n"
        "inputs: {env: {type: string}}\n"
        "env: {APP: shop}\n"
        "steps:\n"
        "  - {id: build, run: x, outputs: {image: {type: string}}}\n"
        "  - id: mid\n"
        "    run: x\n"
        "    depends_on: [build]\n"
        f"    env: {{V: 'a ${{{{ {value} }}}}'}}\n"
        "  - {id: later, run: x, depends_on: [mid]}\n"
    )
    assert found.message == f"`{value}`: {message}"
    assert hint in found.hint
    assert (found.line, found.path) == (9, "steps[1].env.V")


def test_a_step_reads_every_ancestor() -> None:
    text = (
        "name: x\nsteps:\n  - {id: a, run: x}\n  - {id: b, run: x, depends_on: [a]}\n"
        "  - {id: c, run: x, depends_on: [b], if: steps.a.outputs.free == 1}\n"
    )
    assert compiled(text).steps[2].if_ == "steps.a.outputs.free == 1"


def test_without_declared_inputs_any_may_be_read() -> None:
    assert step("run: x\nenv: {A: '${{ inputs.anything }}'}").env["A"]
    assert step("run: x\nwith: {all: '${{ inputs }}'}").with_["all"]


@pytest.mark.parametrize(
    ("top", "message"),
    [
        ("env: {A: '${{ env.B }}'}", "`env.B`: 'env' cannot be read here"),
        ("env: {A: '${{ steps.a.status }}'}", "'steps' cannot be read here"),
        ("outputs: {o: '${{ steps.a.outputs.y }}'}", "there is no 'y'"),
        ("outputs: {o: '${{ self.status }}'}", "'self' is known only in compensate"),
        ("outputs: [x]", "'outputs' must be a mapping, not a list"),
    ],
)
def test_the_definition_reads_only_what_there_is(top: str, message: str) -> None:
    found = only(f"name: x\n{top}\nsteps: [{{id: a, run: x, outputs: {{z: {{}}}}}}]")
    assert message in found.message


def test_a_compensation_reads_its_step() -> None:
    text = (
        "name: x\nsteps: [{{id: a, run: x, outputs: {{z: {{}}}},"
        " compensate: {{run: y, with: {{v: '${{{{ self.{} }}}}'}}}}}}]"
    )
    assert compiled(text.format("outputs.z")).steps[0].compensate
    assert "there is no 'y'" in only(text.format("outputs.y")).message
    assert "there is no 'out'" in only(text.format("out")).message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("if: 'a ='", "'steps[0].if': `=` makes no sense here"),
        ("if: '${{ a }} && ${{ b }}'", "a condition is one expression"),
        ("if: 5", "'steps[0].if' must be text, not 5"),
        ("if: 'inputs.n > > 3'", "`>` makes no sense here"),
        ("with: {a: [{b: '${{ x'}]}", "`${{` without its `}}`"),
    ],
)
def test_an_expression_that_cannot_be_read_is_refused(line: str, message: str) -> None:
    assert message in only(f"name: x\nsteps:\n - id: a\n   run: x\n   {line}\n").message

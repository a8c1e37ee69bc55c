"""Workflows of other systems: each file gives the kept one, compiles, and names what is lost."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from claude_agent.core.definition_source import parse
from claude_agent.core.importing.importer import imported, looks_like
from claude_agent.domain.definition import DefinitionError
from tests.unit.domain.compiling import compiled

FOLDER = Path(__file__).parents[2] / "data" / "imports"
FILES = sorted(path for path in FOLDER.glob("*/*.y*ml") if ".ours." not in path.name)
NOTHING = ("nothing.yml", "empty.yaml")
KEEP = bool(os.environ.get("KEEP_IMPORTS"))
"""Set it to write the kept files anew, and read what changed."""


def test_there_are_a_dozen_files() -> None:
    assert len(FILES) >= 12


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_file_gives_what_is_kept_and_it_compiles(path: Path) -> None:
    found = imported(path.read_text(), file=path.name, origin=path.parent.name)
    kept = path.with_suffix(".ours.yaml")
    if path.name in NOTHING:
        assert (found.source, found.steps) == ("", 0)
        assert found.unmapped
        return
    if KEEP:
        kept.write_text(found.source)
    assert found.source == kept.read_text()
    assert len(compiled(found.source).steps) == found.steps
    assert all(one.reason and one.path for one in found.unmapped)
    lines = path.read_text().count("\n") + 1
    assert all(0 < one.line <= lines for one in found.unmapped)
    assert looks_like(parse(path.read_text())) == path.parent.name


def of_github(text: str) -> Any:
    return imported(text, origin="github")


def script(tmp_path: Path, text: str, origin: str, **env: str) -> tuple[int, str, str]:
    """Run the first step of what an import gives; return code, output, and what it delivered."""
    step = compiled(imported(text, origin=origin).source).steps[0]
    outputs = tmp_path / "outputs.json"
    outputs.write_text("")
    done = subprocess.run(
        ["/bin/sh", "-e", "-c", step.run or ""],
        env={"PATH": os.environ["PATH"], "CLAUDE_AGENT_OUTPUTS": str(outputs), **env},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, outputs.read_text()


def job(*steps: str) -> str:
    lines = "\n".join(f"      - {one}" for one in steps)
    outputs = "    outputs: {v: '${{ steps.s.outputs.v }}'}"
    return f"on: push\njobs:\n  j:\n{outputs}\n    steps:\n{lines}\n"


def test_inner_steps_are_processes_of_their_own_and_stop_at_the_first_failure(
    tmp_path: Path,
) -> None:
    text = job(
        '{id: s, run: "X=1; echo \\"v=a\\\\\\"b\\" >> $GITHUB_OUTPUT"}',
        '{run: "echo \\"[$X] [${{ steps.s.outputs.v }}]\\""}',
        '{run: "echo N=3 >> $GITHUB_ENV"}',
        '{run: "echo \\"N is $N\\""}',
        '{run: "echo forgiven; exit 3", continue-on-error: true}',
    )
    code, out, outputs = script(tmp_path, text, "github")
    assert (code, outputs.strip()) == (0, '{"v": "a\\"b"}')
    assert '[] [a"b]' in out
    assert "N is 3" in out
    code, out, outputs = script(tmp_path, job('{run: "false | true; echo no"}'), "github")
    assert (code, outputs) == (1, "")


def test_value_reaches_a_script_as_a_variable_never_as_text(tmp_path: Path) -> None:
    text = job("{run: \"printf '%s' '${{ github.ref }}'\"}").replace("    outputs", "    x-outputs")
    source = of_github(text).source
    assert "${{ inputs.ref }}" in source
    code, out, _ = script(tmp_path, text, "github", GITHUB_REF="$(touch hacked)")
    assert code == 0
    assert out.endswith("$(touch hacked)")
    assert not (tmp_path / "hacked").exists()


def test_output_of_a_dagu_step_is_captured_and_preconditions_are_checked(tmp_path: Path) -> None:
    text = "steps:\n  - {id: a, run: 'echo one; echo \"two\"', output: X}\n"
    code, out, outputs = script(tmp_path, text, "dagu")
    assert (code, out, outputs.strip()) == (0, "one\ntwo\n", '{"X": "one\\ntwo"}')
    failing = "steps:\n  - {id: a, run: 'echo one; exit 4', output: X}\n"
    assert script(tmp_path, failing, "dagu")[0] != 0
    gate = "steps:\n  - {id: a, run: 'true', preconditions: [%s]}\n"
    for condition, ok in (
        ("test -e /", "true"),
        ("test -e /nothing", "false"),
        ("{condition: '`echo x1`', expected: 're:x[0-9]'}", "true"),
        ("{condition: '`echo y`', expected: x}", "false"),
        ("{condition: '`echo y`', expected: x, negate: true}", "true"),
    ):
        code, _, outputs = script(tmp_path, gate % condition, "dagu")
        assert (code, outputs) == (0, f'{{"ok": {ok}}}'), condition


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("github.ref == 'refs/heads/main'", "inputs.ref == 'refs/heads/main'"),
        (
            "!contains(github.ref, 'rc') && (true || false)",
            "!inputs.ref.contains('rc') && (true || false)",
        ),
        ("contains(fromJSON('[1, 2]'), 2)", "2 in [1, 2]"),
        ("startsWith(github.sha, 'it''s')", "inputs.sha.startsWith('it\\'s')"),
        ("needs.a.result == 'failure'", "steps.a.status == 'failed'"),
        ("github['run_id'] != null", "execution.id != null"),
    ],
)
def test_condition_is_translated(theirs: str, ours: str) -> None:
    one = '    steps: [{run: "true"}]'
    text = f'on: push\njobs:\n  a:\n{one}\n  b:\n    needs: a\n    if: "{theirs}"\n{one}\n'
    source = of_github(text).source
    assert compiled(source).by_id["b"].if_ == ours


@pytest.mark.parametrize(
    ("theirs", "why"),
    [
        ("github.event.commits[0].id == 1", "has no counterpart"),
        ("hashFiles('x') == 'y'", "the function hashFiles() has no counterpart"),
        ("inputs.nothing", "there is no input nothing"),
        ("1 ==", "it ends too early"),
        ("a ? b", "is not understood"),
        ("contains(github.ref, 'x'", "is not closed"),
        ("(true", "')' is missing"),
        ("github.event.*.x", "lists of objects"),
        ("fromJSON(github.ref)", "for a list alone"),
    ],
)
def test_condition_without_a_counterpart_is_named_with_its_line(theirs: str, why: str) -> None:
    text = f'on: push\njobs:\n  a:\n    if: "{theirs}"\n    steps: [{{run: "true"}}]\n'
    found = of_github(text)
    (one,) = found.unmapped
    assert (one.line, one.path) == (4, "jobs.a.if")
    assert why in one.reason
    assert compiled(found.source).steps[0].if_ is None


def test_text_that_is_no_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(DefinitionError):
        imported("jobs: [")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "1",
        "jobs: 3",
        "jobs: {a: 1}",
        "steps: {a: {run: {}}}",
        "on: {push: [1]}\njobs: {a: {steps: [1, {run: [2]}], strategy: 3, env: [], needs: [b]}}",
    ],
)
def test_any_tree_is_read_without_a_crash(text: str) -> None:
    for origin in ("github", "dagu"):
        found = imported(text, origin=origin)
        assert found.source == "" or compiled(found.source)

import json
import sys
from pathlib import Path

import pytest

from claude_agent.agents.adapters.claude import ClaudeAdapter
from claude_agent.agents.adapters.fake import FakeAdapter
from claude_agent.agents.adapters.shell import ShellAdapter
from claude_agent.agents.run_plan import Places, RunPlanner, with_variables
from claude_agent.errors import NotPromptable, SetupError
from tests.unit.core.stand import agent
from tests.unit.domain.making import ID, running

AGENT = agent("testing", 1, environment=("MINE",))
SERVER = {"PATH": "/bin", "HOME": "/root", "MINE": "1", "TOKEN": "secret", "CLAUDE_AGENT_X": "y"}


@pytest.fixture
def planner(tmp_path: Path) -> RunPlanner:
    shim = tmp_path / "shim.pyz"
    shim.write_bytes(b"shim")
    places = Places(
        home=tmp_path,
        runs=tmp_path / "runs",
        workspaces=tmp_path / "workspaces",
        bell=tmp_path / "bell",
        shim=shim,
        url="http://here",
    )
    return RunPlanner(places, SERVER)


def test_variables_are_plain_text_or_json() -> None:
    assert with_variables({"repo-url": "x y", "n": 1, "list": [1, "ä"], "none": None}) == {
        "CLAUDE_AGENT_WITH_REPO_URL": "x y",
        "CLAUDE_AGENT_WITH_N": "1",
        "CLAUDE_AGENT_WITH_LIST": '[1,"ä"]',
        "CLAUDE_AGENT_WITH_NONE": "null",
    }


def test_environment_lets_through_what_is_named_and_nothing_else(planner: RunPlanner) -> None:
    one = running(env={"A": "1", "PATH": "/mine"}, with_={"x": "1"}, effect_key="e/s/1")
    found = planner.environment(one, AGENT, planner.folder(one))
    assert "TOKEN" not in found
    assert "CLAUDE_AGENT_X" not in found
    assert (found["HOME"], found["MINE"], found["A"], found["PATH"]) == ("/root", "1", "1", "/mine")
    assert found["CLAUDE_AGENT_RUN_ID"] == f"{ID}.1"
    assert (found["CLAUDE_AGENT_ATTEMPT"], found["CLAUDE_AGENT_FENCE"]) == ("2", "1")
    assert found["CLAUDE_AGENT_IDEMPOTENCY_KEY"] == "e/s/1"
    assert found["CLAUDE_AGENT_WITH_X"] == "1"
    assert found["CLAUDE_AGENT_OUTPUTS"].endswith(f"{ID}/1/outputs.json")


def test_task_of_its_own_is_its_idempotency_key(planner: RunPlanner) -> None:
    one = running()
    found = planner.environment(one, AGENT, planner.folder(one))
    assert found["CLAUDE_AGENT_IDEMPOTENCY_KEY"] == ID


def test_environment_of_a_task_cannot_pretend_to_be_another_run(planner: RunPlanner) -> None:
    one = running(env={"CLAUDE_AGENT_RUN_ID": "other.1"})
    found = planner.environment(one, AGENT, planner.folder(one))
    assert found["CLAUDE_AGENT_RUN_ID"] == f"{ID}.1"


def test_prepared_folder_holds_everything_the_shim_needs(planner: RunPlanner) -> None:
    one = running(text="echo $X", with_={"x": [1]})
    spec = planner.prepare(one, AGENT, ShellAdapter())
    folder = planner.folder(one).path
    written = json.loads((folder / "spec.json").read_text())
    assert (written["digest"], written["run_id"], written["fence"]) == (spec.digest, f"{ID}.1", 1)
    assert (folder / "script.sh").read_text() == "echo $X"
    assert json.loads((folder / "with.json").read_text()) == {"x": [1]}
    assert (folder / "shim.pyz").read_bytes() == b"shim"
    assert written["cwd"] == str(planner.places.workspaces / ID)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_action_is_a_program_of_our_own_that_the_workspace_cannot_shadow(
    planner: RunPlanner,
) -> None:
    one = running(kind="action", text="noop")
    spec = planner.prepare(one, AGENT, ShellAdapter())
    assert spec.commands[0][1] == (sys.executable, "-P", "-m", "claude_agent.actions", "noop")


def test_prompt_is_given_as_input_and_never_to_a_shell(planner: RunPlanner) -> None:
    one = running(kind="prompt", text="rm -rf /")
    spec = planner.prepare(one, AGENT, FakeAdapter())
    folder = planner.folder(one).path
    assert (spec.stdin, spec.protocol) == ("stdin", "jsonl")
    assert (folder / "stdin").read_text() == "rm -rf /"
    assert "rm" not in " ".join(spec.commands[0][1])


def test_prompt_for_a_shell_is_refused_and_writes_no_specification(planner: RunPlanner) -> None:
    one = running(kind="prompt", text="x")
    with pytest.raises(NotPromptable):
        planner.prepare(one, AGENT, ShellAdapter())
    assert not (planner.folder(one).path / "spec.json").exists()


def test_workplace_is_made_where_it_is_ours_and_must_exist_elsewhere(
    planner: RunPlanner, tmp_path: Path
) -> None:
    ours = tmp_path / "workspaces" / "e1"
    assert planner.workplace(running(cwd=str(ours))) == ours
    assert ours.is_dir()
    assert planner.workplace(running(cwd=str(tmp_path))) == tmp_path
    with pytest.raises(SetupError, match="does not exist"):
        planner.workplace(running(cwd=str(tmp_path / "gone")))


def test_checks_have_a_folder_and_an_id_of_their_own(planner: RunPlanner) -> None:
    one = running(title="hello")
    checks = [("lint", "ruff"), ("tests", "pytest")]
    folder = planner.prepare_checks(one, AGENT, "gates", 2, checks)
    assert folder.path == planner.folder(one).path / "gates-2"
    written = json.loads((folder.path / "spec.json").read_text())
    assert written["run_id"] == written["env"]["CLAUDE_AGENT_RUN_ID"] == f"{ID}.1.gates-2"
    assert [each["name"] for each in written["commands"]] == ["lint", "tests"]
    assert written["commands"][0]["argv"] == ["/bin/sh", "-e", "-c", "ruff"]
    assert written["title"] == "gates of hello"


def test_shim_is_started_without_anything_of_the_environment(planner: RunPlanner) -> None:
    folder = planner.folder(running())
    argv = planner.shim_argv(folder)
    assert argv == (sys.executable, "-I", "-S", str(folder.path / "shim.pyz"), str(folder.path))


def test_planner_takes_the_servers_environment_by_default(
    planner: RunPlanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC+7")
    plain = RunPlanner(planner.places)
    one = running()
    assert plain.environment(one, AGENT, plain.folder(one))["TZ"] == "UTC+7"


def test_an_isolated_agent_gets_a_home_of_its_own_and_the_persons_is_left_alone(
    planner: RunPlanner, tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "claude"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    environ = {"PATH": str(program.parent), "ANTHROPIC_API_KEY": "k"}
    one = running(kind="prompt", text="Build it.", env=environ, cwd=str(tmp_path))
    more = {"isolated": True, "model": "best", "instructions": "You build.", "may": "edit"}
    spec = planner.prepare(one, agent("testing", 1, **more), ClaudeAdapter({}))
    home = tmp_path / "agents" / "testing"
    assert spec.env["HOME"] == str(home)
    assert (home / ".gitconfig").is_file()
    assert (planner.folder(one).path / "stdin").read_bytes() == b"You build.\n\nBuild it."
    argv = spec.commands[0][1]
    assert "best" in argv
    assert argv[argv.index("--allowedTools") + 1] == "mcp__claude-agent"
    assert spec.about["seeds"].keys() == {".gitconfig"}

import json
import subprocess
import sys
from pathlib import Path

import pytest

from claude_agent import __version__
from claude_agent.cli import codes
from claude_agent.cli.shell import COMMANDS
from claude_sdk.errors import ProblemDocument, ServerUnreachable, WaitTimeout, problem_from
from tests.unit.cli.conftest import Cli
from tests.wire_server import WireServer

HEAVY = {"httpx", "rich", "textual", "fastapi", "pydantic", "dramatiq", "structlog", "yaml"}
PROBE = """
import sys, json
from claude_agent.cli.main import main
code = main(json.loads(sys.argv[1]))
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


def modules_after(argv: list[str]) -> tuple[int, set[str]]:
    ran = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(argv)], capture_output=True, text=True, check=True
    )
    code, names = json.loads(ran.stderr.splitlines()[-1])
    return code, set(names)


def test_version_imports_next_to_nothing() -> None:
    code, names = modules_after(["--version"])
    assert code == 0
    assert not names & (HEAVY | {"click", "claude_sdk", "http.client"})


def test_status_imports_nothing_heavy(server: WireServer) -> None:
    code, names = modules_after(["status"])
    assert code == 0
    assert not names & (HEAVY | {"websockets", "difflib", "shutil", "pathlib"})


@pytest.mark.parametrize("argv", [[], ["--help"], ["help", "exit-codes"], ["submit", "--help"]])
def test_help_imports_no_client(argv: list[str]) -> None:
    code, names = modules_after(argv)
    assert code == 0
    assert not names & (HEAVY | {"http.client"})


def test_version_is_told_in_both_ways(cli: Cli) -> None:
    assert cli("--version").out == f"claude-agent {__version__}\n"
    assert cli("--home", "/x", "--version").out == f"claude-agent {__version__}\n"
    assert cli("version", "-o", "name").out == f"{__version__}\n"


def test_no_command_shows_the_help(cli: Cli) -> None:
    ran = cli()
    assert ran.code == 0
    assert all(name in ran.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(cli: Cli, name: str) -> None:
    ran = cli(name, "--help")
    assert ran.code == 0
    assert ran.out.startswith("Usage: claude-agent " + name)


def test_unknown_command_names_the_nearest(cli: Cli) -> None:
    ran = cli("statsu")
    assert (ran.code, ran.out) == (2, "")
    assert "Did you mean status?" in ran.err


def test_word_that_people_try_names_what_does_it(cli: Cli) -> None:
    assert "Did you mean trigger list?" in cli("webhook", "list").err


def test_group_without_its_command_shows_its_help(cli: Cli) -> None:
    ran = cli("workflow")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: claude-agent workflow ")
    assert "validate" in ran.err


def test_unknown_option_is_a_usage_error(cli: Cli) -> None:
    ran = cli("status", "--nonsense")
    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert "claude-agent status --help" in ran.err


def test_no_server_is_exit_7_with_the_next_command(cli: Cli) -> None:
    ran = cli("status")
    assert (ran.code, ran.out) == (7, "")
    assert "claude-agent up" in ran.err
    assert len(ran.err.splitlines()) == 2


def test_wrong_token_is_exit_4(server: WireServer, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "home" / "token").write_text("wrong")
    ran = cli("status")
    assert ran.code == 4
    assert "token" in ran.err


def test_address_can_be_given(server: WireServer, cli: Cli) -> None:
    assert cli("--url", server.url, "status").code == 0
    ran = cli("--url", "nonsense", "status")
    assert ran.code == 1
    assert "not an address" in ran.err


def test_errors_from_the_server_cannot_steer_the_terminal(server: WireServer, cli: Cli) -> None:
    ran = cli("task", "show", "\x1b]0;evil\x07\x1b[2Jzz")
    assert ran.code == 5
    assert "\x1b" not in ran.err
    assert "zz" in ran.err


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, 2), (401, 4), (403, 4), (404, 5), (409, 6), (412, 6), (413, 2), (415, 2),
        (422, 2), (429, 7), (500, 1), (503, 7), (507, 7),
    ],
)  # fmt: skip
def test_http_status_has_its_exit_code(status: int, code: int) -> None:
    problem = problem_from(ProblemDocument(status=status, code="", detail="x"))
    assert codes.for_error(problem) == code


def test_other_errors_have_their_exit_codes() -> None:
    assert codes.for_error(ServerUnreachable("x")) == 7
    assert codes.for_error(WaitTimeout("T1", seconds=1)) == 9
    setup = ProblemDocument(status=503, code="setup", detail="no tmux")
    assert codes.for_error(problem_from(setup)) == 1


@pytest.mark.parametrize(
    ("state", "code"),
    [("succeeded", 0), ("cancelled", 3), ("rejected", 3), ("dead", 8), ("compensated", 8)],
)
def test_end_has_its_exit_code(state: str, code: int) -> None:
    assert codes.for_end(state) == code


def test_help_explains_every_exit_code(cli: Cli) -> None:
    out = cli("help", "exit-codes").out
    assert [int(line.split()[0]) for line in out.splitlines()] == list(codes.MEANINGS)
    assert "NO_COLOR" in cli("help", "environment").out
    assert "--task" in cli("help", "submit").out
    assert "exit-codes" in cli("help").out
    assert cli("help", "nonsense").code == 2


def test_reader_that_goes_away_is_not_an_error(server: WireServer) -> None:
    for number in range(200):
        server.world.happen("task.started", f"t{number}", text="x" * 400)
    program = [sys.executable, "-m", "claude_agent.cli.main"]
    ran = subprocess.run(
        ["/bin/bash", "-c", '"$@" event list | head -1; exit ${PIPESTATUS[0]}', "-", *program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(ran.stdout.splitlines()) == 1


def test_settings_that_are_wrong_are_explained(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "claude-agent.toml").write_text("[server]\nprot = 1\n")
    ran = cli("config", "list")
    assert ran.code == 2
    assert "prot" in ran.err
    assert "port" in ran.err


def test_settings_are_listed_with_their_sources(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "claude-agent.toml").write_text("[server]\nport = 7999\n")
    ran = cli("config", "list", "-o", "json")
    found = {item["name"]: item for item in json.loads(ran.out)["items"]}
    assert found["server.port"]["value"] == 7999
    assert found["server.port"]["source"].endswith("claude-agent.toml")
    assert not (tmp_path / "home").exists()

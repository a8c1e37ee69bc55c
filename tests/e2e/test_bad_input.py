"""Bad input: one sentence with the place and the remedy, the right code, nothing changed."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import PROGRAM, Product

DEPLOY = str(Path(__file__).parents[2] / "src/claude_agent/workflows/deploy_web_app.yaml")
BIG = 2_000_000
CYCLE = """name: cycle
steps:
  - {id: a, agent: testing, action: noop, depends_on: [b]}
  - {id: b, agent: testing, action: noop, depends_on: [a]}
"""
NAMES = """name: names
steps:
  - id: a
    agent: testin
    action: run_test
    retires: 3
  - id: b
    agent: testing
    action: http_check
    with: {ulr: x}
    priority: URGENT
"""


def state_of(product: Product) -> tuple[Any, Any, Any]:
    """Return what a refused request must leave as it was."""
    return (
        product.system.events.head(),
        product.system.tasks.list()["counts"],
        product.system.executions.list()["counts"],
    )


@contextmanager
def nothing_changes(product: Product) -> Iterator[None]:
    """Assert that the log, the tasks and the executions stay as they are."""
    before = state_of(product)
    yield
    assert state_of(product) == before


def told(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one error a command told, checked for its form."""
    said = done.stderr.strip()
    assert said.count("error: ") == 1, said
    assert "Traceback" not in said + done.stdout
    assert not done.stdout.strip()
    return said


REFUSED = [
    pytest.param("submit --run true --agent testin", ["agent", "testin", "testing"], id="agent"),
    pytest.param("submit --action run_test", ["action", "run_test", "run_tests"], id="action"),
    pytest.param("submit --run true --priority URGENT", ["URGENT", "critical"], id="priority"),
    pytest.param("submit --action http_check --with ulr=x", ["ulr", "url"], id="parameter"),
    pytest.param("submit --action http_check", ["http_check", "url", "--with"], id="no parameter"),
    pytest.param("submit --task poem --agent testing", ["testing", "prompt", "--run"], id="prompt"),
    pytest.param("submit --run true --timeout soon", ["timeout.run", "5m"], id="duration"),
    pytest.param("submit --run true --cwd /nowhere", ["/nowhere", "folder"], id="folder"),
    pytest.param("submit --run true --urgent", ["--urgent", "--help"], id="option"),
    pytest.param("submit", ["exactly one", "--run"], id="nothing to do"),
    pytest.param("workflow --file none.yaml", ["none.yaml", "No such file"], id="no file"),
    pytest.param("workflow --file big.yaml", ["big.yaml", "1024 kB"], id="large file"),
    pytest.param("workflow --file cycle.yaml", ["cycle.yaml:3", "a → b → a", "remove"], id="cycle"),
    pytest.param("workflow --file broken.yaml", ["broken.yaml:4:1", "YAML"], id="broken YAML"),
    pytest.param(f"workflow --file {DEPLOY}", ["repo_url", "--params"], id="no input"),
    pytest.param(
        f"workflow --file {DEPLOY} --params repo_url=x --params colour=red",
        ["params.colour", "repo_url, env, ref"],
        id="unknown input",
    ),
    pytest.param(
        f"workflow --file {DEPLOY} --params repo_url=x --params env=moon",
        ["params.env", "'staging'"],
        id="value of an input",
    ),
    pytest.param(
        "workflow --file names.yaml",
        [
            *("names.yaml:4:12", "'testing'", "names.yaml:5:13", "'run_tests'", "names.yaml:6:5"),
            *("'retry'", "names.yaml:10:17", "'url'", "names.yaml:11:15", "CRITICAL"),
        ],
        id="every unknown name of a file at once",
    ),
]


@pytest.fixture
def files(shared: Product) -> Product:
    """The product, with the files that the tests name in its working folder."""
    (shared.work / "cycle.yaml").write_text(CYCLE)
    (shared.work / "names.yaml").write_text(NAMES)
    (shared.work / "broken.yaml").write_text("name: broken\nsteps:\n  - agent: [testing\n")
    step = "  - {id: s, agent: testing, action: noop}\n"
    (shared.work / "big.yaml").write_text("name: big\nsteps:\n" + step * (BIG // len(step)))
    return shared


@pytest.mark.parametrize(("words", "says"), REFUSED)
def test_refused_command_names_place_and_remedy(
    files: Product, words: str, says: list[str]
) -> None:
    with nothing_changes(files):
        said = told(files.cli(*words.split(), expect=2))
    assert [part for part in says if part not in said] == [], said


def test_refused_request_has_its_problem_code(shared: Product) -> None:
    cases: list[tuple[str, Any, int, str]] = [
        ("/tasks/submit", {"run": "true", "agent": "testin"}, 422, "unknown_name"),
        ("/tasks/submit", {"action": "run_test"}, 422, "unknown_name"),
        ("/tasks/submit", {"run": "true", "priority": "URGENT"}, 422, "unknown_name"),
        ("/tasks/submit", {"run": "true", "colour": "red"}, 422, "unknown_name"),
        ("/tasks/submit", {"action": "http_check", "with": {"ulr": 1}}, 422, "unknown_name"),
        ("/tasks/submit", {"prompt": "poem", "agent": "testing"}, 422, "not_promptable"),
        ("/tasks/submit", {"run": "true", "prompt": "poem"}, 422, "invalid"),
        ("/tasks/submit", b"{not json", 400, "malformed"),
        ("/tasks/submit", {"run": "x" * BIG}, 413, "too_large"),
        ("/workflows", {"source": CYCLE}, 422, "definition_invalid"),
        ("/workflows/validate", {"source": NAMES}, 422, "definition_invalid"),
        ("/workflows/-/execute", {"source": CYCLE, "params": {}}, 422, "definition_invalid"),
        ("/workflows/deploy_wep_app/execute", {"params": {}}, 404, "not_found"),
        ("/messages", {"actor": "execute_aproved_command"}, 422, "unknown_name"),
        ("/tasks/NOPE/cancel", {}, 404, "not_found"),
    ]
    with nothing_changes(shared):
        for path, body, status, code in cases:
            answered, problem = shared.ask("POST", path, body)
            assert (answered, problem["code"]) == (status, code), f"{path} {str(body)[:80]}"
            assert problem["detail"].count("\n") == 0
            assert problem["detail"].endswith(".") or problem["problems"]


@pytest.mark.parametrize("token", ["", "nonsense", "ca_" + "x" * 43])
def test_wrong_token_is_refused_before_anything_else(shared: Product, token: str) -> None:
    with nothing_changes(shared):
        for method, path, body in (
            ("GET", "/tasks", None),
            ("POST", "/tasks/submit", {"run": "touch forbidden"}),
            ("POST", "/server/stop", {"stop_agents": True}),
        ):
            status, problem = shared.ask(method, path, body, token=token)
            assert (status, problem["code"]) == (401, "unauthorized")
        if token:
            environ = {**shared.environ, "CLAUDE_AGENT_TOKEN": token}
            said = told(shared.cli("submit", "--run", "true", expect=4, env=environ))
            assert "token" in said
            assert token not in said


def test_missing_repository_fails_the_execution_with_its_name(shared: Product) -> None:
    words = ["workflow", "--file", DEPLOY, "--params", "repo_url=/nowhere/shop.git", "--wait"]
    done = shared.cli(*words, expect=8)
    assert "/nowhere/shop.git" in done.stderr
    [execution] = shared.system.executions.list(limit=1)["items"]
    assert execution["state"] in ("failed", "compensated")
    states = [step["state"] for step in execution["steps"]]
    assert states == ["failed"] + ["skipped"] * 5
    assert not shared.system.apps.list()


def test_second_server_on_the_same_home_is_refused_and_names_the_first(shared: Product) -> None:
    with nothing_changes(shared):
        said = told(shared.cli("up", "--detach", "--port", "0", expect=6))
        assert str(shared.keeper) in said
        assert "claude-agent down" in said
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            argv = [sys.executable, "-m", "claude_agent.server", "--home", str(shared.home)]
            done = subprocess.run(
                [*argv, "--fd", str(listener.fileno())],
                check=False,
                pass_fds=[listener.fileno()],
                env=shared.environ,
                capture_output=True,
                text=True,
                timeout=60,
            )
        assert done.returncode == 6
        assert str(shared.server) in told(done)
        assert shared.serves()


def test_port_in_use_is_refused_with_the_way_out(empty: Product) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = told(empty.cli("up", "--detach", "--port", port, expect=6))
    assert port in said
    assert "--port" in said
    assert not empty.processes()
    assert not (empty.home / "claude-agent.db").exists()


def test_missing_tmux_is_named_with_the_command_that_installs_it(empty: Product) -> None:
    folder = empty.work / "bin"
    folder.mkdir()
    for name in ("git", "sh", "env"):
        found = next(
            Path(p) / name for p in os.environ["PATH"].split(":") if (Path(p) / name).exists()
        )
        (folder / name).symlink_to(found)
    environ = {**empty.environ, "PATH": str(folder)}
    said = told(empty.cli("up", "--detach", "--port", "0", expect=1, env=environ))
    assert "tmux is not installed" in said
    assert "install tmux" in said
    assert not empty.processes()
    empty.up()
    types = [frame["type"] for frame in empty.system.events.all()]
    assert types.count("server.started") == 1, "the start that failed left no event"


@contextmanager
def unwritable(folder: Path) -> Iterator[Path]:
    """A folder that nobody can write into, not even root."""
    folder.mkdir(mode=0o700)
    if os.geteuid() != 0:
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
        yield folder
        folder.chmod(stat.S_IRWXU)
        return
    words = ["mount", "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", str(folder)]
    if subprocess.run(words, check=False, capture_output=True).returncode != 0:
        yield Path("/proc/self")  # a root that may not mount cannot write there either
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_read_only_home_is_named_with_the_way_out(empty: Product) -> None:
    with unwritable(empty.home) as home:
        before = sorted(home.iterdir())
        environ = {**empty.environ, "CLAUDE_AGENT_HOME": str(home)}
        said = told(empty.cli("up", "--detach", "--port", "0", expect=1, env=environ))
        assert str(home) in said
        assert "CLAUDE_AGENT_HOME" in said
        assert sorted(home.iterdir()) == before
    assert not empty.processes()


def test_home_that_is_a_file_is_named(empty: Product) -> None:
    empty.home.write_text("not a folder")
    said = told(empty.cli("up", "--detach", "--port", "0", expect=1))
    assert f"{empty.home} is not a folder" in said
    empty.home.unlink()


def test_every_command_without_a_server_says_how_to_start_one(empty: Product) -> None:
    for words in ("submit --run true", "status", "task list", "event verify"):
        said = told(empty.cli(*words.split(), expect=7))
        assert "claude-agent up" in said
    assert not empty.home.exists(), "asking makes no home"


def test_program_is_the_one_that_was_installed() -> None:
    assert PROGRAM.exists(), "run the tests with the interpreter the package is installed for"

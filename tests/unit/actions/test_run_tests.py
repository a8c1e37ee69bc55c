from pathlib import Path

import pytest

from claude_agent.actions.run_tests import count
from tests.unit.actions.acting import Acted, act

PASSING = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): pass\n"
FAILING = PASSING + "    def test_b(self): self.fail('b')\n    def test_c(self): raise OSError\n"


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Ran 3 tests in 0.1s\n\nOK", (3, 0)),
        ("Ran 9 tests in 0.1s\n\nFAILED (failures=2, errors=1, skipped=1)", (5, 3)),
        ("Ran 4 tests in 0.1s\n\nOK (skipped=1, expected failures=1)", (3, 0)),
        ("Ran 2 tests in 0s\n\nFAILED (unexpected successes=1)", (1, 1)),
        ("Ran 0 tests in 0.000s\n\nOK", (0, 0)),
        ("== 2 failed, 5 passed, 1 error in 1.20s ==", (5, 3)),
        ("12 passed, 1 warning in 0.03s", (12, 0)),
        ("# tests 5\n# pass 4\n# fail 1\n# cancelled 0", (4, 1)),
        ("\u2139 pass 4\n\u2139 fail 0", (4, 0)),
        ("Tests:       1 failed, 3 passed, 4 total", (3, 1)),
        ("all is well", None),
        ("", None),
    ],
)
def test_count_reads_what_test_programs_print(text: str, counts: tuple[int, int] | None) -> None:
    assert count(text.splitlines()) == counts


def _run(tmp_path: Path, files: dict[str, str], **more: object) -> Acted:
    for name, text in files.items():
        path = tmp_path / "w" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return act("run_tests", folder=tmp_path / "w", home=tmp_path / "h", **more)


def test_run_tests_counts_what_passed(tmp_path: Path) -> None:
    acted = _run(tmp_path, {"tests/__init__.py": "", "tests/test_a.py": PASSING})
    assert (acted.code, acted.outputs) == (0, {"passed": 1, "failed": 0})
    assert acted.shown.splitlines()[-1] == "1 tests passed"


def test_run_tests_fails_and_still_leaves_the_counts(tmp_path: Path) -> None:
    acted = _run(tmp_path, {"test_a.py": FAILING})
    assert acted.code == 1
    assert acted.outputs == {"passed": 1, "failed": 2}
    assert acted.complaint == "error: 2 of 3 tests failed\n"


def test_run_tests_uses_pytest_where_the_project_does(tmp_path: Path) -> None:
    files = {
        "pytest.ini": "[pytest]\n",
        "test_a.py": "def test_a(): pass\ndef test_b(): assert 0\n",
    }
    assert _run(tmp_path, files).outputs == {"passed": 1, "failed": 1}


def test_run_tests_takes_a_command(tmp_path: Path) -> None:
    files = {"mine.py": PASSING}
    acted = _run(tmp_path, files, with_command="python -m unittest mine")
    assert acted.outputs == {"passed": 1, "failed": 0}
    acted = _run(tmp_path, files, with_command="false")
    assert acted.code == 1
    assert acted.complaint == "error: the tests ended with 1: it printed nothing\n"


def test_run_tests_refuses_to_call_no_test_a_success(tmp_path: Path) -> None:
    acted = _run(tmp_path / "a", {"test_a.py": "x = 1\n"})
    assert (acted.code, acted.complaint.startswith("error: no test ran in ")) == (1, True)
    acted = _run(tmp_path / "b", {"readme": ""})
    assert (acted.code, acted.complaint.startswith("error: no tests were found in ")) == (2, True)


def test_run_tests_keeps_the_token_from_the_project(tmp_path: Path) -> None:
    text = (
        "import os, unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n"
        "        assert 'CLAUDE_AGENT_TOKEN_FILE' not in os.environ\n"
        "        assert os.environ['CLAUDE_AGENT_RUN_ID']\n"
    )
    acted = _run(tmp_path, {"test_a.py": text}, CLAUDE_AGENT_TOKEN_FILE="/t")  # noqa: S106 - a file name
    assert acted.outputs == {"passed": 1, "failed": 0}


@pytest.mark.parametrize(
    ("files", "passed"),
    [
        ({"tests/__init__.py": "", "tests/api/__init__.py": "", "tests/api/test_x.py": PASSING}, 1),
        ({"tests/test_api.py": PASSING, "tests/test_api_more.py": PASSING}, 2),
        ({"test_api.py": PASSING}, 1),
    ],
)
def test_run_tests_runs_one_suite_alone(tmp_path: Path, files: dict[str, str], passed: int) -> None:
    others = {"tests/test_unit.py": FAILING, "tests/test_apis.py": FAILING}
    acted = _run(tmp_path, files | others, with_suite="api")
    assert (acted.code, acted.outputs) == (0, {"passed": passed, "failed": 0})


def test_run_tests_runs_a_suite_of_npm(tmp_path: Path) -> None:
    package = '{"scripts": {"test": "exit 1", "test:api": "node --test"}}'
    test = "require('node:test').test('a', () => {})"
    acted = _run(tmp_path, {"package.json": package, "a.test.js": test}, with_suite="api")
    assert (acted.code, acted.outputs) == (0, {"passed": 1, "failed": 0})


@pytest.mark.parametrize(("suite", "told"), [("none", "suite none"), ("../x", "suite")])
def test_run_tests_says_what_suite_it_does_not_find(tmp_path: Path, suite: str, told: str) -> None:
    acted = _run(tmp_path, {"tests/test_a.py": PASSING}, with_suite=suite)
    assert acted.code != 0
    assert told in acted.complaint

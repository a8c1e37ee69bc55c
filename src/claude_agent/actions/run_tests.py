"""Run a project's tests, found or named, and count them."""

import importlib.util
import json
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from claude_agent.actions import node, process
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed, BadParameter

_RAN = re.compile(r"Ran (\d+) tests? in ")
_UNITTEST_END = re.compile(r"(?:OK|FAILED) ?\((.*)\)\Z")
_PYTEST_END = re.compile(r"(?:=+ )?(?:\d+ [a-z]+,? )+in [\d.]+s")
_NODE = re.compile(r"(?:#|\u2139) (pass|fail|cancelled) (\d+)\Z")
_JEST = re.compile(r"Tests?:? .*\b\d+ (?:passed|total)")
_PAIR = re.compile(r"(\d+) ([a-z]+)")
_NAMED = re.compile(r"([a-z ]+)=(\d+)")


def perform(context: Context) -> Mapping[str, object]:
    """Return `passed` and `failed` as counts; fails if one test failed or none ran."""
    folder = context.checkout
    argv, environment = _command(context, folder)
    done = process.run(context, argv, cwd=folder, environment=environment)
    counts = count(done.lines)
    outputs = {"passed": counts[0], "failed": counts[1]} if counts else {"passed": 0, "failed": 0}
    if counts == (0, 0):
        message = f"no test ran in {folder}"
        raise ActionFailed(message, outputs=outputs)
    if done.code or outputs["failed"]:
        told = f"{outputs['failed']} of {sum(outputs.values())} tests failed"
        message = told if outputs["failed"] else f"the tests ended with {done.code}: {done.last}"
        raise ActionFailed(message, outputs=outputs)
    context.say(f"{outputs['passed']} tests passed" if counts else "the test command succeeded")
    return outputs


def count(lines: Sequence[str]) -> tuple[int, int] | None:
    """Return (passed, failed) from what unittest, pytest, node or jest printed at the end.

    None where nothing of the kind is found.
    """
    for read in (_unittest, _pytest, _node):
        counts = read(lines)
        if counts:
            return counts
    return None


def _command(context: Context, folder: Path) -> tuple[list[str], dict[str, str]]:
    environment = process.environment(context)
    given = context.text("command")
    if given:
        try:
            return process.python_first(shlex.split(given)), environment
        except ValueError as error:
            raise BadParameter(name="command", problem=str(error)) from error
    if _has_python_tests(folder):
        pytest = _wants_pytest(folder)
        rest = ["pytest", "-q"] if pytest else ["unittest", "discover"]
        return [sys.executable, "-m", *rest], environment
    if _has_npm_test(folder):
        command, environment = node.npm(environment)
        return [*command, "test"], environment
    message = f"no tests were found in {folder}"
    raise ActionFailed(message, hint="Name them with `with.command`.", code=2)


def _has_python_tests(folder: Path) -> bool:
    patterns = ("test_*.py", "tests/**/test_*.py", "test/**/test_*.py")
    return any(next(folder.glob(pattern), None) for pattern in patterns)


def _wants_pytest(folder: Path) -> bool:
    project = folder / "pyproject.toml"
    configured = project.is_file() and "[tool.pytest" in project.read_text(errors="replace")
    marks = ("pytest.ini", "conftest.py", "tests/conftest.py")
    wanted = configured or any((folder / mark).is_file() for mark in marks)
    return wanted and importlib.util.find_spec("pytest") is not None


def _has_npm_test(folder: Path) -> bool:
    try:
        package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    scripts = package.get("scripts") if isinstance(package, dict) else None
    return isinstance(scripts, dict) and "test" in scripts


def _unittest(lines: Sequence[str]) -> tuple[int, int] | None:
    ran = next((m for line in reversed(lines) if (m := _RAN.match(line))), None)
    if ran is None:
        return None
    end = next((m for line in reversed(lines) if (m := _UNITTEST_END.match(line.strip()))), None)
    named = {k.strip(): int(n) for k, n in _NAMED.findall(end[1])} if end else {}
    failed = sum(named.get(kind, 0) for kind in ("failures", "errors", "unexpected successes"))
    return max(0, int(ran[1]) - failed - named.get("skipped", 0)), failed


def _pytest(lines: Sequence[str]) -> tuple[int, int] | None:
    for line in reversed(lines):
        if _PYTEST_END.match(line) or _JEST.match(line.strip()):
            told = {kind: int(number) for number, kind in _PAIR.findall(line)}
            failed = sum(told.get(kind, 0) for kind in ("failed", "error", "errors"))
            return told.get("passed", 0), failed
    return None


def _node(lines: Sequence[str]) -> tuple[int, int] | None:
    told = {m[1]: int(m[2]) for line in lines if (m := _NODE.match(line.strip()))}
    if "pass" not in told:
        return None
    return told["pass"], told.get("fail", 0) + told.get("cancelled", 0)

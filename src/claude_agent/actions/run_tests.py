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

_SUITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
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
    suite = context.text("suite")
    if suite and not _SUITE.fullmatch(suite):
        raise BadParameter(name="suite", problem="it is a word of letters, digits, _ and -")
    where = _python_tests(folder, suite)
    if where is not None:
        if _wants_pytest(folder):
            rest = ["pytest", "-q", *(str(path) for path in where)]
        else:
            rest = ["unittest", *_named(where, folder)]
        return [sys.executable, "-m", *rest], environment
    if _npm_script(folder, suite):
        command, environment = node.npm(environment)
        return [*command, "run", _npm_script(folder, suite)], environment
    message = f"no tests{f' of the suite {suite}' if suite else ''} were found in {folder}"
    raise ActionFailed(message, hint="Name them with `with.command`.", code=2)


def _python_tests(folder: Path, suite: str) -> list[Path] | None:
    """Return which tests are meant (nothing: all of them), None where there are none.

    A suite is a folder `tests/SUITE`, or the files `test_SUITE.py` and `test_SUITE_*.py`.
    """
    if not suite:
        patterns = ("test_*.py", "tests/**/test_*.py", "test/**/test_*.py")
        return [] if any(next(folder.glob(pattern), None) for pattern in patterns) else None
    for place in (folder / "tests" / suite, folder / "test" / suite):
        if next(place.glob("**/test_*.py"), None):
            return [place]
    for place in (folder / "tests", folder / "test", folder):
        found = sorted({*place.glob(f"test_{suite}.py"), *place.glob(f"test_{suite}_*.py")})
        if found:
            return found
    return None


def _named(where: list[Path], folder: Path) -> list[str]:
    """Return what unittest is asked: everything, one folder, or some files."""
    if where and where[0].is_dir():
        return ["discover", "-s", str(where[0]), "-t", str(folder)]
    return [str(path.relative_to(folder)) for path in where] or ["discover"]


def _wants_pytest(folder: Path) -> bool:
    project = folder / "pyproject.toml"
    configured = project.is_file() and "[tool.pytest" in project.read_text(errors="replace")
    marks = ("pytest.ini", "conftest.py", "tests/conftest.py")
    wanted = configured or any((folder / mark).is_file() for mark in marks)
    return wanted and importlib.util.find_spec("pytest") is not None


def _npm_script(folder: Path, suite: str) -> str:
    """Return the script of package.json that tests (`test`, `test:SUITE`); empty: there is none."""
    try:
        package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    scripts = package.get("scripts") if isinstance(package, dict) else None
    name = f"test:{suite}" if suite else "test"
    return name if isinstance(scripts, dict) and name in scripts else ""


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

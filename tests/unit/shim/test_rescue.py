import json
import os
import subprocess
from pathlib import Path

import pytest

from claude_agent.agents.run_folder import RunFolder
from claude_agent.shim.rescue import rescue
from claude_agent.shim.spec import Spec
from tests.unit.shim.harness import ShimLab, exists, verdict
from tests.waiting import wait_until


def test_verdict_is_written_also_when_the_shim_itself_breaks(lab: ShimLab) -> None:
    folder = lab.folder(lab.spec("touch", "ran"))
    path = folder.path / "spec.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "bell": 5}))
    assert lab.start(folder, stderr=subprocess.DEVNULL).wait(60) == 0
    found = verdict(folder)
    assert str(found.error).startswith("shim: TypeError: ")
    assert found.stopped
    assert not (lab.home / "ran").exists()
    assert "Traceback" in (folder.path / "shim-error.txt").read_text()


def test_rescue_ends_what_the_run_started_and_waits_for_the_disk(
    lab: ShimLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = lab.spec("sleep", "100")
    folder = lab.folder(spec)
    child = subprocess.Popen(["sleep", "100"], env=dict(spec.env))
    (folder.path / ".exit.json").mkdir()
    pid = os.fork()
    if pid == 0:
        os.chdir(folder.path)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        rescue(Spec(spec.to_data()), {"at": 1}, RuntimeError("broken"))
        os._exit(0)
    child.wait(10)
    wait_until((folder.path / "shim-error.txt").exists, what="the traceback")
    assert folder.verdict() is None
    assert exists(pid)
    (folder.path / ".exit.json").rmdir()
    os.waitpid(pid, 0)
    assert verdict(folder).error == "shim: RuntimeError: broken"
    monkeypatch.chdir(folder.path)
    rescue(Spec(spec.to_data()), {"at": 2}, RuntimeError("again"))
    assert verdict(folder).started_at == 2


def test_rescue_gives_up_only_when_the_folder_is_gone(
    lab: ShimLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    rescue(Spec(lab.spec("true").to_data()), {"at": 1}, RuntimeError("broken"))
    assert not gone.exists()
    assert RunFolder(gone).verdict() is None

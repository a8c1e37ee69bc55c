import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from claude_agent.agents.run_folder import (
    OUTPUTS_BYTES,
    Begun,
    Limits,
    OutputsInvalid,
    RunFolder,
    RunFolderTaken,
    RunSpec,
    Sealed,
    compute_digest,
)

SPEC = RunSpec(
    run_id="t.1",
    task_id="t",
    run=1,
    fence=2,
    agent="testing",
    ref="AB12",
    title="a title",
    commands=(("one", ("sh", "-c", "true")),),
    cwd="/usr",
    env={"PATH": "/bin", "CLAUDE_AGENT_RUN_ID": "t.1"},
)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "t" / "1")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.pyz"
    path.write_bytes(b"image")
    return path


def begin(folder: RunFolder, process: int, **changes: object) -> None:
    """Write the claim of a shim."""
    stat = Path(f"/proc/{process}/stat").read_text()
    begun = {
        "kind": "begun",
        "pid": process,
        "start_time": int(stat[stat.rindex(")") + 2 :].split()[19]),
        "boot_id": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        "at": 5,
    }
    folder.path.mkdir(parents=True, exist_ok=True)
    (folder.path / "claim").write_text(json.dumps(begun | changes))


def test_write_makes_a_private_folder_that_holds_all_the_shim_needs(
    folder: RunFolder, image: Path
) -> None:
    files = {"script.sh": b"echo hi", "stdin": b"input"}
    written = folder.write(replace(SPEC, stdin="stdin"), files, image)
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert (folder.path / "script.sh").stat().st_mode & 0o777 == 0o500
    assert (folder.path / "stdin").stat().st_mode & 0o777 == 0o600
    assert (folder.path / "shim.pyz").samefile(image)
    data = json.loads((folder.path / "spec.json").read_bytes())
    assert data == written.to_data()
    assert data["v"] == 1
    assert data["commands"] == [{"name": "one", "argv": ["sh", "-c", "true"]}]
    assert data["limits"] == {
        "output_bytes": 64 << 20,
        "event_bytes": 32 << 20,
        "line_bytes": 1 << 20,
    }
    assert data["stop"] == {"soft_ms": 5000, "int_ms": 5000, "term_ms": 10000}
    named = replace(SPEC, stdin="stdin", files=("script.sh", "stdin"))
    expected = compute_digest(named, files, str(folder.path))
    assert data["digest"] == written.digest == expected


def test_write_copies_the_shim_where_it_cannot_be_linked(folder: RunFolder, image: Path) -> None:
    folder.path.mkdir(parents=True)
    (folder.path / "shim.pyz").write_bytes(b"left by a writer that was killed")
    folder.write(SPEC, {}, image)
    assert (folder.path / "shim.pyz").read_bytes() == b"image"


def test_write_refuses_a_run_number_that_was_used(folder: RunFolder, image: Path) -> None:
    folder.write(SPEC, {}, image)
    with pytest.raises(RunFolderTaken, match="in use already"):
        folder.write(SPEC, {}, image)


@pytest.mark.parametrize(
    "changed",
    [
        replace(SPEC, commands=(("one", ("sh", "-c", "false")),)),
        replace(SPEC, cwd="/"),
        replace(SPEC, env={"PATH": "/usr/bin"}),
        replace(SPEC, env={"PATH": "/bin", "CLAUDE_AGENT_WITH_TO": "prod"}),
        replace(SPEC, env={"PATH": "/bin", "CLAUDE_AGENT_TASK_ID": "another"}),
        replace(SPEC, stdin="stdin"),
        replace(SPEC, limits=Limits(output_bytes=1)),
        replace(SPEC, about={"repo": {"top": "/r", "commit": "c2"}}),
    ],
)
def test_digest_changes_with_what_will_run(changed: RunSpec) -> None:
    plain = compute_digest(SPEC, {}, "/f")
    assert compute_digest(changed, {}, "/f") != plain
    assert compute_digest(SPEC, {"stdin": b""}, "/f") != plain
    with_script = compute_digest(SPEC, {"script.sh": b""}, "/f")
    assert with_script != plain != compute_digest(SPEC, {"script.sh": b"x"}, "/f") != with_script


def test_digest_stays_when_only_what_differs_at_each_attempt_changes() -> None:
    first = replace(
        SPEC,
        commands=(("one", ("sh", "/runs/t/1/script.sh")),),
        env={"PATH": "/bin", "CLAUDE_AGENT_OUTPUTS": "/runs/t/1/outputs.json"},
    )
    second = replace(
        first,
        commands=(("one", ("sh", "/runs/t/2/script.sh")),),
        env={
            "PATH": "/bin",
            "CLAUDE_AGENT_OUTPUTS": "/runs/t/2/outputs.json",
            "CLAUDE_AGENT_ATTEMPT": "2",
            "CLAUDE_AGENT_RUN_ID": "t.2",
            "CLAUDE_AGENT_FENCE": "9",
        },
        fence=9,
        title="x",
    )
    before = compute_digest(first, {"s": b"cd /runs/t/1"}, "/runs/t/1")
    assert compute_digest(second, {"s": b"cd /runs/t/2"}, "/runs/t/2") == before


def test_our_own_address_in_a_command_is_no_part_of_what_is_approved() -> None:
    def at(url: str, word: str) -> RunSpec:
        env = {"PATH": "/bin", "CLAUDE_AGENT_URL": url}
        return replace(SPEC, commands=(("one", ("agent", word)),), env=env)

    first = compute_digest(at("http://a:1", "url=http://a:1/mcp"), {}, "/f")
    assert compute_digest(at("http://b:2", "url=http://b:2/mcp"), {}, "/f") == first
    assert compute_digest(at("http://b:2", "url=http://a:1/mcp"), {}, "/f") != first


def test_claim_is_nobodys_until_somebody_claims(folder: RunFolder) -> None:
    assert folder.claim() is None
    assert not folder.shim_alive()
    begin(folder, os.getpid())
    claim = folder.claim()
    assert isinstance(claim, Begun)
    assert (claim.pid, claim.at) == (os.getpid(), 5)


def test_seal_makes_the_folder_and_may_be_repeated(folder: RunFolder) -> None:
    assert folder.seal(4)
    assert folder.claim() == Sealed(fence=4, by=os.getpid())
    assert folder.seal(5), "sealed by another resolver is sealed"
    assert folder.claim() == Sealed(fence=4, by=os.getpid())
    assert not folder.shim_alive()
    assert {path.name for path in folder.path.iterdir()} == {"claim", "sealed"}


def test_seal_is_refused_when_the_shim_has_begun(folder: RunFolder) -> None:
    begin(folder, os.getpid())
    assert not folder.seal(4)
    assert isinstance(folder.claim(), Begun)
    assert not (folder.path / "sealed").exists()


def test_seal_if_made_leaves_a_missing_folder_missing(folder: RunFolder) -> None:
    assert folder.seal_if_made(1)
    assert not folder.path.exists()
    folder.path.mkdir(parents=True)
    assert folder.seal_if_made(1)
    assert isinstance(folder.claim(), Sealed)


def test_shim_is_alive_only_as_the_very_process_that_began(folder: RunFolder) -> None:
    begin(folder, os.getpid())
    assert folder.shim_alive()
    begin(folder, os.getpid(), start_time=1)
    assert not folder.shim_alive(), "the pid was reused"
    begin(folder, os.getpid(), boot_id="another boot")
    assert not folder.shim_alive(), "the machine was rebooted"
    begin(folder, os.getpid(), pid=2**22 + 1)
    assert not folder.shim_alive(), "the pid is gone"


def test_shim_that_waits_to_be_collected_is_dead(folder: RunFolder) -> None:
    process = subprocess.Popen(["sleep", "100"])
    begin(folder, process.pid)
    assert folder.shim_alive()
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not folder.shim_alive()
    process.wait()


def test_verdict_is_what_stands_in_the_file(folder: RunFolder) -> None:
    assert folder.verdict() is None
    folder.path.mkdir(parents=True)
    data = {
        "v": 1,
        "run_id": "t.1",
        "run": 1,
        "fence": 2,
        "code": 0,
        "signal": None,
        "error": None,
        "failed": None,
        "index": 0,
        "started_at": 1,
        "ended_at": 2,
        "usage": {"user_ms": 1, "sys_ms": 2, "max_rss_kb": 3},
        "output_bytes": 4,
        "stopped": False,
        "results": [{"name": "one", "code": 0, "signal": None, "ms": 5}],
    }
    (folder.path / "exit.json").write_text(json.dumps({**data, "later": "unknown"}))
    found = folder.verdict()
    assert found is not None
    assert found.ok
    assert found.to_data() == data


def test_reaped_is_written_once_proved(folder: RunFolder) -> None:
    folder.path.mkdir(parents=True)
    assert not folder.reaped()
    folder.write_reaped([7, 8], at=99)
    assert folder.reaped()
    written = json.loads((folder.path / "reaped.json").read_bytes())
    assert written == {"at": 99, "by": os.getpid(), "killed": [7, 8], "scans": 2}
    folder.write_reaped([])
    assert json.loads((folder.path / "reaped.json").read_bytes())["at"] > 10**12


def test_ages_count_from_the_last_sign_of_life(folder: RunFolder) -> None:
    folder.path.mkdir(parents=True)
    assert folder.beat_age_ms(5) is None
    assert folder.quiet_ms(5) is None
    for name, second in (("beat", 100), ("begun", 90)):
        (folder.path / name).touch()
        os.utime(folder.path / name, (second, second))
    assert folder.beat_age_ms(101_500) == 1500
    assert folder.beat_age_ms(50) == 0, "a clock that was set back makes nothing young"
    assert folder.quiet_ms(100_000) == 10_000
    (folder.path / "output.log").touch()
    os.utime(folder.path / "output.log", (99, 99))
    assert folder.quiet_ms(100_000) == 1000


def test_outputs_are_one_json_object_or_none(folder: RunFolder) -> None:
    assert folder.outputs() is None
    folder.path.mkdir(parents=True)
    (folder.path / "outputs.json").write_text('{"url": "http://x"}')
    assert folder.outputs() == {"url": "http://x"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[1]", "not a JSON object"),
        (b"{", "cannot be read"),
        (b"\xff", "cannot be read"),
        (b"[" * 50_000, "cannot be read"),
        (b'{"a":"' + b"x" * OUTPUTS_BYTES + b'"}', "over 64 kB"),
    ],
)
def test_outputs_that_are_anything_else_are_refused_with_the_remedy(
    folder: RunFolder, text: bytes, message: str
) -> None:
    folder.path.mkdir(parents=True)
    (folder.path / "outputs.json").write_bytes(text)
    with pytest.raises(OutputsInvalid, match=message) as caught:
        folder.outputs()
    assert caught.value.hint


def test_outputs_that_are_a_folder_are_refused(folder: RunFolder) -> None:
    (folder.path / "outputs.json").mkdir(parents=True)
    with pytest.raises(OutputsInvalid, match="cannot be read"):
        folder.outputs()


def test_tail_is_empty_before_anything_was_printed(folder: RunFolder) -> None:
    assert folder.tail(10) == b""
    folder.path.mkdir(parents=True)
    (folder.path / "output.log").write_bytes(b"0123456789")
    assert folder.tail(4) == b"6789"
    (folder.path / "output.log.1").write_bytes(b"abc")
    assert folder.tail(12) == b"bc0123456789"

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from claude_agent.agents.run_folder import RunFolder
from tests.unit.shim.harness import ShimLab, kinds, lines, verdict
from tests.waiting import wait_until


def test_run_writes_journal_output_and_verdict_when_the_command_succeeds(lab: ShimLab) -> None:
    spec = lab.spec(sh="echo out; echo err >&2")
    folder = lab.run(spec)
    assert kinds(folder) == ["begun", "started", "ended", "exit"]
    assert [line["n"] for line in lines(folder)] == [1, 2, 3, 4]
    assert folder.tail(100) == b"out\nerr\n"
    found = verdict(folder)
    assert (found.run_id, found.run, found.fence) == (spec.run_id, 1, 3)
    assert (found.code, found.signal, found.error, found.failed) == (0, None, None, None)
    assert found.ok
    assert not found.stopped
    assert found.output_bytes == 8
    assert found.usage["max_rss_kb"] > 100
    assert found.ended_at >= found.started_at
    assert [each["name"] for each in found.results] == ["work"]


def test_run_says_the_verdict_in_its_last_line_too(lab: ShimLab) -> None:
    folder = lab.run(lab.spec("true"))
    last = lines(folder)[-1]
    written = json.loads((folder.path / "exit.json").read_bytes())
    assert {key: last[key] for key in written} == written


def test_run_leaves_nothing_of_its_own_but_the_evidence(lab: ShimLab) -> None:
    folder = lab.run(lab.spec(sh="echo hi"))
    left = {path.name for path in folder.path.iterdir()}
    assert left == {
        "beat",
        "begun",
        "claim",
        "events-000001.jsonl",
        "exit.json",
        "output.log",
        "shim.pyz",
        "spec.json",
    }


def test_run_tells_the_exit_code_of_a_failed_command(lab: ShimLab) -> None:
    found = verdict(lab.run(lab.spec(sh="exit 7")))
    assert (found.code, found.failed, found.error) == (7, "work", None)
    assert not found.ok


def test_run_tells_the_signal_that_ended_a_command(lab: ShimLab) -> None:
    found = verdict(lab.run(lab.spec(sh="kill -USR1 $$")))
    assert (found.code, found.signal, found.failed) == (None, 10, "work")


def test_run_stops_at_the_first_command_that_fails(lab: ShimLab) -> None:
    commands = (
        ("lint", ("sh", "-c", "echo one")),
        ("test", ("sh", "-c", "echo two; exit 3")),
        ("build", ("sh", "-c", "echo three")),
    )
    folder = lab.run(lab.spec(commands=commands))
    found = verdict(folder)
    assert folder.tail(100) == b"one\ntwo\n"
    assert (found.failed, found.index, found.code) == ("test", 1, 3)
    assert [(each["name"], each["code"]) for each in found.results] == [("lint", 0), ("test", 3)]


def test_run_runs_every_command_in_order_when_all_succeed(lab: ShimLab) -> None:
    commands = (("a", ("echo", "1")), ("b", ("echo", "2")), ("c", ("echo", "3")))
    folder = lab.run(lab.spec(commands=commands))
    assert folder.tail(100) == b"1\n2\n3\n"
    assert verdict(folder).ok
    assert kinds(folder).count("started") == 3
    assert verdict(folder).index == 2


def test_run_gives_the_command_its_environment_folder_and_input_and_no_more(lab: ShimLab) -> None:
    spec = lab.spec("sh", "-c", "env; pwd; cat", cwd="/usr", stdin="stdin")
    folder = lab.run(spec, {"stdin": b"the input"})
    text = folder.tail(4096).decode()
    assert f"CLAUDE_AGENT_RUN_ID={spec.run_id}\n" in text
    assert "HOME=" not in text
    assert text.endswith("/usr\nthe input")


def test_run_gives_no_input_when_none_is_named(lab: ShimLab) -> None:
    assert lab.run(lab.spec(sh="wc -c")).tail(10).strip() == b"0"


def test_run_starts_the_command_with_default_signals_and_no_open_files(lab: ShimLab) -> None:
    folder = lab.run(lab.spec(sh="grep -E 'SigIgn|SigBlk' /proc/self/status; ls /proc/self/fd"))
    text = folder.tail(400).decode()
    masks = {line.split(":")[0]: int(line.split()[1], 16) for line in text.splitlines()[:2]}
    # glibc's posix_spawn leaves its own two signals (32, 33) ignored where a parent used them.
    assert {name: mask & ~(0b11 << 31) for name, mask in masks.items()} == {
        "SigBlk": 0,
        "SigIgn": 0,
    }
    assert text.split()[-4:] == ["0", "1", "2", "3"]  # 3 is the listing's own


def test_run_executes_its_own_copy_of_a_script(lab: ShimLab) -> None:
    spec = lab.spec("x")
    path = lab.home / "runs" / spec.run_id.replace(".", "/") / "script.sh"
    spec = lab.spec("/bin/sh", "-e", str(path), run_id=spec.run_id)
    folder = lab.run(spec, {"script.sh": b"echo from the script\nfalse\necho not here\n"})
    assert folder.tail(100) == b"from the script\n"
    assert verdict(folder).code == 1
    assert path.stat().st_mode & 0o777 == 0o500


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("no-such-program-anywhere",), "spawn: no-such-program-anywhere: No such file"),
        (("/etc/passwd",), "spawn: /etc/passwd: Permission denied"),
        (("/no/such/folder/x",), "spawn: /no/such/folder/x: No such file"),
        (("sh\0x",), "spawn: sh\0x: "),
    ],
)
def test_run_ends_with_an_error_and_nothing_else_when_the_program_cannot_start(
    lab: ShimLab, words: tuple[str, ...], text: str
) -> None:
    folder = lab.run(lab.spec(*words))
    found = verdict(folder)
    assert found.error is not None
    assert found.error.startswith(text)
    assert (found.code, found.signal, found.failed, found.results) == (None, None, "work", ())
    assert kinds(folder) == ["begun", "exit"]
    assert not (folder.path / "output.log").exists()


def test_run_ends_with_an_error_when_the_working_folder_is_missing(lab: ShimLab) -> None:
    found = verdict(lab.run(lab.spec("true", cwd="/no/such/place")))
    assert found.error == "spawn: /no/such/place: No such file or directory"


def test_run_names_the_command_that_could_not_start_after_others_ran(lab: ShimLab) -> None:
    found = verdict(lab.run(lab.spec(commands=(("a", ("true",)), ("b", ("nope-nope",))))))
    assert (found.failed, found.index, found.code) == ("b", 1, None)
    assert [each["name"] for each in found.results] == ["a"]


def test_run_passes_a_forbidden_folder_of_the_path_for_the_right_program(lab: ShimLab) -> None:
    wrong = lab.home / "bin"
    wrong.mkdir()
    (wrong / "sh").write_text("not executable")
    env = {"PATH": f"{wrong}:/etc/passwd:/bin"}
    assert lab.run(lab.spec("sh", "-c", "echo fine", env=env)).tail(10) == b"fine\n"


def _other_env(data: dict[str, object]) -> None:
    env = data["env"]
    assert isinstance(env, dict)
    env["PATH"] = "/evil"


def _other_command(data: dict[str, object]) -> None:
    data["commands"] = [{"name": "work", "argv": ["touch", "ran", "too"]}]


@pytest.mark.parametrize("change", [_other_env, _other_command])
def test_run_refuses_a_specification_that_is_not_the_approved_one(
    lab: ShimLab, change: Callable[[dict[str, object]], None]
) -> None:
    folder = lab.folder(lab.spec("touch", "ran"))
    path = folder.path / "spec.json"
    data = json.loads(path.read_bytes())
    change(data)
    path.write_text(json.dumps(data))
    assert lab.start(folder).wait(60) == 0
    assert verdict(folder).error == "digest_mismatch"
    assert kinds(folder) == ["begun", "exit"]
    assert not (lab.home / "ran").exists()


@pytest.mark.parametrize("name", ["script.sh", "stdin"])
def test_run_refuses_a_file_that_is_not_the_approved_one(lab: ShimLab, name: str) -> None:
    stdin = "stdin" if name == "stdin" else None
    folder = lab.folder(lab.spec(sh="touch ran", stdin=stdin), {name: b"approved"})
    (folder.path / name).chmod(0o700)
    (folder.path / name).write_bytes(b"changed")
    assert lab.start(folder).wait(60) == 0
    assert verdict(folder).error == "digest_mismatch"
    assert not (lab.home / "ran").exists()


def test_run_ignores_our_own_names_in_the_digest(lab: ShimLab) -> None:
    folder = lab.folder(lab.spec("true"))
    path = folder.path / "spec.json"
    data = json.loads(path.read_bytes())
    data["env"]["CLAUDE_AGENT_ATTEMPT"] = "2"
    path.write_text(json.dumps(data))
    assert lab.start(folder).wait(60) == 0
    assert verdict(folder).ok


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{", "spec: "),
        ("[]", "spec: TypeError"),
        ('{"run_id":"a.1"}', "spec: KeyError: 'run'"),
        ("", "spec: not JSON"),
        (
            '{"run_id":"a.1","run":1,"fence":1,"commands":[],"cwd":"/","env":{"A":1}}',
            "spec: TypeError",
        ),
    ],
)
def test_run_ends_with_an_error_when_the_specification_cannot_be_read(
    lab: ShimLab, text: str, error: str
) -> None:
    folder = lab.folder(lab.spec("true"))
    (folder.path / "spec.json").write_text(text)
    assert lab.start(folder).wait(60) == 0
    found = verdict(folder)
    assert found.error is not None
    assert found.error.startswith(error)


def test_run_ends_with_an_error_when_a_command_has_no_words_or_the_input_is_missing(
    lab: ShimLab,
) -> None:
    assert verdict(lab.run(lab.spec())).error == "spec: a command without words"
    folder = lab.folder(lab.spec("cat", stdin="stdin"), {"stdin": b"x"})
    (folder.path / "stdin").unlink()
    assert lab.start(folder).wait(60) == 0
    assert str(verdict(folder).error).startswith("spec: ")


def test_run_does_nothing_when_another_shim_has_begun(lab: ShimLab) -> None:
    folder = lab.run(lab.spec(sh="echo once"))
    before = {path.name: path.stat().st_mtime_ns for path in folder.path.iterdir()}
    assert lab.start(folder).wait(60) == 0
    assert {path.name: path.stat().st_mtime_ns for path in folder.path.iterdir()} == before


def test_run_does_nothing_when_the_folder_is_sealed(lab: ShimLab) -> None:
    folder = lab.folder(lab.spec("touch", "ran"))
    assert folder.seal(4)
    before = {path.name for path in folder.path.iterdir()}
    assert lab.start(folder).wait(60) == 0
    assert {path.name for path in folder.path.iterdir()} == before
    assert not (lab.home / "ran").exists()


def test_shim_explains_itself_when_it_is_called_wrongly(lab: ShimLab) -> None:
    argv = [sys.executable, "-I", "-S", str(lab.image)]
    plain = subprocess.run(argv, capture_output=True, check=False)
    assert (plain.returncode, plain.stderr) == (64, b"usage: shim.pyz FOLDER [DIGEST]\n")
    missing = subprocess.run([*argv, "/no/such"], capture_output=True, check=False)
    assert missing.returncode == 74
    assert b"/no/such cannot be used" in missing.stderr


def test_run_rings_the_bell_at_begin_and_end(lab: ShimLab) -> None:
    path = lab.home / "bell.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        bell.bind(str(path))
        bell.settimeout(5)
        spec = lab.spec("true", bell=str(path))
        lab.run(spec)
        rings = [bell.recv(200), bell.recv(200)]
    assert rings == [spec.run_id.encode()] * 2


def test_run_goes_on_when_nobody_hears_the_bell(lab: ShimLab) -> None:
    assert verdict(lab.run(lab.spec("true", bell=str(lab.home / "nobody")))).ok


def test_run_works_with_closed_standard_files(lab: ShimLab) -> None:
    folder = lab.folder(lab.spec(sh="echo fine"))
    image = str(folder.path / "shim.pyz")
    closed = f"exec {sys.executable} -I -S {image} {folder.path} <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", closed], check=False, timeout=20).returncode == 0
    assert folder.tail(10) == b"fine\n"
    assert verdict(folder).ok


def test_run_keeps_a_beat_from_the_start(lab: ShimLab) -> None:
    folder = lab.run(lab.spec("true"))
    age = folder.beat_age_ms(int((folder.path / "exit.json").stat().st_mtime * 1000))
    assert age is not None
    assert age < 2000


def test_run_folder_deleted_under_the_shim_ends_it(lab: ShimLab) -> None:
    folder, process = lab.running(lab.spec(sh="echo up; until [ -e go ]; do sleep 0.02; done"))
    wait_until(lambda: "started" in kinds(folder), what="the started line")
    shutil.rmtree(folder.path)
    (lab.home / "go").touch()
    assert process.wait(60) == 0
    assert not folder.path.exists()


def test_command_that_asks_for_it_finds_the_token_of_its_run_and_nobody_reads_it_in_the_output(
    lab: ShimLab,
) -> None:
    spec = lab.spec(sh='own=$CLAUDE_AGENT_RUN_TOKEN; echo "${#own} $own"')
    asks = replace(spec, env={**spec.env, "CLAUDE_AGENT_RUN_TOKEN": ""})
    folder = RunFolder(lab.home / "runs" / spec.run_id.replace(".", "/"))
    folder.write(asks, {}, lab.image, token="run.abcdefghijklmnopqrst")  # noqa: S106 - of the test
    assert lab.start(folder).wait(60) == 0
    assert verdict(folder).ok
    assert folder.tail(4096).split() == [b"24", b"***"]
    assert "run.abc" not in (folder.path / "spec.json").read_text()

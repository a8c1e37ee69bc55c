"""The shim's parts by themselves, where a whole run cannot show each branch."""

import json
import os
import socket
import sys
from pathlib import Path
from time import monotonic

import pytest

from claude_agent.shim import machine, reap, spec, verdict
from claude_agent.shim.bell import GAP_S, Bell
from claude_agent.shim.claim import claim_run
from claude_agent.shim.control import ControlSocket
from claude_agent.shim.journal import Journal
from claude_agent.shim.ladder import Ladder
from claude_agent.shim.lines import LineSplitter, ProtocolTap
from claude_agent.shim.loop import Loop
from claude_agent.shim.orders import Orders
from claude_agent.shim.output import OutputLog


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_ladder_climbs_with_the_given_waits() -> None:
    ladder = Ladder((5000, 4000, 10_000))
    assert ladder.tick(100.0) is None
    assert [ladder.stage] == [None]
    ladder.begin(100.0)
    ladder.begin(101.0)
    assert ladder.tick(100.0) == ("soft", 2)
    assert ladder.tick(104.9) is None
    assert ladder.tick(105.0) == ("int", 2)
    assert ladder.tick(109.0) == ("term", 15)
    assert ladder.tick(118.9) is None
    assert ladder.tick(119.0) == ("kill", 9)
    assert ladder.stage == "kill"
    ladder.skip_to("kill", 120.0)
    ladder.begin(120.0)
    assert ladder.tick(1000.0) is None


def test_ladder_ends_where_nothing_is_left_to_stop() -> None:
    ladder = Ladder((1, 1, 1))
    ladder.begin(0.0)
    ladder.tick(0.0)
    ladder.end()
    assert ladder.due is None
    ladder.skip_to("kill", 1.0)
    assert ladder.tick(2.0) is None


def test_orders_remember_only_what_they_let_through() -> None:
    orders = Orders(run=2, fence=5)
    stop = {"run": 2, "fence": 5, "n": 1, "kind": "stop"}
    assert orders.refuse({**stop, "fence": 4}) == {"ok": False, "error": "fenced", "fence": 5}
    assert orders.refuse({**stop, "run": 3}) == {"ok": False, "error": "wrong_run"}
    assert orders.refuse({**stop, "kind": "x"}) == {"ok": False, "error": "unknown_kind"}
    assert orders.refuse(stop) is None
    assert orders.refuse(stop) == {"ok": True, "again": True}
    assert orders.refuse({**stop, "fence": 6}) == {"ok": True, "again": True}
    assert orders.fence == 6
    assert orders.refuse(None) == {"ok": False, "error": "malformed"}
    assert orders.refuse({**stop, "fence": 6, "n": None}) == {"ok": False, "error": "malformed"}


def test_splitter_gives_whole_lines_and_passes_over_long_ones() -> None:
    splitter = LineSplitter(5)
    assert splitter.feed(b"ab") == ([], 0)
    assert splitter.feed(b"c\n\nde") == ([b"abc", b""], 0)
    assert splitter.feed(b"fgh") == ([], 0)
    assert splitter.feed(b"ij") == ([], 0)
    assert splitter.feed(b"\nok\n") == ([b"ok"], 7)
    assert splitter.feed(b"123456\n12345\n") == ([b"12345"], 6)


def test_output_log_holds_at_most_its_limit(tmp_path: Path) -> None:
    lost: list[int] = []
    log = OutputLog(10, lost.append)
    for number in range(10):
        log.write(b"%d%d%d" % (number, number, number))
    log.sync()
    assert log.total == 30
    assert (tmp_path / "output.log.1").read_bytes() + (tmp_path / "output.log").read_bytes() == (
        b"6777888999"
    )
    assert lost == []


def test_output_log_counts_what_cannot_be_written(tmp_path: Path) -> None:
    lost: list[int] = []
    log = OutputLog(10, lost.append)
    log.sync()
    (tmp_path / "output.log").mkdir()
    log.write(b"abc")
    assert lost == [3]
    (tmp_path / "output.log").rmdir()
    log.write(b"def")
    assert (tmp_path / "output.log").read_bytes() == b"def"


def test_journal_keeps_what_it_cannot_write_and_tries_again(tmp_path: Path) -> None:
    journal = Journal(Bell(None, ""))
    blocked = tmp_path / "events-000001.jsonl"
    blocked.mkdir()
    assert not journal.lifecycle("begun", pid=1)
    assert [journal.durable] == [False]
    assert journal.due is not None
    due = journal.due
    journal.tick(due - 0.5)
    assert [journal.durable] == [False]
    blocked.rmdir()
    journal.tick(due)
    assert [journal.durable, journal.due] == [True, None]
    assert json.loads(blocked.read_bytes())["pid"] == 1


def test_journal_syncs_ordinary_lines_together_a_little_later(tmp_path: Path) -> None:
    journal = Journal(Bell(None, ""))
    before = monotonic()
    journal.protocol(b'{"a":1}')
    journal.protocol(b'{"a":2}')
    assert journal.flush()
    assert len((tmp_path / "events-000001.jsonl").read_bytes().splitlines()) == 2
    assert [journal.durable] == [False]
    assert journal.due is not None
    assert before < journal.due <= monotonic() + 0.05
    journal.tick(journal.due)
    assert [journal.durable] == [True]


def test_journal_makes_segments_that_hold_whole_lines(tmp_path: Path) -> None:
    journal = Journal(Bell(None, ""), segment_bytes=100)
    for number in range(10):
        journal.lifecycle("started", index=number)
    names = sorted(tmp_path.glob("events-*"))
    assert len(names) > 3
    numbers = [json.loads(line)["n"] for name in names for line in name.read_bytes().splitlines()]
    assert numbers == list(range(1, 11))
    assert all(name.stat().st_size < 200 for name in names)


def test_journal_stays_in_a_full_segment_while_the_disk_takes_nothing(tmp_path: Path) -> None:
    journal = Journal(Bell(None, ""), segment_bytes=10)
    blocked = tmp_path / "events-000001.jsonl"
    blocked.mkdir()
    for number in range(3):
        journal.lifecycle("started", index=number)
    blocked.rmdir()
    assert journal.lifecycle("exit")
    assert len(blocked.read_bytes().splitlines()) == 3
    assert b'"n":4' in (tmp_path / "events-000002.jsonl").read_bytes()


def test_journal_tries_again_when_the_disk_refuses_to_sync() -> None:
    journal = Journal(Bell(None, ""))
    journal.lifecycle("begun")
    os.dup2(os.open("/dev/null", os.O_WRONLY), journal._fd)  # takes bytes, cannot be synced
    assert not journal.lifecycle("started")
    assert journal.due is not None
    assert journal.due > monotonic() + 0.5


def test_control_socket_survives_clients_that_come_and_go(tmp_path: Path) -> None:
    loop = Loop()
    server = ControlSocket(loop, lambda _request, _client: {"ok": True, "text": "x" * 1000})
    server._accept()  # nobody is there any more
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(str(tmp_path / "ctl.sock"))
    loop.once([None])
    (fd,) = server._clients
    server._receive(fd)  # rung for nothing
    client.sendall(b"{}\n")
    loop.once([None])
    client.close()  # with the answer unread: a reset
    loop.once([None])
    assert server._clients == {}
    second = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    second.connect(str(tmp_path / "ctl.sock"))
    loop.once([None])
    server.close()
    assert second.recv(10) == b""
    second.close()
    assert not (tmp_path / "ctl.sock").exists()


def test_machine_does_without_the_kernels_favours_where_they_cannot_be_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "_ctypes", None)
    assert not machine.find_prctl()(machine.PR_SET_CHILD_SUBREAPER, 1)


def test_bell_gathers_rings_that_come_too_close(tmp_path: Path) -> None:
    path = str(tmp_path / "bell")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(path)
        ear.settimeout(0.0)
        bell = Bell(path, "t.1")
        bell.ring_soon()
        assert ear.recv(10) == b"t.1"
        for _ in range(100):
            bell.ring_soon()
        with pytest.raises(BlockingIOError):
            ear.recv(10)
        assert bell.due is not None
        assert bell.due <= monotonic() + GAP_S
        bell.tick(bell.due)
        assert ear.recv(10) == b"t.1"
        assert [bell.due] == [None]
        bell._socket.close()


def test_claim_is_won_once_and_leaves_no_draft(tmp_path: Path) -> None:
    won = claim_run()
    assert won is not None
    assert won["pid"] == os.getpid()
    assert claim_run() is None
    assert json.loads((tmp_path / "claim").read_bytes()) == won
    assert (tmp_path / "claim").samefile(tmp_path / "begun")
    assert {path.name for path in tmp_path.iterdir()} == {"begun", "claim"}


def test_verdict_takes_the_reserved_room_and_is_whole_or_not_there(tmp_path: Path) -> None:
    verdict.reserve_room()
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 65536
    (tmp_path / ".exit.json").mkdir()
    assert not verdict.write_verdict({"code": 0})
    assert not (tmp_path / "exit.json").exists()
    (tmp_path / ".exit.json").rmdir()
    assert verdict.write_verdict({"code": 0})
    assert json.loads((tmp_path / "exit.json").read_bytes()) == {"code": 0}
    assert not (tmp_path / "reserve").exists()


def test_machine_knows_processes_and_refuses_what_the_kernel_does() -> None:
    assert machine.start_time(os.getpid()) > 0
    assert len(machine.boot_id()) == 36
    prctl = machine.find_prctl()
    assert not prctl(-1, 0)
    assert machine.read_bytes("/dev/zero", limit=100_000) == bytes(100_000)


def test_kill_of_a_process_that_is_gone_or_another_does_nothing() -> None:
    reap.kill_carrier(2**22 + 1, "no-such-run")
    reap.kill_carrier(os.getpid(), "no-such-run")  # alive, but carries no such id
    assert not reap.carries(2**22 + 1, "x")


def test_reaping_is_done_after_two_quiet_scans_and_stays_so() -> None:
    reaping = reap.Reaping("no-such-run", 10.0)
    assert not reaping.tick(9.0)
    assert not reaping.tick(10.0)
    assert not reaping.tick(10.001)
    assert reaping.due is not None
    assert reaping.tick(reaping.due)
    assert reaping.tick(0.0)


def test_loop_forgets_a_file_twice_and_waits_no_longer_than_asked() -> None:
    loop = Loop()
    reader, writer = os.pipe()
    seen: list[bytes] = []
    loop.watch(reader, 1, lambda: seen.append(os.read(reader, 10)))
    os.write(writer, b"x")
    loop.once([None])
    loop.forget(reader)
    loop.forget(reader)
    begin = monotonic()
    loop.once([None, monotonic() + 0.02])
    assert 0.015 < monotonic() - begin < 2.0
    assert seen == [b"x"]


def test_unreadable_spec_runs_nothing() -> None:
    assert spec.unreadable_spec().run_id == ""
    with pytest.raises(spec.SpecError, match="No such file"):
        spec.read_spec()


def test_every_line_is_an_event_where_that_is_wanted(tmp_path: Path) -> None:
    journal = Journal(Bell(None, ""))
    tap = ProtocolTap(journal, line_bytes=99, event_bytes=999, plain=True)
    tap.feed(b'one \n{"a": 1}\n\n\xff')
    tap.end()
    told = (tmp_path / "events-000001.jsonl").read_text().splitlines()
    said = ({"said": "one"}, {"a": 1}, {"said": ""}, {"said": "\ufffd"})
    assert [json.loads(line)["line"] for line in told] == [*said]

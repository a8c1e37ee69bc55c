"""The control-mode protocol: quoting, parsing, and a peer that misbehaves."""

import os
import re
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.agents.terminals.tmux_control import (
    ControlConnection,
    ControlParser,
    Reply,
    TmuxLost,
    TmuxRefused,
    accepted,
    quote,
)
from claude_agent.errors import Invalid
from tests.waiting import wait_until

STARTED = 'echo "%begin 1 1 0"; echo "%end 1 1 0"; '
# Answers the n-th line with a block that holds the line, as tmux numbers them.
ECHO = (
    'n=1; while read -r l; do n=$((n+1)); echo "%begin 1 $n 1"; echo "$l"; echo "%end 1 $n 1"; done'
)


def feed(*lines: bytes) -> list[Reply]:
    parser = ControlParser()
    return [reply for line in lines if (reply := parser.feed(line)) is not None]


def lines_of(*replies: Reply) -> list[tuple[str, ...]]:
    return [reply.lines for reply in replies]


def connect(
    script: str, on_end: Callable[[ControlConnection], None] | None = None
) -> ControlConnection:
    return ControlConnection(
        ["/bin/sh", "-c", script],
        environ={"PATH": os.defpath},
        on_end=on_end or (lambda _: None),
        timeout=1.0,
    )


# --- quoting ----------------------------------------------------------------------------------


@given(st.binary().filter(lambda raw: 0 not in raw))
def test_quote_keeps_every_byte_and_leaves_nothing_to_expand(raw: bytes) -> None:
    quoted = quote(os.fsdecode(raw))
    assert re.fullmatch(r'"(?:[A-Za-z0-9_./:=@%+,-]|\\[0-3][0-7]{2})*"', quoted)
    plain = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), quoted[1:-1].encode())
    assert plain == raw


def test_quote_refuses_a_nul() -> None:
    with pytest.raises(Invalid):
        quote("a\0b")


# --- parsing ----------------------------------------------------------------------------------


def test_parser_returns_a_block_and_skips_notifications() -> None:
    replies = feed(
        b"%sessions-changed", b"%begin 7 1 1", b"one", b"two", b"%end 7 1 1", b"%window-add @1"
    )
    assert replies == [Reply(ok=True, own=True, lines=("one", "two"))]


def test_parser_tells_errors_and_blocks_that_are_not_ours() -> None:
    replies = feed(b"%begin 7 1 0", b"%end 7 1 0", b"%begin 7 2 1", b"no such", b"%error 7 2 1")
    assert [(reply.ok, reply.own) for reply in replies] == [(True, False), (False, True)]
    assert replies[1].lines == ("no such",)


def test_parser_ends_a_block_only_by_its_own_numbers() -> None:
    inside = [b"%end 7 2 1", b"%begin 8 9 1", b"%error 7 33 1", b"%exit", b"%end 7 3 1 "]
    (reply,) = feed(b"%begin 7 3 1", *inside, b"%end 7 3 1")
    assert reply.lines == tuple(line.decode() for line in inside)


def test_parser_ignores_an_end_without_a_begin_and_garbage() -> None:
    assert feed(b"%end 1 1 1", b"", b"no session", b"\xff\xfe", b"%begin x y z", b"%begin") == []
    (reply,) = feed(b"%begin 1 1 1", b"\xff", b"%end 1 1 1")
    assert reply.lines == ("\ufffd",)


@given(st.lists(st.binary(max_size=40)))
def test_parser_accepts_any_bytes(lines: list[bytes]) -> None:
    assert all(isinstance(reply, Reply) for reply in feed(*lines))


def test_accepted_raises_tmuxs_words() -> None:
    assert accepted(Reply(ok=True, own=True, lines=("x",))) == ("x",)
    with pytest.raises(TmuxRefused, match="can't find pane"):
        accepted(Reply(ok=False, own=True, lines=("can't find pane: %1",)))


# --- the connection ---------------------------------------------------------------------------


def test_connection_gives_each_thread_its_own_reply() -> None:
    connection = connect(STARTED + ECHO)
    connection.wait_started()
    got: dict[str, list[tuple[str, ...]]] = {}

    def work(name: str) -> None:
        got[name] = [connection.ask_one(f"{name} {number}") for number in range(50)]

    threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {f"t{n}": [(f"t{n} {number}",) for number in range(50)] for n in range(8)}
    assert lines_of(*connection.ask("a", "b", "c")) == [("a",), ("b",), ("c",)]
    connection.close()
    assert connection.ended


def test_connection_close_calls_nobody_back_and_later_commands_are_refused() -> None:
    ends: list[ControlConnection] = []
    connection = connect(STARTED + ECHO, ends.append)
    connection.wait_started()
    connection.close()
    connection.close()
    with pytest.raises(TmuxLost):
        connection.ask("x")
    assert ends == []


def test_connection_tells_everyone_who_waits_when_it_ends() -> None:
    ends: list[ControlConnection] = []
    connection = connect(STARTED + "read -r line", ends.append)
    connection.wait_started()
    with pytest.raises(TmuxLost, match="ended before it answered"):
        connection.ask("x", "y")
    wait_until(lambda: ends == [connection], what="the call back")
    assert connection.ended


def test_connection_gives_up_on_a_silent_peer_and_keeps_replies_in_order() -> None:
    connection = connect(STARTED + "read -r line; read -r go; " + "n=1; " + slow_answers())
    connection.wait_started()
    with pytest.raises(TmuxLost, match="does not answer"):
        connection.ask_one("slow")
    assert connection.ask_one("go") == ("second",)
    connection.close()


def slow_answers() -> str:
    blocks = [
        f'echo "%begin 1 {n} 1"; echo {word}; echo "%end 1 {n} 1"; '
        for n, word in ((2, "first"), (3, "second"))
    ]
    return "".join(blocks) + "cat > /dev/null"


def test_connection_is_lost_when_the_peer_reads_nothing() -> None:
    ended = threading.Event()
    connection = connect(STARTED + "exec sleep 60", lambda _: ended.set())
    connection.wait_started()
    with pytest.raises(TmuxLost, match="does not read"):
        connection.ask("x" * 1_000_000)
    assert ended.wait(5)


def test_connection_that_does_not_start_says_why() -> None:
    said = connect('echo "error connecting: no luck" >&2; exit 1')
    with pytest.raises(TmuxLost, match="no luck"):
        said.wait_started()
    said.join()
    refused = connect('echo "%begin 1 1 0"; echo "no space"; echo "%error 1 1 0"')
    with pytest.raises(TmuxLost, match="no space"):
        refused.wait_started()
    refused.join()
    silent = connect("exec sleep 60")
    with pytest.raises(TmuxLost, match="does not answer"):
        silent.wait_started()
    silent.join()


@pytest.mark.parametrize("commands", [(), ("",), ("a\nb",), ("a", "")])
def test_connection_refuses_what_would_shift_the_replies(commands: tuple[str, ...]) -> None:
    connection = connect(STARTED + ECHO)
    connection.wait_started()
    with pytest.raises(Invalid):
        connection.send(*commands)
    assert connection.ask_one("still in order") == ("still in order",)
    connection.close()

import json
from pathlib import Path

import pytest

from claude_agent.agents.journal_reader import LINE_BYTES, READ_BYTES, Position, read

START = Position()


def segment(folder: Path, number: int) -> Path:
    return folder / f"events-{number:06d}.jsonl"


def line(n: int, **more: object) -> bytes:
    return json.dumps({"n": n, "at": 1, "kind": "started", **more}).encode() + b"\n"


def read_all(folder: Path, position: Position = START) -> tuple[list[dict[str, object]], Position]:
    found: list[dict[str, object]] = []
    while True:
        lines, position = read(folder, position)
        if not lines:
            return found, position
        found += lines


def test_reader_finds_nothing_before_the_run_begins(tmp_path: Path) -> None:
    assert read(tmp_path, START) == ([], START)
    assert read(tmp_path / "missing", START) == ([], START)


def test_reader_goes_on_where_it_stood(tmp_path: Path) -> None:
    segment(tmp_path, 1).write_bytes(line(1) + line(2))
    lines, position = read(tmp_path, START)
    assert [each["n"] for each in lines] == [1, 2]
    assert position == Position(segment=1, byte=len(line(1) + line(2)), n=2)
    assert read(tmp_path, position) == ([], position)
    with segment(tmp_path, 1).open("ab") as file:
        file.write(line(3))
    assert [each["n"] for each in read(tmp_path, position)[0]] == [3]


def test_reader_leaves_a_torn_last_line_until_it_is_whole(tmp_path: Path) -> None:
    whole = line(2)
    segment(tmp_path, 1).write_bytes(line(1) + whole[:9])
    lines, position = read(tmp_path, START)
    assert [each["n"] for each in lines] == [1]
    assert read(tmp_path, position) == ([], position)
    with segment(tmp_path, 1).open("ab") as file:
        file.write(whole[9:])
    assert [each["n"] for each in read(tmp_path, position)[0]] == [2]


def test_reader_tears_no_line_at_any_byte(tmp_path: Path) -> None:
    content = line(1, text="é\r\n") + line(2) + line(3)
    for cut in range(len(content)):
        segment(tmp_path, 1).write_bytes(content[:cut])
        first, position = read(tmp_path, START)
        segment(tmp_path, 1).write_bytes(content)
        rest, _position = read_all(tmp_path, position)
        assert [each["n"] for each in first + rest] == [1, 2, 3]


def test_reader_follows_the_segments_in_order(tmp_path: Path) -> None:
    segment(tmp_path, 1).write_bytes(line(1))
    segment(tmp_path, 2).write_bytes(b"")
    segment(tmp_path, 3).write_bytes(line(2) + line(3))
    lines, position = read_all(tmp_path)
    assert [each["n"] for each in lines] == [1, 2, 3]
    assert position.segment == 3


def test_reader_waits_for_the_next_segment(tmp_path: Path) -> None:
    segment(tmp_path, 1).write_bytes(line(1))
    _lines, position = read_all(tmp_path)
    assert position.segment == 1
    segment(tmp_path, 2).write_bytes(line(2))
    assert read_all(tmp_path, position)[0][0]["n"] == 2


@pytest.mark.parametrize(
    "garbage",
    [
        b"not json",
        b"\xff\xfe",
        b"[1]",
        b"{}",
        b'{"n":"1","kind":"started"}',
        b'{"n":true,"kind":"started"}',
        b'{"n":2}',
        b'{"n":2,"kind":null}',
        b"",
        b"[" * 50_000,
    ],
)
def test_reader_passes_garbage_once_and_goes_on(tmp_path: Path, garbage: bytes) -> None:
    segment(tmp_path, 1).write_bytes(line(1) + garbage + b"\n" + line(3))
    lines, position = read_all(tmp_path)
    assert [each["kind"] for each in lines] == ["started", "garbled", "started"]
    assert lines[1] == {"n": 2, "kind": "garbled", "bytes": len(garbage)}
    assert position.n == 3


def test_reader_never_parses_an_oversized_line(tmp_path: Path) -> None:
    long = line(2, text="x" * LINE_BYTES)
    segment(tmp_path, 1).write_bytes(line(1) + long + line(3))
    lines, _position = read_all(tmp_path)
    assert [each["kind"] for each in lines] == ["started", "oversized", "started"]
    assert lines[1]["bytes"] == len(long) - 1


def test_reader_passes_over_a_line_longer_than_it_reads_at_once(tmp_path: Path) -> None:
    for size in (READ_BYTES, 2 * READ_BYTES, 2 * READ_BYTES + 5):
        segment(tmp_path, 1).write_bytes(b"x" * size + b"\n" + line(2))
        lines, _position = read_all(tmp_path)
        assert lines == [{"n": 1, "kind": "oversized", "bytes": size}, json.loads(line(2))]


def test_reader_waits_at_a_long_line_that_has_no_end_yet(tmp_path: Path) -> None:
    segment(tmp_path, 1).write_bytes(line(1) + b"x" * (READ_BYTES + 10))
    lines, position = read_all(tmp_path)
    assert len(lines) == 1
    assert position.byte == len(line(1))


def test_reader_takes_a_torn_line_of_a_complete_segment_as_garbled(tmp_path: Path) -> None:
    segment(tmp_path, 1).write_bytes(line(1) + b'{"n":2')
    segment(tmp_path, 2).write_bytes(line(3))
    lines, _position = read_all(tmp_path)
    assert [each["kind"] for each in lines] == ["started", "garbled", "started"]


def test_reader_reads_a_bounded_amount_at_a_time(tmp_path: Path) -> None:
    one = line(1, text="x" * 1000)
    segment(tmp_path, 1).write_bytes(one * 8000)
    lines, position = read(tmp_path, START)
    assert len(lines) < 8000
    assert position.byte <= READ_BYTES
    assert len(lines) + len(read_all(tmp_path, position)[0]) == 8000

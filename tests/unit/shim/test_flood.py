import json

import pytest

from claude_agent.agents.run_folder import Limits, RunFolder
from tests.unit.shim.harness import ShimLab, kinds, lines, verdict


def protocol(folder: RunFolder) -> list[object]:
    return [line["line"] for line in lines(folder) if line["kind"] == "protocol"]


def jsonl(lab: ShimLab, content: bytes, limits: Limits | None = None) -> RunFolder:
    """Run a command that prints these bytes as its protocol."""
    limits = limits or Limits()
    return lab.run(
        lab.spec("cat", stdin="stdin", protocol="jsonl", limits=limits), {"stdin": content}
    )


def test_flood_of_output_stays_within_its_limit_on_disk(lab: ShimLab) -> None:
    size = 100_000_000
    limits = Limits(output_bytes=1_000_000)
    folder = lab.run(lab.spec(sh=f"head -c {size} /dev/zero; echo the end", limits=limits))
    kept = [(folder.path / name).stat().st_size for name in ("output.log", "output.log.1")]
    assert kept[1] == 500_000
    assert sum(kept) <= 1_000_000
    assert folder.tail(8) == b"the end\n"
    assert verdict(folder).output_bytes == size + 8
    assert verdict(folder).ok
    assert kinds(folder) == ["begun", "started", "ended", "exit"]


def test_tail_reaches_over_a_rotation(lab: ShimLab) -> None:
    limits = Limits(output_bytes=20)
    folder = lab.run(lab.spec(sh="printf 0123456789abcdefghijklm", limits=limits))
    assert folder.tail(100) == b"abcdefghijklm"
    assert folder.tail(5) == b"ijklm"


def test_flood_of_protocol_lines_is_dropped_and_counted_but_for_the_last(lab: ShimLab) -> None:
    text = 'yes \'{"text":"aaaaaaaaaa"}\' | head -n 60000; echo \'{"result":"the end"}\''
    limits = Limits(event_bytes=10_000, output_bytes=100_000)
    folder = lab.run(lab.spec(sh=text, protocol="jsonl", limits=limits))
    found = protocol(folder)
    assert found[0] == {"text": "aaaaaaaaaa"}
    assert found[-1] == {"result": "the end"}, "an agent's last word says how its work ended"
    dropped = [line for line in lines(folder) if line["kind"] == "dropped"]
    assert len(dropped) >= 2  # told when it began, and in the end
    assert len(found) + dropped[-1]["count"] == 60_001
    size = sum(path.stat().st_size for path in folder.path.glob("events-*.jsonl"))
    assert size < 1_500_000
    numbers = [line["n"] for line in lines(folder)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert kinds(folder)[:2] == ["begun", "started"]
    assert kinds(folder)[-2:] == ["dropped", "exit"]
    assert "ended" in kinds(folder)


def test_journal_turns_to_a_next_segment_when_one_is_full(lab: ShimLab) -> None:
    line = json.dumps({"text": "x" * 1000})
    text = f"yes '{line}' | head -n 20000"
    folder = lab.run(lab.spec(sh=text, protocol="jsonl"))
    segments = sorted(path.name for path in folder.path.glob("events-*.jsonl"))
    assert segments == ["events-000001.jsonl", "events-000002.jsonl", "events-000003.jsonl"]
    assert len(protocol(folder)) == 20_000
    numbers = [each["n"] for each in lines(folder)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_line_over_the_limit_is_never_parsed_but_is_in_the_log(lab: ShimLab) -> None:
    long = b'{"long":"' + b"x" * 3000 + b'"}\n'
    content = b'{"a":1}\n' + long + b'{"b":2}\n'
    folder = jsonl(lab, content, Limits(line_bytes=1000))
    assert protocol(folder) == [{"a": 1}, {"b": 2}]
    dropped = next(line for line in lines(folder) if line["kind"] == "dropped")
    assert (dropped["count"], dropped["bytes"]) == (1, len(long) - 1)
    assert folder.tail(10_000) == content


def test_very_long_line_without_an_end_costs_no_memory(lab: ShimLab) -> None:
    spec = lab.spec(sh="head -c 50000000 /dev/zero", protocol="jsonl")
    folder = lab.run(spec)
    dropped = [line for line in lines(folder) if line["kind"] == "dropped"]
    assert dropped[-1]["bytes"] == 50_000_000
    assert verdict(folder).ok


@pytest.mark.parametrize(
    "line",
    [
        b"plain text",
        b"[1,2]",
        b'"text"',
        b"{not json}",
        b'{"a":1} and more',
        b'{"a":NaN}',
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' + b"1" * 10_000 + b"}",
        b"",
        b"{",
        b"\xff\xfe\x00",
    ],
)
def test_line_that_is_no_json_object_goes_to_the_log_alone(lab: ShimLab, line: bytes) -> None:
    content = line + b'\n{"after":true}\n'
    folder = jsonl(lab, content)
    assert protocol(folder) == [{"after": True}]
    assert folder.tail(1 << 20) == content
    assert verdict(folder).ok


def test_invalid_utf8_is_kept_as_bytes_and_replaced_in_events(lab: ShimLab) -> None:
    content = b'{"a":"\xff\xfe\xc3\xa9"}\n'
    folder = jsonl(lab, content)
    assert protocol(folder) == [{"a": "\ufffd\ufffd\xe9"}]
    assert folder.tail(100) == content


def test_protocol_keeps_odd_but_valid_json_as_it_is(lab: ShimLab) -> None:
    content = b'  {"a"\r:\t"\\ud800",\r"b":{"c":[1.5e3,-0,null]}}\r\n{"last":"no newline"}'
    folder = jsonl(lab, content)
    assert protocol(folder) == [
        {"a": "\ud800", "b": {"c": [1500.0, 0, None]}},
        {"last": "no newline"},
    ]


def test_protocol_takes_lines_of_standard_output_alone(lab: ShimLab) -> None:
    text = "echo '{\"out\":1}'; echo '{\"err\":1}' >&2"
    folder = lab.run(lab.spec(sh=text, protocol="jsonl"))
    assert protocol(folder) == [{"out": 1}]
    assert sorted(folder.tail(100).splitlines()) == [b'{"err":1}', b'{"out":1}']


def test_plain_run_makes_no_events_of_its_lines(lab: ShimLab) -> None:
    assert protocol(lab.run(lab.spec(sh="echo '{\"out\":1}'"))) == []


def test_escapes_are_kept_as_bytes(lab: ShimLab) -> None:
    content = bytes(range(256)) * 3
    folder = lab.run(lab.spec("cat", stdin="stdin"), {"stdin": content})
    assert folder.tail(1000) == content

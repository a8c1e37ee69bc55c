"""Masking: however a stream is cut, no value comes through."""

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.shim.mask import Mask, mask_file, masked
from claude_agent.storage.secret_forms import needles

SMALL = st.binary(min_size=1, max_size=5).map(lambda each: bytes(97 + one % 3 for one in each))
STREAM = st.lists(SMALL, max_size=12)


def plainly(data: bytes, wanted: list[bytes]) -> bytes:
    """Mark every byte of every occurrence, then write each marked stretch once."""
    spans = sorted(
        (at, at + len(each))
        for each in wanted
        for at in range(len(data))
        if data[at : at + len(each)] == each
    )
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    said, at = b"", 0
    for start, end in merged:
        said, at = said + data[at:start] + b"***", end
    return said + data[at:]


@given(st.lists(SMALL, min_size=1, max_size=4), STREAM)
def test_cut_anywhere_the_result_is_that_of_the_whole(
    wanted: list[bytes], cut: list[bytes]
) -> None:
    mask = Mask(wanted)
    said = b""
    for piece in cut:
        said += mask.feed(piece)
        assert len(mask._held) < max(map(len, wanted))
    assert said + mask.finish() == plainly(b"".join(cut), wanted)


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=4),
    st.binary(max_size=9),
)
def test_no_plain_encoding_of_a_value_comes_through(value: str, before: bytes) -> None:
    raw = value.encode()
    hidden = needles([value])
    alone = [raw, base64.b64encode(raw), base64.urlsafe_b64encode(raw), quote(value).encode()]
    alone += [json.dumps(value).encode()[1:-1], raw.hex().encode(), quote(value, safe="").encode()]
    for form in alone:
        assert form not in masked(b"<" + form + b">", hidden)
    inside = base64.b64encode(before + raw + b"\n")  # as `printf user:$TOKEN | base64` says it
    first, last = -(-len(before) * 8 // 6), (len(before) + len(raw)) * 8 // 6
    core = inside[first:last]
    if len(core) >= 4:
        assert core not in masked(inside, hidden).replace(b"***", b"")


def test_lines_of_a_value_are_masked_one_by_one() -> None:
    key = "-----BEGIN KEY-----\nabcdefghijkl\nmnopqrstuvwx\n-----END KEY-----\n"
    assert b"abcdefghijkl" not in masked(b"line: abcdefghijkl", needles([key]))


def test_a_file_is_written_again_only_where_something_was_hidden(tmp_path: Path) -> None:
    file = tmp_path / "outputs.json"
    noise = bytes(range(250)) * 800
    file.write_bytes(noise[:65_533] + b"s3cr3t-value" + noise)
    mask_file(str(file), [b"s3cr3t-value"])
    assert file.read_bytes() == noise[:65_533] + b"***" + noise
    before = file.stat().st_ino
    mask_file(str(file), [b"s3cr3t-value"])
    assert file.stat().st_ino == before
    assert [each.name for each in tmp_path.iterdir()] == ["outputs.json"]


def test_what_is_no_regular_file_is_left_alone(tmp_path: Path) -> None:
    link = tmp_path / "link"
    target = tmp_path / "target"
    target.write_text("s3cr3t")
    link.symlink_to(target)
    mask_file(str(link), [b"s3cr3t"])
    assert target.read_text() == "s3cr3t"
    mask_file(str(tmp_path / "none"), [b"s3cr3t"])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 4096])
def test_the_output_is_masked_whatever_the_pieces(size: int) -> None:
    text = b"a s3cr3t-value, s3cr3t-val not, s3cr3t-values3cr3t-value" * 50
    mask = Mask([b"s3cr3t-value"])
    said = b"".join(mask.feed(text[at : at + size]) for at in range(0, len(text), size))
    assert said + mask.finish() == text.replace(b"s3cr3t-value", b"***")

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.domain.ids import (
    REF_LONGEST,
    REF_SHORTEST,
    looks_like_id,
    normal_ref,
    ref_of,
    uuid7,
)

moments = st.integers(0, (1 << 48) - 1)
lots = st.binary(min_size=10, max_size=16)


@given(at=moments, lot=lots)
def test_uuid7_is_a_uuid_of_version_7_that_holds_the_time(at: int, lot: bytes) -> None:
    text = uuid7(at, lot)
    read = uuid.UUID(text)
    assert str(read) == text
    assert read.version == 7
    assert read.variant == uuid.RFC_4122
    assert read.int >> 80 == at
    assert looks_like_id(text)


@given(at=st.integers(0, (1 << 48) - 2), one=lots, other=lots)
def test_uuid7_sorts_by_time(at: int, one: bytes, other: bytes) -> None:
    assert uuid7(at, one) < uuid7(at + 1, other)


@given(at=moments, lot=lots, length=st.integers(REF_SHORTEST, REF_LONGEST))
def test_ref_is_short_stable_and_survives_being_typed(at: int, lot: bytes, length: int) -> None:
    made = uuid7(at, lot)
    ref = ref_of(made, length)
    assert len(ref) == length
    assert ref_of(made, length + 1).startswith(ref)
    assert normal_ref(f" {ref.lower()}\n") == ref
    assert not looks_like_id(ref)


def test_ref_comes_from_the_random_tail() -> None:
    assert ref_of(uuid7(1, bytes(10))) == ref_of(uuid7(2, bytes(10))) == "0000"
    assert ref_of(uuid7(1, bytes(9) + b"\x1f")) == "Z000"


@pytest.mark.parametrize(("typed", "ref"), [("oil1", "0111"), ("ab12", "AB12"), ("ABIO", "AB10")])
def test_normal_ref_reads_look_alikes_as_digits(typed: str, ref: str) -> None:
    assert normal_ref(typed) == ref

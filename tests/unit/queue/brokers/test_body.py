from typing import Any

import dramatiq
import pytest

from claude_agent.queue.brokers.body import decode, encode


def message(**changes: Any) -> "dramatiq.Message[Any]":
    fields = {"queue_name": "q", "actor_name": "a", "args": (1,), "kwargs": {}, "options": {}}
    return dramatiq.Message(**{**fields, **changes})


def test_body_reads_what_it_wrote_as_plain_json() -> None:
    one = message(kwargs={"wört": "ü\u2028"})

    assert encode(one).startswith('{"queue_name":"q"')
    assert decode(encode(one)) == one


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "null", '{"queue_name":"q"}', "base64:%", "base64:AAAA"]
)
def test_decode_raises_one_of_two_errors_when_the_body_is_spoilt(text: str) -> None:
    with pytest.raises((dramatiq.DecodeError, ValueError)):
        decode(text)


@pytest.mark.parametrize("field", ["options", "kwargs"])
def test_decode_refuses_fields_of_the_wrong_shape(field: str) -> None:
    with pytest.raises(ValueError, match="no object"):
        decode(encode(message(**{field: [1]})))

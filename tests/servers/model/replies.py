"""The model's turn in the words of each API, streamed and whole."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from claude_agent.clock import SystemClock
from tests.servers.model.asked import Asked
from tests.servers.model.script import Call, Turn

CHUNK = 24
Frames = Iterator[tuple[str, Any]]
"""(event name or nothing, data); the stream breaks off after a frame named `cut`."""
CUT = ("cut", None)


def _id(prefix: str) -> str:
    return f"{prefix}{secrets.token_hex(8)}"


def _chunks(text: str, size: int = CHUNK) -> list[str]:
    return [text[k : k + size] for k in range(0, len(text), size)]


def _call_id(turn: Turn, number: int) -> str:
    return _id(f"call_stub_{turn.number}_{number}_")


def _numbered(turn: Turn) -> list[tuple[str, Call]]:
    return [(_call_id(turn, k), call) for k, call in enumerate(turn.calls)]


# --- Anthropic Messages -----------------------------------------------------------------------


def anthropic_whole(asked: Asked, turn: Turn) -> dict[str, Any]:
    """Return a Messages answer."""
    blocks: list[dict[str, Any]] = [{"type": "text", "text": turn.text}] if turn.text else []
    blocks += [
        {"type": "tool_use", "id": f"toolu_{key}", "name": call.tool.name, "input": call.arguments}
        for key, call in _numbered(turn)
    ]
    return {
        "id": _id("msg_stub_"),
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": blocks,
        "stop_reason": "tool_use" if turn.calls else "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": turn.usage["input"],
            "output_tokens": turn.usage["output"],
            "cache_creation_input_tokens": turn.usage.get("cache_write", 0),
            "cache_read_input_tokens": turn.usage.get("cache_read", 0),
        },
    }


def anthropic_stream(asked: Asked, turn: Turn) -> Frames:
    """Yield a Messages stream."""
    whole = anthropic_whole(asked, turn)
    begun = whole | {
        "content": [],
        "stop_reason": None,
        "usage": whole["usage"] | {"output_tokens": 1},
    }
    yield "message_start", {"type": "message_start", "message": begun}
    for index, block in enumerate(whole["content"]):
        text = block["type"] == "text"
        empty = block | ({"text": ""} if text else {"input": {}})
        yield _anthropic("content_block_start", index=index, content_block=empty)
        for piece in _chunks(block["text"] if text else json.dumps(block["input"])):
            delta = (
                {"type": "text_delta", "text": piece}
                if text
                else {"type": "input_json_delta", "partial_json": piece}
            )
            yield _anthropic("content_block_delta", index=index, delta=delta)
        if turn.kind == "disconnect":
            yield CUT
        yield _anthropic("content_block_stop", index=index)
    stop = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield _anthropic("message_delta", delta=stop, usage=whole["usage"])
    yield _anthropic("message_stop")


def _anthropic(kind: str, **fields: Any) -> tuple[str, Any]:
    return kind, {"type": kind, **fields}


# --- OpenAI Chat Completions ------------------------------------------------------------------


def chat_whole(asked: Asked, turn: Turn) -> dict[str, Any]:
    """Return a Chat Completions answer."""
    calls = [
        {
            "id": key,
            "type": "function",
            "function": {"name": call.tool.name, "arguments": json.dumps(call.arguments)},
        }
        for key, call in _numbered(turn)
    ]
    said: dict[str, Any] = {"role": "assistant", "content": turn.text or None}
    if calls:
        said["tool_calls"] = calls
    end = "tool_calls" if calls else "stop"
    return {
        "id": _id("chatcmpl-stub"),
        "created": 1,
        "model": asked.model,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": said, "finish_reason": end}],
        "usage": _chat_usage(turn),
    }


def _chat_usage(turn: Turn) -> dict[str, int]:
    sent, got = turn.usage["input"], turn.usage["output"]
    return {"prompt_tokens": sent, "completion_tokens": got, "total_tokens": sent + got}


def chat_stream(asked: Asked, turn: Turn) -> Frames:
    """Yield a Chat Completions stream."""
    whole = chat_whole(asked, turn)
    base = {key: whole[key] for key in ("id", "created", "model")}
    base["object"] = "chat.completion.chunk"

    def chunk(delta: Mapping[str, Any], end: str | None = None) -> tuple[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": end}
        return "", base | {"choices": [choice]}

    yield chunk({"role": "assistant", "content": ""})
    for piece in _chunks(turn.text):
        yield chunk({"content": piece})
    if turn.kind == "disconnect":
        yield CUT
    said = whole["choices"][0]["message"]
    for index, call in enumerate(said.get("tool_calls") or ()):
        yield chunk({"tool_calls": [{"index": index, **call}]})
    yield chunk({}, whole["choices"][0]["finish_reason"])
    yield "", base | {"choices": [], "usage": whole["usage"]}
    yield "", "[DONE]"


# --- OpenAI Responses -------------------------------------------------------------------------


def responses_whole(asked: Asked, turn: Turn) -> dict[str, Any]:
    """Return a Responses answer."""
    items: list[dict[str, Any]] = []
    if turn.text:
        said = {"type": "output_text", "text": turn.text, "annotations": []}
        items.append(
            {
                "type": "message",
                "id": _id("msg_"),
                "status": "completed",
                "role": "assistant",
                "content": [said],
            }
        )
    items += [_response_call(key, call) for key, call in _numbered(turn)]
    sent, got = turn.usage["input"], turn.usage["output"]
    usage = {
        "input_tokens": sent,
        "input_tokens_details": {"cached_tokens": turn.usage.get("cache_read", 0)},
        "output_tokens": got,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": sent + got,
    }
    return {
        "id": _id("resp_stub_"),
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": asked.model,
        "output": items,
        "usage": usage,
        "error": None,
        "incomplete_details": None,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "metadata": {},
    }


def _response_call(key: str, call: Call) -> dict[str, Any]:
    base = {"status": "completed", "call_id": key, "name": call.tool.name}
    if call.tool.kind == "custom":
        return {"type": "custom_tool_call", "id": f"ctc_{key}", "input": call.text, **base}
    item = {"type": "function_call", "id": f"fc_{key}", **base}
    item["arguments"] = json.dumps(call.arguments)
    if call.tool.namespace:
        item["namespace"] = call.tool.namespace
    return item


def responses_stream(asked: Asked, turn: Turn) -> Frames:
    """Yield a Responses stream."""
    whole = responses_whole(asked, turn)
    for number, (kind, fields) in enumerate(_responses_frames(whole, turn)):
        if kind == "cut":
            yield CUT
        yield kind, {"type": kind, "sequence_number": number, **fields}


def _responses_frames(whole: dict[str, Any], turn: Turn) -> Iterator[tuple[str, dict[str, Any]]]:
    begun = whole | {"status": "in_progress", "output": [], "usage": None}
    yield "response.created", {"response": begun}
    for index, item in enumerate(whole["output"]):
        at = {"output_index": index, "item_id": item["id"]}
        is_text = item["type"] == "message"
        field = "input" if item["type"] == "custom_tool_call" else "arguments"
        empty = {"content": []} if is_text else {field: ""}
        added = item | empty | {"status": "in_progress"}
        yield "response.output_item.added", {"output_index": index, "item": added}
        if is_text:
            part = item["content"][0]
            place = at | {"content_index": 0}
            yield "response.content_part.added", place | {"part": part | {"text": ""}}
            for piece in _chunks(part["text"]):
                yield "response.output_text.delta", place | {"delta": piece}
            if turn.kind == "disconnect":
                yield "cut", {}
            yield "response.output_text.done", place | {"text": part["text"]}
            yield "response.content_part.done", place | {"part": part}
        else:
            kind = "custom_tool_call_input" if field == "input" else "function_call_arguments"
            yield f"response.{kind}.delta", at | {"delta": item[field]}
            yield f"response.{kind}.done", at | {field: item[field]}
        yield "response.output_item.done", {"output_index": index, "item": item}
    yield "response.completed", {"response": whole}


# --- Gemini -----------------------------------------------------------------------------------


def _gemini(asked: Asked, turn: Turn, parts: list[Any], end: str | None = None) -> dict[str, Any]:
    sent, got = turn.usage["input"], turn.usage["output"]
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if end:
        candidate["finishReason"] = end
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": sent,
            "candidatesTokenCount": got,
            "totalTokenCount": sent + got,
        },
        "modelVersion": asked.model,
        "responseId": "stub",
    }


def _gemini_calls(turn: Turn) -> list[Any]:
    return [
        {
            "functionCall": {"id": key, "name": call.tool.name, "args": call.arguments},
            "thoughtSignature": "c3R1Yg==",
        }
        for key, call in _numbered(turn)
    ]


def gemini_whole(asked: Asked, turn: Turn) -> dict[str, Any]:
    """Return a Gemini answer."""
    text = [{"text": turn.text}] if turn.text else []
    return _gemini(asked, turn, text + _gemini_calls(turn), "STOP")


def gemini_stream(asked: Asked, turn: Turn) -> Frames:
    """Yield a Gemini stream."""
    for piece in _chunks(turn.text):
        yield "", _gemini(asked, turn, [{"text": piece}])
    if turn.kind == "disconnect":
        yield CUT
    if turn.calls:
        yield "", _gemini(asked, turn, _gemini_calls(turn))
    yield "", _gemini(asked, turn, [{"text": ""}], "STOP")


WHOLE: Mapping[str, Callable[[Asked, Turn], dict[str, Any]]] = {
    "anthropic": anthropic_whole,
    "chat": chat_whole,
    "responses": responses_whole,
    "gemini": gemini_whole,
}
STREAM: Mapping[str, Callable[[Asked, Turn], Frames]] = {
    "anthropic": anthropic_stream,
    "chat": chat_stream,
    "responses": responses_stream,
    "gemini": gemini_stream,
}


def _at(seconds: float) -> int:
    return int(SystemClock().now() / 1000 + seconds)


def limits(error: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers by which a subscription's limit is told."""
    if (after := error.get("resets_in")) is None:
        return {}
    prefix = "anthropic-ratelimit-unified"
    told = {"status": "rejected", "reset": str(_at(after)), "representative-claim": "five_hour"}
    return {"retry-after": str(after), **{f"{prefix}-{name}": said for name, said in told.items()}}


def refusal(api: str, error: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error in the words of an API."""
    status, message = error["status"], error.get("message", "stub error")
    kind = error.get("type", "api_error")
    after = error.get("resets_in")
    if api == "responses" and after is not None:
        limit = {"type": "usage_limit_reached", "plan_type": "plus", "resets_at": _at(after)}
        return {"error": {**limit, "message": message}}
    if api == "gemini" and after is not None:
        message = f"{message} Please retry in {after}s."
    if api == "anthropic":
        return {"type": "error", "error": {"type": kind, "message": message}}
    if api == "gemini":
        word = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED"}
        word_of = word.get(status, "UNAVAILABLE")
        return {"error": {"code": status, "message": message, "status": word_of}}
    code = "invalid_api_key" if status == 401 else kind
    return {"error": {"message": message, "type": kind, "code": code, "param": None}}

"""What a CLI asked the model, whichever API it used."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Message:
    """One round of the conversation."""

    role: str
    text: str
    calls: int = 0
    """Tools that the model called in it."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the CLI offers."""

    name: str
    schema: Mapping[str, Any]
    kind: str = "function"
    namespace: str | None = None


@dataclass(slots=True)
class Asked:
    """One request in the form that the script reads."""

    model: str = "stub"
    stream: bool = False
    system: str = ""
    messages: list[Message] = field(default_factory=list)
    tools: dict[str, Tool] = field(default_factory=dict)
    json_schema: Mapping[str, Any] | None = None

    def add(self, role: str, text: str = "", calls: int = 0) -> None:
        """Add a message; what the model said in several parts is one round."""
        last = self.messages[-1] if self.messages else None
        if role == "assistant" and last is not None and last.role == "assistant":
            last.text += text
            last.calls += calls
        else:
            self.messages.append(Message(role, text, calls))

    def offer(self, name: str, schema: Any, kind: str = "function") -> None:
        """Note a tool."""
        self.tools[name] = Tool(name, schema or {}, kind)


def plain(content: Any) -> str:
    """Return the text of a content, in any of the forms that the APIs have."""
    match content:
        case None:
            return ""
        case str():
            return content
        case {"text": str(text)}:
            return text
        case list():
            return "\n".join(plain(each) for each in content)
        case _:
            return ""


def anthropic(body: Mapping[str, Any]) -> Asked:
    """Read a request of the Messages API."""
    asked = Asked(body.get("model", "stub"), bool(body.get("stream")), plain(body.get("system")))
    for tool in body.get("tools") or ():
        asked.offer(tool["name"], tool.get("input_schema"))
    for message in body.get("messages", ()):
        content = message.get("content")
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        texts = [block.get("text", "") for block in blocks if block.get("type") == "text"]
        calls = sum(block.get("type") == "tool_use" for block in blocks)
        asked.add(message["role"], "\n".join(texts), calls)
    wanted = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
    asked.json_schema = wanted.get("schema")
    return asked


def chat(body: Mapping[str, Any]) -> Asked:
    """Read a request of the Chat Completions API."""
    asked = Asked(body.get("model", "stub"), bool(body.get("stream")))
    for tool in body.get("tools") or ():
        asked.offer(tool["function"]["name"], tool["function"].get("parameters"))
    for message in body.get("messages", ()):
        role, text = message.get("role"), plain(message.get("content"))
        if role in ("system", "developer"):
            asked.system += text
        else:
            calls = len(message.get("tool_calls") or ())
            asked.add("assistant" if role == "assistant" else "user", text, calls)
    return asked


def responses(body: Mapping[str, Any]) -> Asked:
    """Read a request of the Responses API."""
    asked = Asked(body.get("model", "stub"), bool(body.get("stream")))
    asked.system = body.get("instructions") or ""
    _responses_tools(asked, body.get("tools"))
    given = body.get("input")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given or ()
    for item in items:
        kind = item.get("type", "message")
        if kind == "message" and item.get("role") in ("system", "developer"):
            asked.system += plain(item.get("content"))
        elif kind == "message":
            role = "assistant" if item.get("role") == "assistant" else "user"
            asked.add(role, plain(item.get("content")))
        elif kind == "additional_tools":
            _responses_tools(asked, item.get("tools"))
        elif kind.endswith("_output"):
            asked.add("user")
        elif kind.endswith("_call"):
            asked.add("assistant", calls=1)
    return asked


def _responses_tools(asked: Asked, tools: Any, space: str | None = None) -> None:
    for tool in tools or ():
        if tool.get("type") == "namespace":
            _responses_tools(asked, tool.get("tools"), tool.get("name"))
            continue
        name = tool.get("name") or tool["type"]
        kind, schema = tool.get("type", "function"), tool.get("parameters") or {}
        asked.tools[f"{space or ''}{name}"] = Tool(name, schema, kind, space)


def gemini(body: Mapping[str, Any]) -> Asked:
    """Read a request of the Gemini API; the model's name and streaming stand in the path."""
    asked = Asked(system=plain((body.get("systemInstruction") or {}).get("parts")))
    for tool in body.get("tools") or ():
        for one in tool.get("functionDeclarations") or ():
            asked.offer(one["name"], one.get("parametersJsonSchema") or one.get("parameters"))
    for message in body.get("contents", ()):
        parts = message.get("parts") or []
        role = "assistant" if message.get("role") == "model" else "user"
        texts = [part.get("text", "") for part in parts]
        asked.add(role, "\n".join(texts), sum("functionCall" in part for part in parts))
    how = body.get("generationConfig") or {}
    asked.json_schema = how.get("responseJsonSchema") or how.get("responseSchema")
    return asked


READERS: Mapping[str, Callable[[Mapping[str, Any]], Asked]] = {
    "anthropic": anthropic,
    "chat": chat,
    "responses": responses,
    "gemini": gemini,
}

"""`/openapi.json` and `/docs`, made when somebody asks and then kept as bytes."""

import re
from collections.abc import Iterator
from html import escape
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from claude_agent import api
from claude_agent.api.table import RULES, Entry
from claude_agent.api.wire import Body, Query

_REF = "#/components/schemas/"
_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "One key and one body are one request: a repeat gets the stored answer.",
    "schema": {"type": "string", "maxLength": 200},
}


def documented(
    *, body: type[Body] | None = None, query: type[Query] | None = None, answer: str = ""
) -> dict[str, Any]:
    """Name what an operation takes and gives; `complete` turns the names into schemas."""
    return {
        "x-body": body.__name__ if body else "",
        "x-query": query.__name__ if query else "",
        "x-answer": answer,
    }


def complete(app: FastAPI) -> dict[str, Any]:
    """Return the whole OpenAPI 3.1 document."""
    models, queries = _shapes()
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        openapi_version="3.1.0",
        routes=app.routes,
    )
    _, definitions = models_json_schema(
        [(model, "validation") for model in models.values()], ref_template=_REF + "{model}"
    )
    schemas = definitions["$defs"]
    document["components"] = {
        "schemas": dict(sorted(schemas.items())),
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": "claude_agent_session"},
        },
    }
    for method, path, operation in _operations(document):
        operation["parameters"] = _path_parameters(path)
        _describe(operation, method, queries)
        _secure(operation, method, path)
    return document


def _shapes() -> tuple[dict[str, type[BaseModel]], dict[str, type[BaseModel]]]:
    """Return every shape that is sent or answered, and every query.

    They stand in the modules `wire*` and `answers*`, imported here: few servers need them.
    """
    from claude_agent.api.answers import Answer  # noqa: PLC0415 - see above

    models: dict[str, type[BaseModel]] = {}
    queries: dict[str, type[BaseModel]] = {}
    for found in iter_modules(api.__path__):
        if found.name.startswith(("wire", "answers")):
            module = import_module(f"claude_agent.api.{found.name}")
            models |= _models(module, Body) | _models(module, Answer)
            queries |= _models(module, Query)
    return models, queries


def _models(module: object, base: type[BaseModel]) -> dict[str, type[BaseModel]]:
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, base) and value is not base
    }


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _describe(operation: dict[str, Any], method: str, queries: dict[str, type[BaseModel]]) -> None:
    body, query, answer = (operation.pop(f"x-{name}", "") for name in ("body", "query", "answer"))
    parameters = operation["parameters"]
    if query:
        parameters.extend(_parameters(queries[query]))
    if method == "post":
        parameters.append(_KEY_HEADER)
    if not parameters:
        del operation["parameters"]
    if body:
        operation["requestBody"] = {"required": True, "content": _json(body)}
    for status, response in operation["responses"].items():
        if answer and status.startswith("2"):
            response["content"] = _json(answer)
    operation["responses"].pop("422", None)
    operation["responses"]["default"] = {
        "description": "A problem: what went wrong, where, and what to do",
        "content": {"application/problem+json": {"schema": {"$ref": f"{_REF}Problem"}}},
    }


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF + name}}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", path)
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]


def _parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": field}
        for name, field in schema.get("properties", {}).items()
    ]


def _secure(operation: dict[str, Any], method: str, path: str) -> None:
    entries = {(rule.method.lower(), rule.path.replace(":path}", "}")): rule for rule in RULES}
    rule = entries[method, path]
    both: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
    operation["security"] = both if rule.entry is Entry.TOKEN else [{}, *both]


def page(document: dict[str, Any]) -> str:
    """Return a plain page for people: the content policy allows no script from elsewhere."""
    rows = "\n".join(
        f"<tr><td><code>{escape(method.upper())}</code></td><td><code>{escape(path)}</code></td>"
        f"<td>{escape(operation.get('summary', ''))}</td></tr>"
        for method, path, operation in _operations(document)
    )
    info = document["info"]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(info['title'])}</title>"
        "<style>body{font:15px system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}"
        "td{padding:.3rem .8rem;border-bottom:1px solid #8884}</style>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>"
        f"<p>{escape(info['description'])}</p>"
        '<p>The whole contract: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p>'
        f"<table>{rows}<tr><td><code>WS</code></td><td><code>/events</code></td>"
        "<td>Follow the events</td></tr></table></html>"
    )

import sys
from types import ModuleType

import pytest
from fastapi import FastAPI
from starlette.routing import Route, WebSocketRoute

from claude_agent.api import gateway
from claude_agent.api.table import RULES
from tests.unit.api.live_server import LiveServer


def test_every_route_stands_in_the_guards_table_and_the_other_way_round(
    server: LiveServer,
) -> None:
    routed = set()
    for route in server.app.routes:
        assert isinstance(route, (Route, WebSocketRoute)), f"a nested router hides: {route}"
        methods = (route.methods or set()) if isinstance(route, Route) else {"WS"}
        routed |= {(method, route.path) for method in methods}
    assert routed == {(rule.method, rule.path) for rule in RULES}


def test_table_names_each_address_once() -> None:
    assert len({(rule.method, rule.path) for rule in RULES}) == len(RULES)


def test_app_is_made_by_the_composition_root_on_first_use_and_once(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list[int]()

    def make_app() -> FastAPI:
        made.append(1)
        return server.app

    root = ModuleType("claude_agent.app")
    vars(root)["make_app"] = make_app
    monkeypatch.setitem(sys.modules, "claude_agent.app", root)
    try:
        assert gateway.app is server.app
        assert gateway.app is server.app
    finally:
        vars(gateway).pop("app", None)
    assert made == [1]


def test_gateway_has_no_other_lazy_names() -> None:
    with pytest.raises(AttributeError, match="no attribute 'ap'"):
        _ = gateway.ap

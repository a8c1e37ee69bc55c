from starlette.routing import Route, WebSocketRoute

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

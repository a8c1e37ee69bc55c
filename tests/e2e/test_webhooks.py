"""Webhooks in, over a real server that is killed while they come."""

import contextlib
import hashlib
import hmac
import http.client
import json
import threading
from collections import Counter
from urllib.parse import urlsplit

from tests.e2e.product import Product

SECRET = "a key of the test"  # noqa: S105 - of the test
FLOW = """
name: Hooked
secrets: [DEPLOY_HOOK]
on:
  webhook:
    - {path: deploy, secret: DEPLOY_HOOK, inputs: {n: "${{ event.body.n }}"}}
steps: [{id: a, run: "true", agent: testing}]
"""


def post(product: Product, body: bytes, **headers: str) -> tuple[int, dict[str, object]]:
    """Deliver as a stranger does: no token."""
    parts = urlsplit(product.address().url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    sent = {"Content-Type": "application/json", "X-Hub-Signature-256": signature, **headers}
    try:
        connection.request("POST", "/hooks/deploy", body=body, headers=sent)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_deliveries_start_once_each_though_the_server_is_killed(empty: Product) -> None:
    product = empty
    product.environ["CLAUDE_AGENT_SECRET_DEPLOY_HOOK"] = SECRET
    product.up()
    file = product.work / "flow.yaml"
    file.write_text(FLOW)
    product.cli("workflow", "apply", str(file))
    answers: dict[int, set[str]] = {n: set() for n in range(20)}

    def deliver(n: int) -> None:
        body = json.dumps({"n": n}).encode()
        taken = 0
        while taken < 2:  # each is sent until it was answered twice, as senders do
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                status, answer = post(product, body, **{"X-GitHub-Delivery": f"d{n}"})
                if status == 202:
                    taken += 1
                    answers[n].add(json.dumps(answer))

    def send_all() -> None:
        for n in answers:
            deliver(n)

    sender = threading.Thread(target=send_all)
    sender.start()
    for _ in range(2):
        product.kill_server()
    sender.join(60)
    assert not sender.is_alive()
    assert {len(each) for each in answers.values()} == {1}
    page = product.system.executions.list(limit=500)["items"]
    counted = Counter(one["params"]["n"] for one in page)
    assert counted == Counter(range(20))

    # Nobody without the secret gets in, nor learns whether the address is there.
    wrong = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
    refused = post(product, b"{}", **wrong)
    nowhere = product.ask("POST", "/hooks/nowhere", {}, **wrong)
    for status, problem in (refused, nowhere):
        assert (status, problem["code"]) == (401, "unauthorized")
    assert refused[1]["detail"] == nowhere[1]["detail"]
    assert post(product, b"{" + b" " * 1_100_000 + b"}")[0] == 413
    assert post(product, b"no json")[0] == 400
    assert product.json("event", "verify")["ok"] is True

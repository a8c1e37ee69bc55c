"""Webhooks in, on the core: who may, what is seen, and once."""

import hashlib
import hmac
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from claude_agent.core.webhooks import Delivery
from claude_agent.domain.problem import DefinitionError
from claude_agent.errors import Invalid, Unauthorized
from tests.unit.core.stand import Stand
from tests.unit.core.test_schedules import runs, same_as_log

SECRET = "a key of the test"  # noqa: S105 - of the test
REFUSED = "does not exist, or the signature is wrong"


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_AGENT_SECRET_DEPLOY_HOOK", SECRET)
    monkeypatch.delenv("CLAUDE_AGENT_SECRET_UNSET", raising=False)


def define(stand: Stand, name: str = "Deploy", **line: Any) -> str:
    hook = {"path": "deploy", "secret": "DEPLOY_HOOK", **line}
    definition = {
        "name": name,
        "secrets": [hook["secret"]],
        "on": {"webhook": [hook]},
        "steps": [{"id": "a", "run": "true", "agent": "testing"}],
    }
    return stand.engine.define_workflow(definition)


def delivery(body: object, *, secret: str = SECRET, at: int | None = None, **more: str) -> Delivery:
    raw = json.dumps(body).encode()
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    content = raw
    if at is not None:
        headers["x-claude-agent-timestamp"] = str(at)
        content = f"{at}.".encode() + raw
    signature = "sha256=" + hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
    headers.setdefault("x-hub-signature-256", signature)
    return Delivery(path="deploy", raw=raw, body=body, headers=headers)


def send(stand: Stand, one: Delivery) -> dict[str, Any]:
    status, answer = stand.links.triggers.webhooks.receive(one)
    assert status == 202
    return answer


def test_signed_delivery_starts_what_waits_at_its_address(stand: Stand) -> None:
    inputs = {"ref": "${{ event.body.ref }}", "by": "${{ event.headers['x-event'] }}"}
    digest = define(stand, inputs=inputs)
    answer = send(stand, delivery({"ref": "main"}, x_event="push", x_github_delivery="d1"))
    (started,) = answer["executions"]
    run = stand.execution(started["id"])
    assert (run.definition, run.params) == (digest, {"ref": "main", "by": "push"})
    assert run.started_by == {"kind": "webhook", "path": "deploy", "message_id": "id:d1", "n": 0}
    types = [one.event.type for one in stand.history()]
    assert [each for each in types if "webhook" in each] == ["webhook.armed", "webhook.received"]
    same_as_log(stand)


def test_same_delivery_again_gets_the_stored_answer(stand: Stand) -> None:
    define(stand)
    first = send(stand, delivery({"n": 1}, x_github_delivery="d1"))
    stand.restart()
    assert send(stand, delivery({"n": 2}, x_github_delivery="d1")) == first
    assert len(runs(stand)) == 1
    # Without a name of its own it is known by its signature.
    unnamed = send(stand, delivery({"n": 3}))
    assert send(stand, delivery({"n": 3})) == unnamed
    assert send(stand, delivery({"n": 4})) != unnamed
    assert len(runs(stand)) == 3


def test_delivery_with_a_signed_time_cannot_be_replayed(stand: Stand) -> None:
    define(stand)
    now = stand.clock.now() // 1000
    first = send(stand, delivery({}, at=now, x_github_delivery="d1"))
    assert send(stand, delivery({}, at=now, x_github_delivery="another name")) == first
    assert send(stand, delivery({}, at=now + 1, x_github_delivery="d1")) == first
    for at in (now - 301, now + 301):
        with pytest.raises(Unauthorized, match=REFUSED):
            send(stand, delivery({}, at=at))
    stripped = delivery({}, at=now)
    headers = {k: v for k, v in stripped.headers.items() if "timestamp" not in k}
    with pytest.raises(Unauthorized, match=REFUSED):
        send(stand, Delivery(path="deploy", raw=stripped.raw, body={}, headers=headers))
    assert len(runs(stand)) == 1


@pytest.mark.parametrize(
    "one",
    [
        delivery({}, secret="another key"),  # noqa: S106 - of the test
        delivery({}, secret="none"),  # noqa: S106 - of the test
        delivery({}, x_hub_signature_256=""),
        delivery({}, x_hub_signature_256="sha256="),
        delivery({}, x_hub_signature_256="sha1=\u00e4"),
        Delivery(path="deploy", raw=b"{}", body={}, headers={}),
        Delivery(path="other", raw=b"{}", body={}, headers=delivery({}).headers),
    ],
)
def test_who_cannot_sign_learns_nothing(stand: Stand, one: Delivery) -> None:
    define(stand)
    define(stand, name="Unset", secret="UNSET")  # noqa: S106 - a name
    before = stand.history()
    with pytest.raises(Unauthorized) as caught:
        send(stand, one)
    assert REFUSED in caught.value.detail
    assert stand.history() == before
    assert runs(stand) == []


def test_condition_and_refusal(stand: Stand) -> None:
    define(stand, **{"if": "event.body.ref == 'main'"})
    assert send(stand, delivery({"ref": "side"})) == {"executions": [], "skipped": 1}
    assert len(send(stand, delivery({"ref": "main"}))["executions"]) == 1
    define(stand, inputs={"ref": "${{ event.body.missing }}"})
    one = delivery({"ref": "x"})
    for _ in range(2):  # it is not kept: what was wrong may be put right
        with pytest.raises(Invalid, match="cannot read this delivery"):
            send(stand, one)
    define(stand)
    assert len(send(stand, one)["executions"]) == 1
    same_as_log(stand)


def test_newer_version_replaces_and_several_workflows_share_an_address(stand: Stand) -> None:
    define(stand)
    define(stand, name="Other")
    assert len(send(stand, delivery({"n": 1}))["executions"]) == 2
    define(stand, path="elsewhere")
    (left,) = send(stand, delivery({"n": 2}))["executions"]
    assert left["workflow"] == "other"
    with pytest.raises(DefinitionError, match="cannot be the path"):
        define(stand, path="A/B")


def test_same_delivery_many_times_at_once_starts_one(stand: Stand) -> None:
    define(stand)
    gate = threading.Barrier(6)

    def one() -> str:
        gate.wait()
        return json.dumps(send(stand, delivery({}, x_github_delivery="d1")))

    with ThreadPoolExecutor(6) as pool:
        answers = {done.result(30) for done in [pool.submit(one) for _ in range(6)]}
    assert len(answers) == len(runs(stand)) == 1
    same_as_log(stand)


def test_the_key_may_stand_in_the_homes_file_and_a_changed_one_counts_at_once(
    stand: Stand,
) -> None:
    name, key, other = "UNSET", "of the file", "another"
    define(stand, secret=name)
    file = stand.folder / "secrets.toml"

    def keep(value: str, mode: int = 0o600) -> None:
        file.write_text(f'UNSET = "{value}"\n')
        file.chmod(mode)

    first, second = delivery({"n": 1}, secret=key), delivery({"n": 2}, secret=other)
    with pytest.raises(Unauthorized, match=REFUSED):
        send(stand, first)
    keep(key)
    assert len(send(stand, first)["executions"]) == 1
    keep(other)
    assert len(send(stand, second)["executions"]) == 1
    keep(other, 0o644)  # others can read it: nobody gets in, and the log says why
    with pytest.raises(Unauthorized, match=REFUSED):
        send(stand, delivery({"n": 3}, secret=other))

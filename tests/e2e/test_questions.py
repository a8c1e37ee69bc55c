"""Questions of the fake agent under the whole product: one answer wins, and it arrives."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.product import Product, product
from tests.waiting import wait_until

ASK = {"ask": {"text": "Which port?", "options": ["80", "8080"]}}
PERMIT = {"request_approval": {"text": "May I?", "input": {"command": "deploy"}}}
FAKE = {"CLAUDE_AGENT_AGENTS_TESTING_ADAPTER": "fake"}


@pytest.fixture(scope="module")
def made() -> Iterator[Product]:
    with product(FAKE) as one:
        yield one


def asks(made: Product, *steps: dict[str, Any]) -> tuple[Any, Any]:
    """Submit a script; return the task and its question."""
    prompt = "[[fake]]\n" + "\n".join(json.dumps(step) for step in steps)
    body = {"prompt": prompt, "agent": "testing", "cwd": str(made.work)}
    task = made.system.tasks.submit(body)
    return task, asked(made, task)


def asked(made: Product, task: Any) -> Any:
    def probe() -> Any:
        return made.system.questions.list(task=task["id"], state="open")["items"]

    return wait_until(probe, timeout=60, what=f"a question of {task['ref']}")[0]


def test_answer_that_is_not_delivered_yet_survives_the_death_of_the_server(made: Product) -> None:
    task, question = asks(made, ASK)
    assert made.system.agents.get("testing")["state"] == "asks"
    door = made.folder(f"{task['id']}.1") / "ctl.sock"
    door.rename(door.with_name("away"))  # its shim cannot be reached
    made.cli("question", "answer", question["ref"], "8080")
    made.kill_server()
    assert made.system.questions.get(question["id"])["delivered_at"] is None
    door.with_name("away").rename(door)
    ended = made.reaches(task["id"], "succeeded", "dead", timeout=90)
    assert ended["outputs"]["answer"] == "8080"
    told = made.system.questions.get(question["id"])
    assert (told["state"], told["said"]) == ("answered", "8080")
    assert told["delivered_at"] is not None
    subject = question["id"]
    raised, answered, delivered = made.events(subject)
    assert (raised, answered, delivered) == (
        *("question.raised", "question.answered"),
        "question.delivered",
    )


def test_of_many_answers_one_wins(made: Product) -> None:
    task, question = asks(made, PERMIT)
    assert made.system.agents.get("testing")["state"] == "needs_approval"
    said: list[str] = []
    lock = threading.Lock()

    def answer(n: int) -> None:
        body = {"decision": "allow" if n % 2 else "deny", "note": str(n)}
        status, document = made.ask("POST", f"/questions/{question['ref']}/answer", body)
        with lock:
            said.append(str(n) if status == 200 else str(document["code"]))

    threads = [threading.Thread(target=answer, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    winners = [word for word in said if word != "question_decided"]
    assert (len(said), len(winners)) == (8, 1)
    told = made.system.questions.get(question["id"])
    assert told["note"] == winners[0]
    wanted = "succeeded" if int(winners[0]) % 2 else "dead"
    assert made.reaches(task["id"], "succeeded", "dead", timeout=90)["state"] == wanted


def test_silence_is_no_fault_while_somebody_else_is_to_say_something(made: Product) -> None:
    prompt = f"[[fake]]\n{json.dumps(ASK)}\n"
    body = {"prompt": prompt, "agent": "testing", "cwd": str(made.work)}
    task = made.system.tasks.submit({**body, "timeout": {"idle": "2s"}})
    question = asked(made, task)
    # Longer than the time that it may be silent: by the server's own clock, not by ours.
    other = made.submit("sleep 5")
    made.reaches(other["id"], "succeeded", timeout=60)
    assert made.task(task["id"])["state"] == "running"
    made.cli("question", "answer", question["ref"], "80")
    assert made.reaches(task["id"], "succeeded", "dead", timeout=60)["state"] == "succeeded"

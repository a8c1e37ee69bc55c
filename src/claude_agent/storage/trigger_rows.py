"""Webhooks and event triggers, and what they started, between the log and the rows."""

import json
from collections.abc import Iterable, Mapping, Sequence

from claude_agent.storage.database import Reader
from claude_agent.storage.log import Recorded

KEPT_MS = 30 * 86_400_000
"""How long it is known what a delivery or an event has started."""
_ACCEPTED = 202
Key = tuple[object, ...]
Lines = dict[Key, tuple[object, ...]]


def fold_webhooks(history: Iterable[Recorded]) -> Lines:
    """Fold {(workflow, n): (path, name of the secret, definition)} out of the log.

    Events of before the names of secrets were recorded say None for them.
    """
    found: Lines = {}
    for data in _of(history, "webhook.armed"):
        _drop(found, data["workflow"])
        paths = data["paths"]
        names: Sequence[str | None] = data.get("secrets") or [None] * len(paths)
        for n, (path, secret) in enumerate(zip(paths, names, strict=True)):
            found[data["workflow"], n] = (path, secret, data["definition"])
    return found


def fold_triggers(history: Iterable[Recorded]) -> Lines:
    """Fold {(workflow, n): (type, definition)} out of the log."""
    found: Lines = {}
    for data in _of(history, "trigger.armed"):
        _drop(found, data["workflow"])
        for n, type_ in enumerate(data["types"]):
            found[data["workflow"], n] = (type_, data["definition"])
    return found


def fold_deliveries(history: Iterable[Recorded]) -> Lines:
    """Fold {(path, name of the message): (status, answer)} of what is still known."""
    found: dict[Key, tuple[int, tuple[object, ...]]] = {}
    for one in history:
        if one.event.type != "webhook.received":
            continue
        data = one.event.data
        answer = {"executions": data["executions"], "skipped": data["skipped"]}
        for name in data.get("names") or [data["message_id"]]:
            found[data["path"], name] = (one.event.at, (_ACCEPTED, answer))
        oldest = one.event.at - KEPT_MS
        found = {key: value for key, value in found.items() if value[0] >= oldest}
    return {key: value for key, (_, value) in found.items()}


def fold_starts(history: Iterable[Recorded]) -> Lines:
    """Fold {(event, workflow, n): (type, what became of it, execution, message)} out of the log.

    What a trigger did not want is not in the log.
    """
    found: Lines = {}
    for one in history:
        if one.event.type not in ("trigger.fired", "trigger.refused"):
            continue
        data = one.event.data
        state = "started" if one.event.type == "trigger.fired" else "refused"
        key = (data["event"], data["workflow"], data["n"])
        found[key] = (data["type"], state, data.get("execution_id", ""), data.get("message", ""))
    return found


def differing(reader: Reader, history: list[Recorded]) -> list[str]:
    """Return what of webhooks and triggers is not as the log says; for rebuilding and tests."""
    webhooks = fold_webhooks(history)
    hooks: Lines = {
        (row["workflow"], row["n"]): (row["path"], row["secret"], row["definition"])
        for row in reader.rows("rebuild.webhooks")
    }
    for key, (path, secret, definition) in list(hooks.items()):
        if secret is not None and webhooks.get(key) == (path, None, definition):
            hooks[key] = (path, None, definition)  # its event is of before names were recorded
    triggers: Lines = {
        (row["workflow"], row["n"]): (row["type"], row["definition"])
        for row in reader.rows("rebuild.triggers")
    }
    wrong = [f"webhook {key[0]}" for key in unlike(hooks, webhooks)]
    wrong += [f"trigger {key[0]}" for key in unlike(triggers, fold_triggers(history))]
    return wrong + _differing_deliveries(reader, history) + _differing_starts(reader, history)


def unlike(rows: Mapping[Key, object], folded: Mapping[Key, object]) -> list[Key]:
    """Return the keys that are not the same in both, in order."""
    return sorted(
        (key for key in {*rows, *folded} if rows.get(key) != folded.get(key)),
        key=lambda key: tuple(map(str, key)),
    )


def _differing_deliveries(reader: Reader, history: list[Recorded]) -> list[str]:
    rows: Lines = {
        (row["path"], row["message_id"]): (row["status"], json.loads(row["answer"]))
        for row in reader.rows("rebuild.deliveries")
    }
    return [f"delivery {key[0]}" for key in unlike(rows, fold_deliveries(history))]


def _differing_starts(reader: Reader, history: list[Recorded]) -> list[str]:
    """What is forgotten is forgotten when the next one is decided: old rows may be gone."""
    found = reader.rows("rebuild.starts")
    rows: Lines = {
        (row["event_id"], row["workflow"], row["n"]): (
            row["type"],
            row["state"],
            row["execution_id"],
            row["message"],
        )
        for row in found
        if row["state"] in ("started", "refused")
    }
    for key, (type_, state, run, message) in list(fold_starts(history).items()):
        if message and rows.get(key) == (type_, state, run, ""):
            rows[key] = (type_, state, run, message)  # of before rows had one
    said = {one.event.stream.removeprefix("bus/"): one.event.at for one in history}
    newest = max((one.event.at for one in history), default=0)
    folded: Lines = {
        key: value
        for key, value in fold_starts(history).items()
        if key in rows or said.get(str(key[0]), 0) >= newest - KEPT_MS
    }
    wrong = [f"event {key[0]} for {key[1]}" for key in unlike(rows, folded)]
    unsaid = {row["event_id"] for row in found} - set(said)
    return wrong + [f"event {each}" for each in sorted(unsaid)]


def _of(history: Iterable[Recorded], type_: str) -> Iterable[Mapping[str, list[str]]]:
    return (one.event.data for one in history if one.event.type == type_)


def _drop(found: Lines, workflow: object) -> None:
    for key in [key for key in found if key[0] == workflow]:
        del found[key]

"""What changed between two versions of a workflow: steps and fields, one line each."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from claude_agent.domain.definition import Definition
from claude_agent.domain.definition_parts import JsonObject

_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference."""

    kind: str
    """`added`, `removed` or `changed`."""
    path: str
    """`on_failure`, `steps.build`, `steps.build.retry.max_attempts`, …"""
    before: object = None
    after: object = None

    def to_data(self) -> JsonObject:
        """Return the wire form; `text` is the line for people."""
        return {
            "kind": self.kind,
            "path": self.path,
            "before": self.before,
            "after": self.after,
            "text": self._text(),
        }

    def _text(self) -> str:
        if self.kind == "added":
            return f"+ {self.path}{_value(self.after)}"
        if self.kind == "removed":
            return f"- {self.path}{_value(self.before)}"
        return f"~ {self.path}{_value(self.before)} -> {_value(self.after)[2:]}"


def _value(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f": {text if len(text) <= _LONGEST else text[:_LONGEST] + '…'}"


def changes(before: Definition, after: Definition) -> list[Change]:
    """Return every difference: the top level first, then the steps in their order."""
    old, new = before.to_data(), after.to_data()
    first = {step["id"]: step for step in old.pop("steps")}
    second = {step["id"]: step for step in new.pop("steps")}
    found = [*_fields("", old, new)]
    found += [
        Change(kind="removed", path=f"steps.{name}", before=_short(step))
        for name, step in first.items()
        if name not in second
    ]
    for name, step in second.items():
        if name not in first:
            found.append(Change(kind="added", path=f"steps.{name}", after=_short(step)))
        else:
            found += _fields(f"steps.{name}", first[name], step)
    kept = [name for name in first if name in second]
    order = [name for name in second if name in first]
    if kept != order:
        found.append(Change(kind="changed", path="steps", before=kept, after=order))
    return found


def _short(step: Mapping[str, object]) -> dict[str, object]:
    """Return what a step does, by whom and after what: enough for one line."""
    names = ("action", "run", "prompt", "workflow", "agent", "depends_on")
    found = {name: step[name] for name in names if step.get(name)}
    return found if len(found) > 1 else {"kind": step["kind"], **found}


def _fields(path: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Change]:
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        here = f"{path}.{name}" if path else name
        if isinstance(before, Mapping) and isinstance(after, Mapping) and before and after:
            yield from _fields(here, before, after)
        elif _nothing(before):
            yield Change(kind="added", path=here, after=after)
        elif _nothing(after):
            yield Change(kind="removed", path=here, before=before)
        else:
            yield Change(kind="changed", path=here, before=before, after=after)


def _nothing(value: object) -> bool:
    return value is None or (isinstance(value, (str, list, tuple, dict)) and not value)

"""What is printed: one JSON line for each measure and peer, and a table at the end."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from queue_peers import systems as s

Results = Mapping[str, list[dict[str, float]]]
"""For each queue the figures of its rounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure."""

    key: str
    head: str
    """Its column in the table; empty: not there."""
    unit: str
    digits: int = 0


MEASURES = (
    Measure(key="enqueue", head="enqueue/s", unit="jobs/s"),
    Measure(key="bulk", head="bulk/s", unit="jobs/s"),
    Measure(key="drain", head="drain/s", unit="jobs/s"),
    Measure(key="both", head="both/s", unit="jobs/s"),
    Measure(key="latency_p50", head="p50 ms", unit="ms", digits=2),
    Measure(key="latency_p99", head="p99 ms", unit="ms", digits=2),
    Measure(key="killed_done_s", head="killed: s", unit="s", digits=2),
    Measure(key="killed_lost", head="not done", unit="jobs"),
    Measure(key="rss", head="RSS MB", unit="MB", digits=1),
    Measure(key="server_rss", head="+server", unit="MB", digits=1),
    Measure(key="drain_cpu", head="CPU s/1000", unit="s per 1,000 jobs", digits=3),
    Measure(key="idle_cpu", head="idle CPU %", unit="% of a core", digits=2),
    Measure(key="slow_drain", head="slow drain/s", unit="jobs/s"),
    Measure(key="slow_enqueue_1", head="slow 1/s", unit="jobs/s"),
    Measure(key="slow_enqueue_32", head="slow 32/s", unit="jobs/s"),
)
BULK_PEERS = (s.PROCRASTINATE,)
"""Queues with a bulk call of their own."""
RATIOS: dict[tuple[str, str, str], str] = {
    ("drain", s.STRICT, s.REDIS): ">= 6",
    ("drain", s.STRICT, s.HUEY): ">= 4",
    ("drain", s.STRICT, s.IN_MEMORY): ">= 0.60",
    ("both", s.STRICT, s.REDIS): ">= 1.5",
    ("both", s.STRICT, s.RABBITMQ): ">= 2",
    ("both", s.STRICT, s.DBOS_SQLITE): ">= 8",
    ("both", s.BALANCED, s.REDIS): ">= 4",
    ("slow_drain", s.STRICT, s.HUEY): ">= 20",
    ("enqueue", s.STRICT, s.RAW_FULL): ">= 0.75",
    **{("bulk", s.STRICT, peer): ">= 2.5" for peer in BULK_PEERS},
    ("latency_p50", s.STRICT, s.RABBITMQ): "<= 1.2",
    ("latency_p50", s.STRICT, s.REDIS): "<= 0.02",
    ("drain", s.ON_POSTGRESQL, s.PROCRASTINATE): ">= 2",
}
VALUES: dict[tuple[str, str], str] = {
    ("drain_cpu", s.STRICT): "<= 0.10",
    ("bulk", s.STRICT): ">= 25000",
    ("latency_p50", s.STRICT): "<= 1.5",
    ("latency_p99", s.STRICT): "<= 8",
    ("killed_done_s", s.STRICT): "<= 3",
    ("killed_lost", s.STRICT): "<= 0",
    ("idle_cpu", s.STRICT): "<= 0.2",
    ("killed_done_s", s.ON_POSTGRESQL): "<= 3",
    ("killed_lost", s.ON_POSTGRESQL): "<= 0",
    ("latency_p99", s.ON_POSTGRESQL): "<= 6",
}
SUBJECTS = (s.STRICT, s.BALANCED, s.ON_POSTGRESQL)


def machine() -> str:
    """What the figures were measured on."""
    load = os.getloadavg()[0]
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"load {load:.1f}"
    )


def line(name: str, value: float | None, unit: str, **more: object) -> None:
    """Print one JSON line."""
    found = {
        "name": name,
        "value": value,
        "unit": unit,
        "peer": None,
        "peer_value": None,
        "ratio": None,
        "goal": None,
        "machine": machine(),
    }
    print(json.dumps(found | more), flush=True)


def median(results: Results, system: str, key: str) -> float | None:
    """Return the median over the rounds, None when it was not measured."""
    values = [figures[key] for figures in results.get(system, []) if key in figures]
    return statistics.median(values) if values else None


def met(value: float | None, goal: str | None) -> bool | None:
    """Return whether a goal such as `>= 6` holds; None without one, or without a figure."""
    if goal is None or value is None:
        return None
    sign, _, bound = goal.partition(" ")
    return value >= float(bound) if sign == ">=" else value <= float(bound)


def lines(results: Results, failed: Mapping[str, str], measured: Iterable[str]) -> None:
    """Print every measure of each of our queues, alone and beside each peer."""
    names = list(measured)
    for name, reason in failed.items():
        line("queue", None, "", of=name, reason=reason)
    for measure in MEASURES:
        for subject in (one for one in SUBJECTS if one in names):
            _of_subject(measure, subject, results, failed, names)
    one, many = (median(results, s.STRICT, f"slow_enqueue_{n}") for n in (1, 32))
    if one and many:
        ratio = round(many / one, 2)
        more = {"peer": "the same, one submitter", "peer_value": round(one), "ratio": ratio}
        name, goal = "queue.slow_enqueue_32", "ratio >= 6"
        line(name, round(many), "jobs/s", of=s.STRICT, goal=goal, met=ratio >= 6, **more)  # noqa: PLR2004


def _of_subject(
    measure: Measure,
    subject: str,
    results: Results,
    failed: Mapping[str, str],
    names: list[str],
) -> None:
    value = median(results, subject, measure.key)
    name, goal = f"queue.{measure.key}", VALUES.get((measure.key, subject))
    if value is None:
        if goal:
            reason = failed.get(subject, "not measured")
            line(name, None, measure.unit, of=subject, goal=f"value {goal}", reason=reason)
        return
    shown = round(value, measure.digits)
    if goal:
        goal_of = {"goal": f"value {goal}", "met": met(value, goal)}
        line(name, shown, measure.unit, of=subject, **goal_of)
    for peer in (one for one in names if one not in SUBJECTS):
        of_peer = median(results, peer, measure.key)
        wanted = RATIOS.get((measure.key, subject, peer))
        more: dict[str, object] = {"of": subject, "peer": peer}
        more["goal"] = f"ratio {wanted}" if wanted else None
        if of_peer is None:
            if wanted:
                more["reason"] = failed.get(peer, "not measured")
                line(name, shown, measure.unit, **more)
            continue
        ratio = value / of_peer if of_peer else None
        more["peer_value"] = round(of_peer, measure.digits)
        more["ratio"] = round(ratio, 4) if ratio is not None else None
        more["met"] = met(ratio, wanted)
        line(name, shown, measure.unit, **more)


def table(results: Results, failed: Mapping[str, str], measured: Iterable[str]) -> None:
    """Write a table for people to standard error."""
    names = list(measured)
    shown = [m for m in MEASURES if any(median(results, n, m.key) is not None for n in names)]
    rows = [["", *(m.head for m in shown)]]
    rows += [
        [name, *(_cell(median(results, name, m.key), m.digits) for m in shown)] for name in names
    ]
    widths = [max(len(row[n]) for row in rows) for n in range(len(shown) + 1)]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)]
        sys.stderr.write("  ".join(cells) + "\n")
    for name, reason in failed.items():
        sys.stderr.write(f"{name}: not measured: {reason}\n")
    sys.stderr.write(machine() + "\n")


def _cell(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"

"""Check the graph of steps without recursion, so that ten thousand in a row are no problem."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from claude_agent.domain.compile_reader import Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One step as the graph sees it."""

    id: str
    """Its id; twice where the source has it twice."""
    place: Cursor
    """Where its id stands."""
    needs: tuple[tuple[str, Cursor], ...] = ()
    """The steps it depends on, and where they are named."""


class Graph:
    """The steps by id with the dependencies that make sense."""

    def __init__(self, links: Sequence[Link]) -> None:
        """Read the links; note duplicate ids, unknown names and steps that wait for each other."""
        self._links = _by_id(links)
        self.needs: Mapping[str, tuple[str, ...]] = {
            name: _needs(link, self._links) for name, link in self._links.items()
        }
        self.order = _sorted(self.needs)
        self._ancestors: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        if len(self.order) < len(self.needs):
            self._note_cycles()

    @property
    def ids(self) -> Mapping[str, Link]:
        """Every step once."""
        return self._links

    def waits_for(self, step: str, other: str) -> bool:
        """Say whether `step` begins only after `other` has ended."""
        if other in self.needs[step]:
            return True
        if not self._ancestors:
            self._find_ancestors()
        number = self._numbers.get(other)
        return number is not None and bool(self._ancestors.get(step, 0) >> number & 1)

    def _find_ancestors(self) -> None:
        # One bit per step: sets of ten thousand ancestors each would fill the memory.
        self._numbers = {name: number for number, name in enumerate(self.order)}
        for name in self.order:
            bits = 0
            for need in self.needs[name]:
                bits |= self._ancestors[need] | 1 << self._numbers[need]
            self._ancestors[name] = bits

    def _note_cycles(self) -> None:
        # What could not be sorted waits for a cycle or is on one: from each of these steps a walk
        # along the unsorted needs ends on a cycle, or on a step that an earlier walk has seen.
        unsorted = set(self.needs) - set(self.order)
        seen: set[str] = set()
        for start in self.needs:
            trail: dict[str, None] = {}
            at = start
            while at in unsorted and at not in seen:
                seen.add(at)
                trail[at] = None
                at = next(need for need in self.needs[at] if need in unsorted)
            if at in trail:
                names = list(trail)
                _note_cycle(self._links[at], names[names.index(at) :])


def _by_id(links: Sequence[Link]) -> dict[str, Link]:
    found: dict[str, Link] = {}
    for link in links:
        first = found.setdefault(link.id, link)
        if first is not link:
            line = first.place.node.line
            where = f"in line {line}" if line else f"at {first.place.path}"
            link.place.fail(f"the step id '{link.id}' stands here and {where}")
    return found


def _needs(link: Link, known: Mapping[str, Link]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name, place in link.needs:
        if name == link.id:
            place.fail(f"step '{name}' depends on itself")
        elif name in found:
            place.fail(f"'{name}' stands twice in depends_on")
        elif place.name_of("step", known) is not None:
            found[name] = None
    return tuple(found)


def _sorted(needs: Mapping[str, tuple[str, ...]]) -> list[str]:
    waiting = {name: len(each) for name, each in needs.items()}
    after: dict[str, list[str]] = {name: [] for name in needs}
    for name, each in needs.items():
        for need in each:
            after[need].append(name)
    order = [name for name, count in waiting.items() if not count]
    for name in order:  # grows while it is read
        for later in after[name]:
            waiting[later] -= 1
            if not waiting[later]:
                order.append(later)
    return order


def _note_cycle(link: Link, names: Sequence[str]) -> None:
    shown = [*names[:10], "…"] if len(names) > 10 else [*names]  # noqa: PLR2004 - a line of text
    place = next((each for name, each in link.needs if name in names), link.place)
    place.fail(
        f"these steps wait for each other: {' → '.join([*shown, link.id])}",
        "remove one of these dependencies",
    )

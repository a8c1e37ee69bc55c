"""Find every expression of a definition and prove that it can read what it names."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from claude_agent.domain.compile_graph import Graph
from claude_agent.domain.compile_reader import Cursor, nearest
from claude_agent.domain.expression import paths
from claude_agent.domain.expression_parser import parse, parse_template, strip_braces
from claude_agent.domain.expression_tree import Embedded, Expr, ExpressionError, Path

EXECUTION_NAMES = ("id", "ref", "name", "workflow", "generation")
"""What `execution` holds."""
STEP_NAMES = ("outputs", "status", "error", "attempt")
"""What `steps.<id>` and `self` hold."""
LATER = ("secrets", "matrix", "item", "failure", "event", "agents")
"""Contexts that this version does not have."""
_SCOPES: Mapping[str, tuple[str, ...]] = {
    "env": ("inputs", "execution"),
    "step": ("inputs", "env", "execution", "steps"),
    "undo": ("inputs", "env", "execution", "steps", "self"),
    "outputs": ("inputs", "env", "execution", "steps"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One path that some expression reads."""

    place: Cursor
    """The text that holds it."""
    path: Path
    """What is read."""
    offset: int
    """Where the path stands in the text, in characters from 0."""
    scope: str
    """A key of `_SCOPES`."""
    step: str = ""
    """The step that reads it; empty: the definition itself."""

    def fail(self, message: str, hint: str = "") -> None:
        """Note that this path cannot be read."""
        self.place.fail_inside(self.offset, f"`{self.path.text()}`: {message}", hint)


@dataclass(frozen=True, slots=True)
class Uses:
    """Collects the uses of a definition while it is read."""

    found: list[Use] = field(default_factory=list)

    def template(self, cursor: Cursor | None, scope: str, step: str = "") -> None:
        """Collect from every `${{ … }}` in a value, however deep."""
        if cursor is None:
            return
        waiting = [cursor]
        while waiting:
            each = waiting.pop()
            if each.node.kind == "map":
                waiting += (each.mapping() or {}).values()
            elif each.node.kind == "list":
                waiting += each.sequence() or ()
            elif isinstance(each.node.value, str) and "${{" in each.node.value:
                self._text(each, each.node.value, scope, step)

    def condition(self, cursor: Cursor, scope: str, step: str) -> str | None:
        """Collect from a condition; return it without its `${{ }}`."""
        if isinstance(cursor.node.value, bool):
            return "true" if cursor.node.value else "false"
        text = cursor.text()
        if text is None:
            return None
        bare = strip_braces(text)
        if "${{" in bare:
            cursor.fail("a condition is one expression", "put one `${{ }}` around the whole")
            return None
        try:
            self._add(cursor, parse(bare), text.find(bare), (scope, step))
        except ExpressionError as error:
            self._refuse(cursor, error)
        return bare

    def _text(self, cursor: Cursor, text: str, scope: str, step: str) -> None:
        try:
            for piece in parse_template(text):
                if isinstance(piece, Embedded):
                    self._add(cursor, piece.expr, piece.offset, (scope, step))
        except ExpressionError as error:
            self._refuse(cursor, error)

    def _add(self, place: Cursor, expr: Expr, offset: int, reader: tuple[str, str]) -> None:
        scope, step = reader
        self.found.extend(
            Use(place=place, path=path, offset=offset + path.position, scope=scope, step=step)
            for path in paths(expr)
        )

    def _refuse(self, cursor: Cursor, error: ExpressionError) -> None:
        cursor.fail_inside(error.position, f"'{cursor.path}': {error.detail}", error.hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the expressions of a definition may read."""

    inputs: Collection[str] | None
    """The declared inputs; None: any."""
    env: Collection[str]
    """The definition's environment."""
    outputs: Mapping[str, Collection[str]]
    """For each step the outputs that it declares; none: any."""
    graph: Graph
    """Who waits for whom."""


def check_uses(uses: Iterable[Use], names: Names) -> None:
    """Note every use that reads what is not there."""
    for use in uses:
        root, *rest = map(str, use.path.parts)
        if root not in _SCOPES[use.scope]:
            _refuse_root(use, root)
        elif root == "steps":
            _check_steps(use, rest, names)
        elif root == "self":
            _check_step_names(use, rest, names.outputs.get(use.step, ()))
        elif rest:
            _check_name(use, rest[0], _known(root, names))


def _known(root: str, names: Names) -> Collection[str] | None:
    if root == "inputs":
        return names.inputs
    return names.env if root == "env" else EXECUTION_NAMES


def _refuse_root(use: Use, root: str) -> None:
    here = _SCOPES[use.scope]
    if root in LATER:
        use.fail(f"'{root}' is not available yet")
    elif root == "self":
        use.fail("'self' is known only in compensate", "name the step: steps.<id>.outputs")
    elif any(root in scope for scope in _SCOPES.values()):
        use.fail(f"'{root}' cannot be read here", f"here there are {', '.join(here)}")
    else:
        near = nearest(root, here)
        hint = f"did you mean '{near}'?" if near else f"here there are {', '.join(here)}"
        use.fail(f"there is nothing called '{root}'", hint)


def _check_name(use: Use, name: str, known: Collection[str] | None) -> None:
    if known is None or name in known:
        return
    near = nearest(name, known)
    hint = f"did you mean '{near}'?" if near else f"there are {', '.join(known) or 'none'}"
    use.fail(f"there is no '{name}'", hint)


def _check_steps(use: Use, rest: list[str], names: Names) -> None:
    if not rest:
        use.fail("a step must be named", "write steps.<id>.outputs.<name>")
        return
    name = rest[0]
    if name not in names.graph.ids:
        near = nearest(name, names.graph.ids)
        use.fail(f"there is no step '{name}'", f"did you mean '{near}'?" if near else "")
        return
    if use.step and not names.graph.waits_for(use.step, name):
        if use.step == name:
            use.fail("a step cannot read itself", "in compensate write self.outputs")
        else:
            use.fail(
                f"step '{use.step}' does not wait for '{name}' and so cannot read it",
                f"add {name} to its depends_on",
            )
    _check_step_names(use, rest[1:], names.outputs.get(name, ()))


def _check_step_names(use: Use, rest: list[str], outputs: Collection[str]) -> None:
    if not rest:
        return
    _check_name(use, rest[0], STEP_NAMES)
    if rest[0] == "outputs" and len(rest) > 1 and outputs:
        _check_name(use, rest[1], outputs)

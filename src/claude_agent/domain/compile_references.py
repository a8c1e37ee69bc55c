"""Find every expression of a definition and prove that it can read what it names."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from claude_agent.domain.compile_graph import Graph
from claude_agent.domain.compile_reader import Cursor, nearest
from claude_agent.domain.expression import paths
from claude_agent.domain.expression_parser import parse, parse_template, strip_braces
from claude_agent.domain.expression_tree import (
    Embedded,
    Expr,
    ExpressionError,
    Loop,
    Member,
    Path,
    Variable,
    walk,
)

EXECUTION_NAMES = ("id", "ref", "name", "workflow", "generation", "feedback")
"""What `execution` holds."""
STEP_NAMES = ("outputs", "status", "error", "attempt")
"""What `steps.<id>` and `self` hold."""
INSTANCE_NAMES = (*STEP_NAMES, "item")
"""What one instance of a step with many holds."""
AGENT_NAMES = ("adapter", "model", "queue", "slots", "capabilities", "ready")
FAILURE_NAMES = ("kind", "summary", "message", "exit_code", "attempt")
"""What `failure` holds: why the last attempt failed."""
_BEFORE = ("inputs", "env", "execution", "steps")
_STEP = (*_BEFORE, "matrix", "item")
_NOW = "agents"
"""What may be different at the next look: no key of a cache is made of it."""
SCOPES: Mapping[str, tuple[str, ...]] = {
    "env": ("inputs", "execution"),
    "start": ("inputs", "env", "execution"),
    "trigger": ("event",),
    "before": (*_BEFORE, _NOW),
    "step": (*_STEP, _NOW),
    "cache": _STEP,
    "failure": (*_STEP, _NOW, "failure"),
    "wait": (*_STEP, _NOW, "event"),
    "undo": (*_STEP, _NOW, "self", "failure"),
    "show": _STEP,
    "outputs": ("inputs", "env", "execution", "steps"),
}
_ONLY_IN: Mapping[str, tuple[str, str]] = {
    "self": ("'self' is known only in compensate", "name the step: steps.<id>.outputs"),
    "failure": ("'failure' is known only in retry, fallback and compensate", ""),
    "event": ("'event' is known only in triggers and in the `if` of a wait", ""),
    "secrets": (
        "a secret reaches only the process that names it",
        'write secrets: [NAME] in that step, or env: {VARIABLE: "${{ secrets.NAME }}"}',
    ),
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
    """A key of `SCOPES`."""
    step: str = ""
    """The step that reads it; empty: the definition itself."""

    def fail(self, message: str, hint: str = "") -> None:
        """Note that this path cannot be read."""
        self.place.fail_inside(self.offset, f"`{self.path.text()}`: {message}", hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One step that another one names outside of expressions and `depends_on`."""

    place: Cursor
    """Where it is named."""
    other: str
    """The step that is named."""
    step: str
    """The step that names it."""
    why: str = ""
    """What for; empty: it is chosen by a switch, and must depend on it."""


@dataclass(frozen=True, slots=True)
class Uses:
    """Collects the uses of a definition while it is read."""

    found: list[Use] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)

    def names_step(self, place: Cursor, other: str, step: str, why: str) -> None:
        """Note that `step` names one of its ancestors; `why` completes "and so cannot …"."""
        self.named.append(Named(place=place, other=other, step=step, why=why))

    def chooses(self, place: Cursor, other: str, step: str) -> None:
        """Note that the switch `step` names a step that depends on it."""
        self.named.append(Named(place=place, other=other, step=step))

    def path(self, cursor: Cursor, step: str) -> None:
        """Collect from a text that is one path, without `${{ }}`."""
        try:
            expr = parse(str(cursor.node.value))
        except ExpressionError as error:
            self._refuse(cursor, error)
            return
        if not isinstance(expr, Path):
            cursor.fail(f"'{cursor.path}' must be a path", "like steps.test.outputs")
            return
        self._add(cursor, expr, 0, ("show", step))

    def whole(self, cursor: Cursor, scope: str, step: str = "", *, or_else: str = "") -> str | None:
        """Collect from a text that must be one whole `${{ … }}`; return it.

        `or_else` completes the message: what else it may be.
        """
        text = cursor.text()
        if text is None:
            return None
        bare = strip_braces(text)
        if bare == text.strip() or "${{" in bare:
            hint = f'write "${{{{ {bare:.60} }}}}"' if "${{" not in bare else ""
            cursor.fail(f"'{cursor.path}' must be one whole expression{or_else}", hint)
            return None
        self.template(cursor, scope, step)
        return text.strip()

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
            for path in (*paths(expr), *_of_instances(expr))
        )

    def _refuse(self, cursor: Cursor, error: ExpressionError) -> None:
        cursor.fail_inside(error.position, f"'{cursor.path}': {error.detail}", error.hint)


def _of_instances(expr: Expr) -> Iterator[Path]:
    """Yield what loops over the instances of a step read of each: `t.outputs.x` of `steps.a`."""
    for loop in walk(expr):
        if not isinstance(loop, Loop) or not isinstance(loop.target, Path):
            continue
        if loop.target.parts[:1] != ("steps",) or loop.target.parts[2:]:
            continue
        within = [each for body in loop.bodies for each in walk(body)]
        inner = {id(each.target) for each in within if isinstance(each, Member)}
        for each in within:
            read = _chain(each, loop.variable) if id(each) not in inner else ()
            if read:
                yield replace(loop.target, parts=(*loop.target.parts, 0, *read))


def _chain(expr: Expr, variable: str) -> tuple[str, ...]:
    names: list[str] = []
    while isinstance(expr, Member):
        names.insert(0, expr.name)
        expr = expr.target
    return tuple(names) if isinstance(expr, Variable) and expr.name == variable else ()


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
    agents: Collection[str] = ()
    """The configured agents."""
    many: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The steps of many instances with the axes of their matrix; no axis: foreach."""


def check_uses(uses: Iterable[Use], names: Names) -> None:
    """Note every use that reads what is not there."""
    for use in uses:
        root, *rest = map(str, use.path.parts)
        if root not in SCOPES[use.scope]:
            _refuse_root(use, root)
        elif root == "steps":
            _check_steps(use, rest, names)
        elif root == "self":
            _check_step_names(use, rest, names.outputs.get(use.step, ()))
        elif root == _NOW:
            _check_agents(use, rest, names)
        elif root in {"matrix", "item"}:
            _check_many(use, root, rest, names)
        elif rest and root != "event":
            _check_name(use, rest[0], _known(root, names))


def check_named(named: Iterable[Named], graph: Graph) -> None:
    """Note every step named outside of expressions that is not where it must be."""
    for one in named:
        if one.place.name_of("step", graph.ids) is None or one.step not in graph.ids:
            continue
        if not one.why and one.step not in graph.needs[one.other]:
            message = f"step '{one.other}' does not depend on the switch '{one.step}'"
            one.place.fail(message, f"add {one.step} to the depends_on of {one.other}")
        elif one.why and not graph.waits_for(one.step, one.other):
            message = f"step '{one.step}' does not wait for '{one.other}' and so cannot {one.why}"
            one.place.fail(message, "name a step before it")


def _known(root: str, names: Names) -> Collection[str] | None:
    known: Mapping[str, Collection[str] | None] = {
        "inputs": names.inputs,
        "env": names.env,
        "failure": FAILURE_NAMES,
        "execution": EXECUTION_NAMES,
    }
    return known[root]


def _refuse_root(use: Use, root: str) -> None:
    here = SCOPES[use.scope]
    if root in _ONLY_IN:
        use.fail(*_ONLY_IN[root])
    elif root in {"matrix", "item"} and use.step:
        use.fail(f"'{root}' is not known here: this is decided once, before the instances")
    elif any(root in scope for scope in SCOPES.values()):
        use.fail(f"'{root}' cannot be read here", f"here there are {', '.join(here)}")
    else:
        near = nearest(root, here)
        hint = f"did you mean '{near}'?" if near else f"here there are {', '.join(here)}"
        use.fail(f"there is nothing called '{root}'", hint)


def _check_many(use: Use, root: str, rest: list[str], names: Names) -> None:
    axes = names.many.get(use.step)
    wanted = "a matrix" if root == "matrix" else "a foreach"
    if not use.step:
        use.fail(f"'{root}' cannot be read here", "write it in the step")
    elif axes is None or bool(axes) != (root == "matrix"):
        use.fail(f"step '{use.step}' has no {wanted.removeprefix('a ')}", f"give it {wanted}")
    elif root == "matrix" and rest:
        _check_name(use, rest[0], axes)


def _check_agents(use: Use, rest: list[str], names: Names) -> None:
    if not rest:
        use.fail("an agent must be named", "write agents.<name>.ready")
        return
    if rest[0] not in names.agents:
        _check_name(use, rest[0], names.agents)
    elif len(rest) > 1:
        _check_name(use, rest[1], AGENT_NAMES)


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
        dashed = next((each for each in names.graph.ids if each.startswith(f"{name}-")), None)
        near = nearest(name, names.graph.ids)
        hint = f"did you mean '{near}'?" if near else ""
        if dashed is not None:
            hint = f"a name with a dash is written steps['{dashed}']"
        use.fail(f"there is no step '{name}'", hint)
        return
    if use.step and not names.graph.waits_for(use.step, name):
        if use.step == name:
            use.fail("a step cannot read itself", "in compensate write self.outputs")
        else:
            use.fail(
                f"step '{use.step}' does not wait for '{name}' and so cannot read it",
                f"add {name} to its depends_on",
            )
    known = INSTANCE_NAMES if name in names.many else STEP_NAMES
    read = _of_instance(use, name, rest[1:], names)
    _check_step_names(use, read, names.outputs.get(name, ()), known)


def _of_instance(use: Use, name: str, rest: list[str], names: Names) -> list[str]:
    """Return what is read of one step; one of many instances is chosen by its number."""
    if name not in names.many:
        if rest and isinstance(use.path.parts[2], int):
            use.fail(f"step '{name}' is one, not many", f"write steps.{name}.outputs")
            return []
        return rest
    if not rest or use.scope == "show":
        return rest
    if isinstance(use.path.parts[2], int):
        return rest[1:]
    if rest[0] in STEP_NAMES:
        hint = f"write steps.{name}[0].{rest[0]}, or steps.{name}.all(t, t.status == 'succeeded')"
        use.fail(f"step '{name}' is a list: it has many instances", hint)
    return []


def _check_step_names(
    use: Use, rest: list[str], outputs: Collection[str], known: Collection[str] = STEP_NAMES
) -> None:
    if not rest:
        return
    _check_name(use, rest[0], known)
    if rest[0] == "outputs" and len(rest) > 1 and outputs:
        _check_name(use, rest[1], outputs)

"""May an agent make this tool call? Rules from `policy.json`; the page "Permissions" explains them.

A rule is `{name, decide: deny|ask|allow, tool?, command?, path?, text?}`; every part that it names
must fit. Deny goes before ask, ask before allow, in whatever order they stand; where no rule fits,
`default` decides. What forbids looks for its words anywhere in a command line; what allows must
describe every command of it.
"""

from claude_agent.shim.shell_words import Simple, commands_of, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_agent.shim.codec import Plain

WORDS = ("deny", "ask", "allow")
CLASSES = {
    "shell": "bash shell exec exec_command run_shell_command execute local_shell command terminal"
    " command_execution commandexecution",
    "edit": "edit write multiedit notebookedit apply_patch write_file replace delete move patch"
    " file_change filechange",
    "read": "read glob grep ls read_file read_many_files list_directory search_file_content search"
    " list todowrite todoread think notebookread",
    "own": "task agent skill exitplanmode enterplanmode toolsearch sendmessage listagents"
    " reportfindings",
    "web": "webfetch websearch fetch web_fetch web_search google_web_search",
}
PATHS = ("file_path", "path", "notebook_path", "filePath", "absolute_path", "abs_path")
COMMANDS = ("command", "cmd", "commandLine")
SAME = {"r": ("R", "--recursive"), "R": ("r", "--recursive"), "f": ("--force",)}
"""Other spellings of an option."""


def decide(policy: "Plain | None", ask: "Plain") -> tuple[str, str, str]:
    """Return `(allow|deny|ask, name of the rule, reason)`. Raises where the policy is no policy."""
    if policy is None:
        return "ask", "", ""
    default = policy["default"]
    if default not in WORDS:
        raise ValueError(default)
    call = _Call(ask, str(policy.get("home") or ""), str(policy.get("cwd") or ""))
    for word in WORDS:
        for rule in policy.get("rules") or ():
            if rule["decide"] == word and call.fits(rule):
                return word, str(rule["name"]), f"The rule {rule['name']!r} says {word}."
    return default, "", "" if default == "ask" else f"No rule fits; the default is {default}."


def matches(pattern: str, text: str) -> bool:
    """Say whether a text is what a pattern describes: `*` any characters, `?` one, `\\*` a star.

    The time grows with the product of the two lengths at most.
    """
    wanted = _signs(pattern)
    at = here = 0
    star, mark = -1, 0
    while here < len(text):
        sign = wanted[at] if at < len(wanted) else "end"
        if sign == "*":
            star, mark = at, here
            at += 1
        elif sign in ("?", "=" + text[here]):
            at += 1
            here += 1
        elif star >= 0:
            at, mark = star + 1, mark + 1
            here = mark
        else:
            return False
    return all(sign == "*" for sign in wanted[at:])


def _signs(pattern: str) -> "list[str]":
    signs: list[str] = []
    escaped = False
    for char in pattern:
        if char == "\\" and not escaped:
            escaped = True
            continue
        signs.append("=" + char if escaped or char not in "*?" else char)
        escaped = False
    return signs


class _Call:
    """A tool call, taken apart for the rules."""

    def __init__(self, ask: "Plain", home: str, cwd: str) -> None:
        given = ask.get("input")
        given = given if isinstance(given, dict) else {}
        self._tool = str(ask.get("tool") or "")
        self._texts = _texts(given)
        self._commands: list[Simple] = []
        self._clear = True
        self._is_command = False
        for name in COMMANDS:
            if given.get(name):
                self._is_command = True
                found, clear = commands_of(given[name], home)
                self._commands += found
                self._clear = self._clear and clear
        at = str(ask.get("cwd") or cwd)
        named = [str(given[name]) for name in PATHS if given.get(name)]
        self._paths = [place(each, home, at) for each in named + _several(given.get("paths"))]
        self._here = place(cwd, home)
        writes = [each for simple in self._commands for each in simple.writes]
        self._writes = [place(each, home, at) for each in writes]

    def fits(self, rule: "Plain") -> bool:
        """Say whether every part that the rule names fits this call."""
        allows = rule["decide"] == "allow"
        return (
            self._fits_tool(_several(rule.get("tool")))
            and self._fits_command(_several(rule.get("command")), allows=allows)
            and self._fits_path(_several(rule.get("path")), allows=allows)
            and self._fits_text(_several(rule.get("text")))
        )

    def _fits_tool(self, wanted: "Sequence[str]") -> bool:
        name = self._tool.lower()
        return not wanted or any(
            name in CLASSES[each].split() or (each == "shell" and self._is_command)
            if each in CLASSES
            else matches(each.lower(), name)
            for each in wanted
        )

    def _fits_command(self, wanted: "Sequence[str]", *, allows: bool) -> bool:
        if not wanted:
            return True
        if not allows:
            return any(self._has(each) for each in wanted)
        return (
            self._clear
            and bool(self._commands)
            and all(any(_is(each, one) for each in wanted) for one in self._commands)
        )

    def _has(self, pattern: str) -> bool:
        """Say whether the pattern's commands, one piped into the next, stand in the line."""
        steps = [each.split() for each in pattern.split(" | ")]
        for first in range(len(self._commands) - len(steps) + 1):
            here = self._commands[first : first + len(steps)]
            joined = all(one.piped for one in here[1:])
            if joined and all(map(_contains, steps, here)):
                return True
        return False

    def _fits_path(self, wanted: "Sequence[str]", *, allows: bool) -> bool:
        if not wanted:
            return True
        wanted = [self._here + one[1:] if one[:2] == "./" else one for one in wanted]
        paths = self._paths if allows else self._paths + self._writes
        each_fits = [any(matches(one, path) for one in wanted) for path in paths]
        return bool(each_fits) and (all(each_fits) if allows else any(each_fits))

    def _fits_text(self, wanted: "Sequence[str]") -> bool:
        return not wanted or any(matches(one, text) for one in wanted for text in self._texts)


def _contains(pattern: "list[str]", one: Simple) -> bool:
    """Say whether a command has the program, the options and the arguments, in any order."""
    return any(_has_words(pattern, words) for words in one.readings())


def _has_words(pattern: "list[str]", words: "list[str]") -> bool:
    unknown = words[0][:1] == "$" and len(pattern) > 1  # a variable may name any program
    if not unknown and not matches(pattern[0], words[0]):
        return False
    short = "".join(each[1:] for each in words[1:] if each[:1] == "-" and each[:2] != "--")
    long = [each.partition("=")[0] for each in words[1:] if each[:2] == "--"]
    plain = [each for each in words[1:] if each[:1] != "-"]
    for wanted in pattern[1:]:
        if wanted[:2] == "--":
            fits = any(matches(wanted, each) for each in long)
        elif wanted[:1] == "-" and len(wanted) > 1:
            fits = wanted in words or all(_option(each, short, long) for each in wanted[1:])
        else:
            fits = wanted == "*" or any(matches(wanted, each) for each in plain)
        if not fits:
            return False
    return True


def _option(letter: str, short: str, long: "list[str]") -> bool:
    return letter in short or any(each in short or each in long for each in SAME.get(letter, ()))


def _is(pattern: str, one: Simple) -> bool:
    """Say whether a pattern describes a whole command; only a last `*` stands for more words."""
    wanted = pattern.split()
    words = one.words
    if one.writes or one.assigns or not one.plain:
        return False
    if wanted[-1] == "*":
        wanted = wanted[:-1]
        words = words[: len(wanted)]
    return len(wanted) == len(words) and all(map(matches, wanted, words))


def _several(value: object) -> "list[str]":
    if isinstance(value, str):
        return [value]
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else []


def _texts(value: object) -> "list[str]":
    """Return every text in a call's input, however deep."""
    found: list[str] = []
    rest = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, dict):
            rest += each.values()
        elif isinstance(each, list):
            rest += each
    return found

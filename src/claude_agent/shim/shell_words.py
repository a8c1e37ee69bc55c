"""Takes a shell's command line apart, far enough to know which programs it names.

No shell is imitated: variables are left as they stand and nothing is expanded. What cannot be read
for certain is marked so; a rule that allows then does not fit.
"""

SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "ash", "fish")
WRAPPERS = (
    *("sudo", "doas", "env", "nohup", "nice", "ionice", "time", "timeout", "command", "exec"),
    *("builtin", "xargs", "stdbuf", "setsid", "chroot", "busybox", "unshare", "nsenter", "watch"),
    *("if", "then", "else", "elif", "do", "while", "until", "!", "{", "find"),
)
"""Programs and words after which another program may be named."""
DEEP = 8
SPACE = " \t\r"
QUIET = ("/dev/null", "/dev/stdout", "/dev/stderr", "&1", "&2", "-")


class Simple:
    """One command of a line: its words, and where it writes."""

    def __init__(self, *, piped: bool = False) -> None:
        self.words: list[str] = []
        self.writes: list[str] = []
        self.piped = piped
        """What the command before it prints goes into it."""
        self.assigns = False
        self.plain = True
        """Every word is known: none comes from a variable or from another command."""

    def readings(self) -> "list[list[str]]":
        """Return the ways in which it may name a program: itself, and what a wrapper starts."""
        found = [self.words] if self.words else []
        for at, word in enumerate(self.words):
            if word not in WRAPPERS and at == 0:
                break
            if at and word[:1] != "-":
                found.append([_program(word), *self.words[at + 1 :]])
        return found


def commands_of(given: object, home: str, deep: int = DEEP) -> "tuple[list[Simple], bool]":
    """Return the commands of a line, or of a list of words, and whether all of it was understood.

    Commands inside `$(…)`, back quotes, `sh -c` and `eval` are among them.
    """
    if isinstance(given, list):
        one = Simple()
        one.words = [str(each) for each in given]
        found, clear = [one], True
    else:
        reader = _Reader(str(given))
        found, clear = reader.read(), reader.clear
    done: list[Simple] = []
    for one in found:
        while one.words and _assigns(one.words[0]):
            one.words.pop(0)
            one.assigns = True
        inner = _inner(one.words)
        if one.words:
            one.words = [_program(one.words[0]), *(place(each, home) for each in one.words[1:])]
        if inner is None:
            done += [one] if one.words or one.writes else []
            continue
        more, known = commands_of(inner, home, deep - 1) if deep else ([], False)
        clear = clear and known
        if not _only_starts(one, listed=isinstance(given, list)):
            done.append(one)
        done += more
    return done, clear


def _only_starts(one: Simple, *, listed: bool) -> bool:
    """Say whether a command is nothing but `sh -c TEXT`."""
    program, *rest = one.words
    plain = listed or one.plain
    return program in SHELLS and len(rest) == len(("-c", "TEXT")) and plain and not one.writes


def _inner(words: "list[str]") -> str | None:
    """Return the text that a command hands to a shell, None where it is none."""
    for at, word in enumerate(words):
        name = _program(word)
        rest = words[at + 1 :]
        if name == "eval":
            return " ".join(rest)
        if name in SHELLS:
            for place, option in enumerate(rest[:-1]):
                if option[:1] == "-" and option[:2] != "--" and "c" in option:
                    return rest[place + 1]
        if name not in WRAPPERS and at == 0:
            return None
    return None


def _program(word: str) -> str:
    return word.rpartition("/")[2] or word


def _assigns(word: str) -> bool:
    name, equals, _value = word.partition("=")
    return bool(equals) and name.isidentifier()


def place(path: str, home: str, at: str = "") -> str:
    """Return a path without `.`, `..` and doubled slashes, the home folder as `~`.

    A relative one is taken as below `at`, where that is known.
    """
    for name in ("${HOME}", "$HOME"):
        if path == name or path.startswith(name + "/"):
            path = "~" + path[len(name) :]
    if at and path[:1] not in ("/", "~"):
        path = at + "/" + path
    if path[:1] not in ("/", "~"):
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts != ["~"]:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    path = ("" if path[:1] == "~" else "/") + "/".join(parts)
    inside = bool(home) and (path == home or path.startswith(home + "/"))
    return "~" + path[len(home) :] if inside else path


class _Reader:
    """Reads one line from left to right; substitutions wait on a stack."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.clear = True
        self._done: list[Simple] = []
        self._one = Simple()
        self._word: list[str] | None = None
        self._target = False
        self._quoted = False
        self._stack: list[tuple[str, Simple, list[str] | None, bool, bool]] = []

    def read(self) -> "list[Simple]":
        """Return the commands, in the order in which they begin or end."""
        while self._at < len(self._text):
            self._step(self._text[self._at])
        if self._quoted or self._stack:
            self.clear = False
        while self._stack:
            self._leave()
        self._end()
        return self._done

    def _step(self, char: str) -> None:
        two = self._text[self._at : self._at + 2]
        if char == "\\":
            self._add(two[1:].replace("\n", ""))
            self._at += 2
        elif two in ("$(", "<(", ">("):
            self._at += 2
            self._enter(")")
        elif char == "`":
            self._at += 1
            if self._stack and self._stack[-1][0] == "`":
                self._leave()
            else:
                self._enter("`")
        elif char == '"':
            self._quoted = not self._quoted
            self._add("")
            self._at += 1
        elif self._quoted:
            self._plain(char)
        else:
            self._bare(char, two)

    def _bare(self, char: str, two: str) -> None:
        if char == "'":
            end = self._text.find("'", self._at + 1)
            self.clear = self.clear and end >= 0
            end = end if end >= 0 else len(self._text)
            self._add(self._text[self._at + 1 : end])
            self._at = end + 1
        elif char in SPACE:
            self._end_word()
            self._at += 1
        elif char == "&" and (two == "&>" or (self._word == [] and self._target)):
            self._plain(char) if self._target else self._redirect(2)
        elif char in ";\n&|()":
            self._cut(char, two)
        elif char in "<>":
            self._redirect(1)
        else:
            self._plain(char)

    def _cut(self, char: str, two: str) -> None:
        self._at += 2 if two in ("&&", "||", ";;", "|&") else 1
        if char == ")" and self._stack and self._stack[-1][0] == ")":
            self._leave()
            return
        self._end(piped=two != "||" and char == "|")

    def _redirect(self, length: int) -> None:
        if self._word is not None and "".join(self._word).isdigit():
            self._word = None  # 2> names a file descriptor
        self._end_word()
        reads = self._text[self._at] == "<"
        self._at += length
        while self._text[self._at : self._at + 1] in ("<", ">", "|") and self._at < len(self._text):
            self._at += 1
        if reads:
            return  # what is read stays among the words
        while self._text[self._at : self._at + 1] in (" ", "\t"):
            self._at += 1
        self._target = True
        self._word = []

    def _plain(self, char: str) -> None:
        if char == "$":
            self._one.plain = False
        self._add(char)
        self._at += 1

    def _add(self, text: str) -> None:
        if self._word is None:
            self._word = []
        self._word.append(text)

    def _end_word(self) -> None:
        if self._word is None:
            return
        word = "".join(self._word)
        if not self._target:
            self._one.words.append(word)
        elif word not in QUIET:
            self._one.writes.append(word)
        self._word, self._target = None, False

    def _end(self, *, piped: bool = False) -> None:
        self._end_word()
        if self._one.words or self._one.writes:
            self._done.append(self._one)
        self._one = Simple(piped=piped)

    def _enter(self, end: str) -> None:
        self._one.plain = False
        self._stack.append((end, self._one, self._word, self._target, self._quoted))
        self._one, self._word, self._target, self._quoted = Simple(), None, False, False

    def _leave(self) -> None:
        self._end()
        _end, self._one, self._word, self._target, self._quoted = self._stack.pop()
        self._add("$()")

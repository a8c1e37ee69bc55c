"""Runs a page of the documentation: every command it shows, and every line of what they answer.

In a page, blocks of `console` hold commands after `$ ` and, below each, what it prints; a line
`…` stands for any lines, `…` within a line for any text. Blocks with a title are files. Refs (four
letters and digits), times, durations, hashes and addresses differ from run to run: a ref of the
page stands for one and the same real ref from its first appearance on, also in later commands.
"""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.product import Product
from tests.waiting import wait_until

_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_REF = r"\b(?=[0-9A-Z]*[0-9])(?=[0-9A-Z]*[A-Z])[0-9A-HJKMNP-TV-Z]{4}\b"
_DURATION = r"\d+(?: ms|s|m|h|d)(?: ?\d\d?[smh])?"
_TIME = r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d"
_ADDRESS = r"http://127\.0\.0\.1:\d+"
_HASH = r"\b[0-9a-f]{12,64}\b"
_CHANGING = re.compile(
    rf"(?P<ref>{_REF})|(?P<any>…)|(?P<address>{_ADDRESS})|(?P<time>{_TIME})"
    rf"|(?P<duration>{_DURATION})|(?P<hash>{_HASH})|(?P<space>\s+)"
)
_READS = re.compile(r"^(ls|cat|claude-agent (\w+ )?(list|show|explain|logs|events|status)\b)")
"""Commands that change nothing: they are asked again until they say what the page says."""
PATIENCE_S = 40.0


@dataclass(slots=True, kw_only=True)
class Shown:
    """One command of a page, or a file of it."""

    line: int
    command: str = ""
    answer: list[str] = field(default_factory=list)
    path: str = ""
    content: str = ""

    def write(self, folder: Path) -> None:
        """Write the file that is shown."""
        file = folder / self.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.content)


def write_files(page: Path, folder: Path) -> None:
    """Write the files of a page, before anything of it is typed."""
    for one in read_page(page):
        if one.path:
            one.write(folder)


def read_page(page: Path) -> list[Shown]:
    """Return what a page shows, in order."""
    text = page.read_text(encoding="utf-8")
    found: list[Shown] = []
    for block in _BLOCK.finditer(text):
        kind, title, body = block.groups()
        line = text.count("\n", 0, block.start()) + 2
        if title:
            found.append(Shown(line=line, path=title, content=body))
        elif kind == "console":
            found += _commands(body, line)
    return found


def _commands(body: str, line: int) -> list[Shown]:
    found: list[Shown] = []
    for n, each in enumerate(body.splitlines()):
        if each.startswith("$ "):
            found.append(Shown(line=line + n, command=each.removeprefix("$ ")))
        else:
            assert found, f"line {line + n}: a block begins with a command"
            found[-1].answer.append(each)
    return found


class Reader:
    """A person who types what a page shows, and compares."""

    def __init__(self, product: Product, folder: Path) -> None:
        self._product = product
        self._folder = folder
        self._code = 0
        self.refs: dict[str, str] = {}
        """What each ref of the page is in truth."""

    def follow(self, page: Path) -> None:
        """Do all that a page shows. Fails with the place in the page."""
        shown = read_page(page)
        assert any(one.command for one in shown), f"{page.name} shows no command"
        for one in shown:
            if one.path:
                one.write(self._folder)
            else:
                self._compare(page, one)

    def _compare(self, page: Path, one: Shown) -> None:
        command = re.sub(_REF, lambda found: self.refs.get(found[0], found[0]), one.command)
        said = [""]

        def same() -> bool:
            said[0] = self._run(command)
            return self._matches(one.answer, said[0])

        place = f"{page.name}:{one.line}: {one.command}"
        try:
            if _READS.match(command):
                wait_until(same, timeout=PATIENCE_S, what="what the page says", every=0.1)
            else:
                assert same()
        except AssertionError:
            wanted = "\n".join(one.answer)
            message = f"{place}\n--- the page says\n{wanted}\n--- it says\n{said[0]}"
            message = f"{message}\n{self._product.story()}"
            raise AssertionError(message) from None
        assert one.answer or not self._code, f"{place} exits with {self._code} and says nothing"

    def _run(self, command: str) -> str:
        where = self._folder / ".where"
        text = f"(exit {self._code}); {command}\ncode=$?; pwd > {where}; exit $code"
        here = Path(where.read_text().strip()) if where.exists() else self._folder
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=here,
            env={**self._product.environ, "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=2 * PATIENCE_S,
            check=False,
        )
        self._code = done.returncode
        return done.stdout

    def _matches(self, answer: list[str], said: str) -> bool:
        names: list[str] = []
        pattern = "".join(_line(line, names, self.refs) for line in answer)
        found = re.fullmatch(pattern, "".join(f"{x.rstrip()}\n" for x in said.splitlines()))
        if found is None:
            return False
        self.refs |= {name: found[f"r_{name}"] for name in names}
        return True


def _line(line: str, names: list[str], known: dict[str, str]) -> str:
    """Return the pattern of one shown line; refs that are new are noted in `names`."""
    if line.strip() == "…":
        return r"(?:.*\n)*?"
    parts, at = [], 0
    text = line.rstrip()
    for each in _CHANGING.finditer(text):
        parts.append(re.escape(text[at : each.start()]))
        parts.append(_part(each, names, known))
        at = each.end()
    return "".join(parts) + re.escape(text[at:]) + r"\n"


def _part(each: re.Match[str], names: list[str], known: dict[str, str]) -> str:
    match each.lastgroup:
        case "ref" if each[0] in known:
            return re.escape(known[each[0]])
        case "ref" if each[0] in names:
            return f"(?P=r_{each[0]})"
        case "ref":
            names.append(each[0])
            return f"(?P<r_{each[0]}>[0-9A-Z]{{4,}})"
        case "any":
            return ".*"
        case "address":
            return _ADDRESS
        case "time":
            return _TIME
        case "duration":
            return _DURATION
        case "hash":
            return "[0-9a-f]+"
        case _:
            return r"\s+" if each.start() else each[0]

"""Builds the file that is copied into run folders: the shim as compiled code for this interpreter.

It is one .pyc, not a zip, under the name `<hash>.pyz`: for a zip Python first imports `runpy` and
with it `contextlib`, `functools` and `collections`, which takes as long as the interpreter's whole
start (measured: 10 ms); a .pyc is recognised by its first bytes and run at once. The modules
lie in it as unmarshalled code behind a small finder.
"""

import hashlib
import importlib.util
import marshal
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from claude_agent import shim

if TYPE_CHECKING:
    from types import CodeType

_UNCHECKED_HASH = 0b01
_START = """
import marshal
import sys
from _frozen_importlib import ModuleSpec

CODES = marshal.loads({codes!r})


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in CODES:
            return ModuleSpec(name, Finder, is_package=CODES[name] is None)

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        code = CODES[module.__name__]
        if code is not None:
            exec(code, module.__dict__)


sys.meta_path.insert(0, Finder)
exec(CODES["claude_agent.shim.__main__"])
"""


def build(folder: Path) -> Path:
    """Make `<folder>/<hash>.pyz` if it is not there and return it; whole or not at all.

    The hash covers the code and the interpreter's version, so that an upgrade makes a new file and
    runs begun before keep theirs.
    """
    image = shim_image()
    target = folder / f"{hashlib.sha256(image).hexdigest()[:16]}.pyz"
    if target.exists():
        return target
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{target.name}.{os.urandom(6).hex()}"
    draft.write_bytes(image)
    draft.chmod(0o500)
    draft.replace(target)
    return target


def shim_image() -> bytes:
    """Return the shim as the bytes of one .pyc for this interpreter."""
    source = Path(shim.__path__[0])
    package = shim.__name__
    codes: dict[str, CodeType | None] = {package.partition(".")[0]: None, package: None}
    for path in sorted(source.glob("*.py")):
        if path.stem != "__init__":
            name = f"{package}.{path.stem}"
            codes[name] = compile(
                path.read_text("utf-8"), f"<shim>/{path.name}", "exec", optimize=2
            )
    start = compile(
        _START.format(codes=marshal.dumps(codes)), "<shim>", "exec", dont_inherit=True, optimize=2
    )
    source_hash = importlib.util.source_hash(str(sys.version).encode())
    header = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH.to_bytes(4, "little") + source_hash
    return header + marshal.dumps(start)

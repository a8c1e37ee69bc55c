"""Changed copies of frozen values, in a third of the time that `dataclasses.replace` takes.

Every event that is folded makes one, of some thirty fields; `replace` looks at each field by
itself and calls `__init__`, which writes each by itself again.
"""

from collections import deque
from dataclasses import fields
from functools import cache
from itertools import repeat
from operator import attrgetter, call
from typing import TYPE_CHECKING

__all__ = ["replace"]

if TYPE_CHECKING:
    from dataclasses import replace  # what the type checker knows of its arguments
else:

    def replace(old, /, **changes):
        """Return a copy with some fields changed, computed ones as they were.

        Raises KeyError for a field that it has not.
        """
        kind = type(old)
        read, writers, named = _shape(kind)
        new = object.__new__(kind)
        deque(map(call, writers, repeat(new), read(old)), 0)
        for name, value in changes.items():
            named[name](new, value)
        return new

    @cache
    def _shape(kind):
        """Return what reads all fields of a class, what writes each in turn, and each by name."""
        known = fields(kind)
        if not hasattr(kind, "__slots__") or len(known) == 1:
            message = f"{kind.__name__} is not a dataclass of several slots"
            raise TypeError(message)
        named = {one.name: getattr(kind, one.name).__set__ for one in known}
        return attrgetter(*named), tuple(named.values()), named

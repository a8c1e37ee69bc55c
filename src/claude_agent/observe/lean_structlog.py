"""structlog without rich: where rich is installed (developers' machines), structlog imports it for
tracebacks that we do not use, which costs the server 9 MB.
"""

import sys
from typing import Any, cast

_before = {name: sys.modules.get(name) for name in ("rich", "better_exceptions")}
sys.modules.update(cast("dict[str, Any]", {n: m for n, m in _before.items() if m is None}))
try:
    import structlog
finally:
    for _name, _module in _before.items():
        if _module is None:
            del sys.modules[_name]

__all__ = ["structlog"]

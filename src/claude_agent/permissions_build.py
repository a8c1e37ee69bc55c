"""What agents at work may do, from the settings: the content of `policy.json` in a run folder.

The shim evaluates it (`shim/policy.py`); the page "Answer an agent's questions" explains it.
"""

from claude_agent.domain.duration import parse_duration
from claude_agent.domain.question_events import Plain
from claude_agent.settings_model import PermissionRule, Permissions

OUR_TOOLS = "mcp__claude-agent__*"
_SYSTEM = ("bin", "boot", "dev", "etc", "home", "lib*", "opt", "proc", "root", "sbin", "sys")
_PLACES = (
    *("/", r"/\*", "~", r"~/\*", "/usr", "/usr/*", "/var", "/srv", "/mnt"),
    *(f"/{name}" for name in _SYSTEM),
)
DANGEROUS: tuple[Plain, ...] = (
    {"name": "delete-everything", "command": [f"rm -r {place}" for place in _PLACES]},
    {"name": "delete-everything", "command": ["find / -delete", "find ~ -delete"]},
    {
        "name": "own-everything",
        "command": [
            f"{program} -R * {place}" for program in ("chmod", "chown") for place in _PLACES
        ],
    },
    {"name": "wipe-disk", "command": ["mkfs*", "wipefs *", "dd of=/dev/*", "shred /dev/*"]},
    {"name": "wipe-disk", "path": ["/dev/sd*", "/dev/nvme*", "/dev/vd*", "/dev/disk/*"]},
    {"name": "switch-off", "command": ["shutdown", "reboot", "poweroff", "halt", "init 0"]},
    {"name": "kill-everything", "command": ["kill * -1", "kill -9 -1"]},
    {"name": "fork-bomb", "text": r"*:(){*:|:*"},
    {"name": "own-hooks", "tool": ["shell", "edit"], "path": "*/claude-settings.json"},
    {
        "name": "give-access",
        "tool": ["shell", "edit"],
        "path": ["/etc/passwd", "/etc/shadow", "/etc/sudoers*", "~/.ssh/authorized_keys"],
    },
)
"""Denied in every mode: what destroys the machine. A net for accidents, not a wall."""
_HARMLESS: tuple[Plain, ...] = ({"name": "harmless", "tool": ["read", "own", OUR_TOOLS]},)
_OF_MODES: dict[str, tuple[str, tuple[Plain, ...]]] = {
    "all": ("allow", ()),
    "edit": ("deny", (*_HARMLESS, {"name": "edit", "tool": "edit", "path": "./*"})),
    "ask": ("ask", _HARMLESS),
}
"""Of an agent's `permissions`: what is decided where no rule fits, and what is allowed."""


def policy_of(section: Permissions, may: str) -> Plain:
    """Return the content of `policy.json` for an agent with these `permissions`."""
    default, allowed = _OF_MODES[may]
    rules: list[Plain] = [{**rule, "decide": section.dangerous} for rule in DANGEROUS]
    rules += [_rule(n, rule) for n, rule in enumerate(section.rules, start=1)]
    rules += [{**rule, "decide": "allow"} for rule in allowed]
    return {"v": 1, "default": default, "wait_ms": parse_duration(section.wait), "rules": rules}


def _rule(n: int, rule: PermissionRule) -> Plain:
    parts = {name: list(getattr(rule, name)) for name in ("tool", "command", "path", "text")}
    given = {name: value for name, value in parts.items() if value}
    return {"name": rule.name or f"rule {n}", "decide": rule.decide, **given}

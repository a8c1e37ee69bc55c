"""The policy that the settings make, as the shim evaluates it."""

from typing import Any

import pytest
from pydantic import ValidationError

from claude_agent.permissions_build import OUR_TOOLS, policy_of
from claude_agent.settings_model import PermissionRule, Permissions
from claude_agent.shim import policy

PLACES = {"home": "/home/me", "cwd": "/srv/app"}


def word(may: str, tool: str, section: Permissions | None = None, **given: Any) -> str:
    made = {**PLACES, **policy_of(section or Permissions(), may)}
    return policy.decide(made, {"tool": tool, "input": given})[0]


@pytest.mark.parametrize(
    "command",
    [
        *(
            "rm -rf /",
            "rm -rf /*",
            "rm -fr ~/",
            "sudo rm -r /etc",
            "rm -rf /usr/lib",
            "rm -rf $HOME",
        ),
        *("find / -name x -delete", "chmod -R 777 /", "chown -R me ~", "mkfs.ext4 /dev/sda1"),
        *("dd if=/dev/zero of=/dev/nvme0n1", "cat x > /dev/sda", "shutdown -h now", "reboot"),
        *("kill -9 -1", ":(){ :|:& };:", "echo k >> ~/.ssh/authorized_keys", "init 0"),
        *("echo 'x ALL=(ALL) ALL' > /etc/sudoers.d/x", "bash -c 'rm -rf /'", "wipefs -a /dev/sda"),
    ],
)
def test_what_destroys_the_machine_is_denied_in_every_mode(command: str) -> None:
    for may in ("all", "edit", "ask"):
        assert word(may, "Bash", command=command) == "deny"
    asking = Permissions(dangerous="ask")
    assert word("all", "Bash", asking, command=command) == "ask"


@pytest.mark.parametrize(
    "command",
    [
        *("rm -rf build", "rm -rf /tmp/x /home/me/app/build", "git commit -m 'rm -rf /'"),
        *("find . -name '*.pyc' -delete", "chmod -R u+w build", "dd if=a of=b", "kill -9 123"),
        *("npm run halt", "git init", "cat /dev/null > x", "python -m pytest", "make reboot-test"),
    ],
)
def test_ordinary_work_is_let_through(command: str) -> None:
    assert word("all", "Bash", command=command) == "allow"
    assert word("ask", "Bash", command=command) == "ask"
    assert word("edit", "Bash", command=command) == "deny"


def test_modes_differ_in_what_is_harmless() -> None:
    ours = OUR_TOOLS.replace("*", "complete_task")
    for tool, given, wanted in (
        ("Read", {"file_path": "/etc/hosts"}, ("allow", "allow", "allow")),
        (ours, {}, ("allow", "allow", "allow")),
        ("Task", {"prompt": "x"}, ("allow", "allow", "allow")),
        ("Edit", {"file_path": "/srv/app/x.py"}, ("allow", "allow", "ask")),
        ("Edit", {"file_path": "/srv/app/../x.py"}, ("allow", "deny", "ask")),
        ("edit", {"paths": ["/srv/app/a", "/srv/b"]}, ("allow", "deny", "ask")),
        ("WebFetch", {"url": "http://x"}, ("allow", "deny", "ask")),
        ("mcp__other__tool", {}, ("allow", "deny", "ask")),
    ):
        assert tuple(word(may, tool, **given) for may in ("all", "edit", "ask")) == wanted, tool


def test_rules_of_the_settings_come_with_their_names() -> None:
    rules = (
        PermissionRule(decide="allow", command=("git status", "pytest *")),
        PermissionRule(name="no-push", decide="deny", command=("git push",)),
    )
    section = Permissions(rules=rules, wait="2h")
    assert word("ask", "Bash", section, command="pytest -q tests") == "allow"
    assert word("all", "Bash", section, command="git push") == "deny"
    made = policy_of(section, "ask")
    assert made["wait_ms"] == 7_200_000
    assert {"rule 1", "no-push"} <= {rule["name"] for rule in made["rules"]}


def test_rules_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ValidationError, match="a rule needs one of"):
        PermissionRule(decide="deny")
    for wait in ("0s", "8d", "soon"):
        with pytest.raises(ValidationError):
            Permissions(wait=wait)

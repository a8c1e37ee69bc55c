"""What an agent program runs before a tool call: `python -I -S shim.pyz hook FOLDER [deny]`.

It puts the call to the shim of its run and waits for the decision. It fails closed: whatever goes
wrong here, the exit code is 2, with which agent programs refuse the call.

With `deny` only what the policy denies is denied: the rest is left to the program's own rules.

Claude Code's hooks are answered in their own form (PreToolUse, PermissionRequest). Anybody else
sends `{what, tool, input, text, options}` and gets `{decision, text}`: exit 0 for allow or an
answer, 2 for deny.
"""

import posix
from _socket import AF_UNIX, SOCK_CLOEXEC, SOCK_STREAM, socket

from claude_agent.shim import codec, machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from claude_agent.shim.codec import Plain

DENIED = 2
INPUT_BYTES = 900 << 10
ANSWER_BYTES = 2 << 20
BROKEN = (
    *(ArithmeticError, AttributeError, KeyboardInterrupt, LookupError, MemoryError, OSError),
    *(RuntimeError, TypeError, ValueError),
)
"""Whatever it is, the call must not be made; who starts us takes any other exit code as no."""
LONGEST_S = 8 * 86_400
"""Longer than any question is held: then the shim denies it."""
STDERR = 2


def main(words: list[str]) -> int:
    """Ask for the call on standard input; return the exit code. Never raises."""
    try:
        given = _read_input()
        number = _run_number(words[0])
        claude = given.get("hook_event_name")
        question = _question(given) if claude else given
        decision = ask(words[0], number, {**question, "only": words[1:]})
        text, code = _in_words_of_claude(str(claude), decision) if claude else _plain(decision)
    except BROKEN as error:
        reason = f"The call is denied: nobody could be asked ({type(error).__name__}: {error}).\n"
        machine.attempt(posix.write, STDERR, reason.encode("utf-8", "replace"))
        return DENIED
    if code == DENIED:
        machine.attempt(posix.write, STDERR, str(decision["text"]).encode("utf-8", "replace"))
    out = text.encode("ascii")
    return code if not out or posix.write(1, out) == len(out) else DENIED


def ask(folder: str, run: int, question: "Plain") -> "Plain":
    """Put a question to the shim of a run folder and wait for its decision.

    Raises OSError or ValueError where there is none.
    """
    fd = posix.open(folder, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
    shim = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC)
    shim.settimeout(LONGEST_S)
    # Through the folder's descriptor: a socket's own path may have 107 bytes at most.
    shim.connect(f"/proc/self/fd/{fd}/ctl.sock")
    shim.sendall(codec.dumps({"kind": "ask", "run": run, "data": question}).encode("ascii") + b"\n")
    text = b""
    while not text.endswith(b"\n"):
        part = shim.recv(1 << 16)
        if not part or len(text) > ANSWER_BYTES:
            message = "the shim has gone"
            raise ValueError(message)
        text += part
    answer = codec.loads(text.decode("utf-8"))
    if answer["ok"] is not True or answer["decision"] not in ("allow", "deny", "answer"):
        message = f"the shim refused: {answer.get('error')}"
        raise ValueError(message)
    return dict(answer)


def _run_number(folder: str) -> int:
    return int(codec.loads(machine.read_bytes(folder + "/spec.json").decode("utf-8"))["run"])


def _read_input() -> "Plain":
    parts = []
    size = 0
    while part := posix.read(0, 1 << 16):
        parts.append(part)
        size += len(part)
        if size > INPUT_BYTES:
            message = f"the call has over {INPUT_BYTES} bytes"
            raise ValueError(message)
    given = codec.loads(b"".join(parts).decode("utf-8"))
    return _object(given, "the call")


def _object(found: object, what: str) -> "Plain":
    if isinstance(found, dict):
        return found
    message = f"{what} is no JSON object"
    raise ValueError(message)


def _question(given: "Plain") -> "Plain":
    """Return a call of Claude Code as a question."""
    tool, call = str(given["tool_name"]), _object(given["tool_input"], "tool_input")
    text = str(call.get("description") or "")
    return {
        "what": "permission",
        "tool": tool,
        "input": call,
        "text": text,
        "options": [],
        "cwd": str(given.get("cwd") or ""),
    }


def _in_words_of_claude(event: str, decision: "Plain") -> tuple[str, int]:
    """Return what Claude Code expects; what the default allows is left to its own rules."""
    word, why = decision["decision"], str(decision["text"])
    specific: dict[str, object] = {"hookEventName": event}
    if event == "PermissionRequest":
        told: dict[str, object] = {"behavior": "allow" if word == "allow" else "deny"}
        if word != "allow":
            told["message"] = why or "Denied."
        elif "input" in decision:
            told["updatedInput"] = decision["input"]
        specific["decision"] = told
    elif event == "PreToolUse":
        if word == "allow" and decision["via"] == "policy" and not decision["by"]:
            return "", 0
        specific["permissionDecision"] = "allow" if word == "allow" else "deny"
        specific["permissionDecisionReason"] = why or ("Allowed." if word == "allow" else "Denied.")
        if word == "allow" and "input" in decision:
            specific["updatedInput"] = decision["input"]
    else:
        message = f"an event that nobody knows: {event}"
        raise ValueError(message)
    return codec.dumps({"hookSpecificOutput": specific}), 0


def _plain(decision: "Plain") -> tuple[str, int]:
    code = DENIED if decision["decision"] == "deny" else 0
    told = {"decision": decision["decision"], "text": decision["text"]}
    return codec.dumps(told) + "\n", code

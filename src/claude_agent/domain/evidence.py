"""What a claim that something is done rests on: levels, from the weakest to the strongest."""

from collections.abc import Iterable, Mapping, Sequence

MEANS: Mapping[str, str] = {
    "E1": "the process ended, and its shim wrote how",
    "E2": "a hook of the program said that its turn ended",
    "E3": "the program's protocol reported a result that is no error",
    "E4": "the agent left a result of its own",
    "E5": "the gates passed",
}
GATES = "E5"


def together(*found: Iterable[str]) -> tuple[str, ...]:
    """Return the levels of all, each once, the weakest first."""
    return tuple(sorted({level for each in found for level in each}))


def verified(kind: str, state: str, evidence: Sequence[str]) -> bool | None:
    """Say whether more than an agent's word says that it is done.

    None: there is nothing to doubt; it has not ended well, or a plain command's exit is the result.
    """
    if kind != "prompt" or state != "succeeded":
        return None
    return GATES in evidence

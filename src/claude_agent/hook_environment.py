"""What the operator's own commands get of our environment: no secret but those they name."""

import os
from collections.abc import Mapping, Sequence

from claude_agent.shim.mask import masked
from claude_agent.storage.secret_forms import needles
from claude_agent.storage.secrets import SecretStore, without_secrets


class HookEnvironment:
    """The environment of one hook; a secret that it names is the variable of its name."""

    def __init__(self, store: SecretStore | None = None, names: Sequence[str] = ()) -> None:
        self._store = store
        self._names = tuple(names)

    def made(self, own: Mapping[str, str]) -> dict[str, str]:
        """Return the whole environment, `own` over the rest.

        Raises SecretMissing, SetupError for a secret that cannot be had.
        """
        given = self._store.values(self._names) if self._store is not None else {}
        return {**without_secrets(os.environ), **given, **own}

    def clean(self, said: bytes) -> bytes:
        """Return what the hook said without the secrets that it was given."""
        known = self._store.known(self._names) if self._store is not None else ()
        return masked(said, needles(known))

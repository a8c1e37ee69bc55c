"""What clients send about shared state: bodies and queries."""

from typing import Annotated

from pydantic import Field, StringConstraints

from claude_agent.api.wire import Body, Duration, PageQuery, Query

Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Version = Annotated[int, Field(ge=0, le=2**53)]


class SetState(Body):
    """A new value; any JSON."""

    value: object
    version: Version | None = Field(
        default=None, description="the version that was read; 0: the key must not exist"
    )
    ttl: Duration | None = Field(default=None, description="after this time the key is gone")


class DeleteState(Body):
    """Which version is meant."""

    version: Version | None = None


class StateQuery(PageQuery):
    """Which keys."""

    pattern: Pattern = Field(default="*", description="`*` is any text, `?` one character")


class StateHistoryQuery(Query):
    """Which part of a key's history."""

    after: int = Field(default=0, ge=0, le=2**53, description="a version")
    limit: int = Field(default=100, ge=1, le=500)


class TakeSnapshot(Body):
    """How the snapshot is called."""

    name: Annotated[str, StringConstraints(max_length=80)] = ""

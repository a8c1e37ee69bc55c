"""The option type for durations."""

import click
from typing_extensions import override

from claude_agent.cli.text import seconds_of


class Duration(click.ParamType[float]):
    """`5m`, `1h30m`, `250ms` or seconds; the value is seconds."""

    name = "duration"

    @override
    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        try:
            return seconds_of(str(value))
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)

"""What all commands share: help with examples, and a few kinds of arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

# Older releases of click know no type of what a parameter becomes.
if TYPE_CHECKING:
    _MomentBase = click.ParamType[datetime]
else:
    _MomentBase = click.ParamType

F = TypeVar("F", bound=Callable[..., Any])


class Command(click.Command):
    """A command whose help ends in examples.

    Attributes:
        examples: Command lines that work, in a folder that the tests prepare.
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        heading = "Example" if len(self.examples) == 1 else "Examples"
        with formatter.section(heading):
            for example in self.examples:
                formatter.write(f"  {example}\n")


class Moment(_MomentBase):
    """A time with its zone, or a date, which means its first moment in UTC."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read ISO 8601."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"must be a time such as 2027-01-31T12:00:00Z (got {value!r})", param, ctx)
        if moment.tzinfo is None:
            if len(value) > len("2027-01-31"):
                self.fail(f"must name its time zone, for example {value}Z", param, ctx)
            moment = moment.replace(tzinfo=UTC)
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            self.fail(f"must be in the years 1 to 9999 in UTC (got {value!r})", param, ctx)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def command(*, examples: Sequence[str]) -> Callable[[F], Command]:
    """Make a function a command; its docstring is the help."""

    def wrap(function: F) -> Command:
        return click.command(cls=Command, examples=examples)(function)

    return wrap

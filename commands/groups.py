"""What groups of commands share: problems reported in one clear line, and settings as arguments."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from domain.errors import Conflict, InvalidInput, NotFound


class DatabaseGroup(AppGroup):
    """A group of commands that need the database."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; raises ClickException where the database does not answer or has no tables."""
        try:
            return super().invoke(ctx)
        except DBAPIError as error:
            raise click.ClickException(
                f"the database can't be used ({type(error.orig).__name__}): is SQLALCHEMY_DATABASE_URI right, "
                "and was `flask --app app db upgrade` run?"
            ) from None


@contextmanager
def plain_errors() -> Iterator[None]:
    """Report errors in one line: exit status 2 for invalid input, 1 for a conflict or a missing row."""
    try:
        yield
    except InvalidInput as error:
        raise click.UsageError("; ".join(f"{one.field} {one.message}" for one in error.problems)) from error
    except (Conflict, NotFound) as error:
        raise click.ClickException(str(error)) from error


def settings_of(arguments: Iterable[str]) -> dict[str, str]:
    """Read arguments `SETTING=VALUE`; raises UsageError for one without an equals sign."""
    settings = {}
    for text in arguments:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"{name}: write SETTING=VALUE")
        settings[name] = value
    return settings

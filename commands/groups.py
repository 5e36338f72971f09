"""What groups of commands share: lists, problems reported in one clear line, and settings as arguments."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from domain.errors import Conflict, InvalidInput, NotFound

BLOCK = 1000
"""How many rows of a list have columns of the same width: one can have millions."""


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


def show_rows(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a list: in columns with headings at a terminal, else one line a row with tabs, for programs."""
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(row))
        return
    show_columns(chain([headings], rows))


def show_columns(rows: Iterable[Sequence[str]]) -> None:
    """Print rows, each cell below those of its column."""
    left = iter(rows)
    while block := list(islice(left, BLOCK)):
        widths = [max(map(len, column)) for column in zip(*block, strict=True)]
        for row in block:
            click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def settings_of(arguments: Iterable[str]) -> dict[str, str]:
    """Read arguments `SETTING=VALUE`; raises UsageError for one without an equals sign."""
    settings = {}
    for text in arguments:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"{name}: write SETTING=VALUE")
        settings[name] = value
    return settings

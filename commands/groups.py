"""Command groups that report a database problem in one clear line."""

from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError


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

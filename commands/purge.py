"""`flask --app app purge`: delete old data now."""

import click
from flask.cli import with_appcontext

from domain.errors import InvalidInput
from services import retention
from services.audit.trail import COMMAND_LINE


@click.command("purge")
@click.option(
    "--older-than", "age", required=True, metavar="AGE", help="The age from which to delete: 30d, 12h, 90m."
)
@with_appcontext
def purge(age: str) -> None:
    """Delete settled messages, ended verifications and other data older than AGE."""
    try:
        deleted = retention.purge(retention.parse_age(age), by=COMMAND_LINE)
    except InvalidInput as error:
        problem = error.problems[0]
        raise click.UsageError(f"--{problem.field} {problem.message}") from error
    for name, count in deleted.items():
        click.echo(f"{count:>9}  {name}")

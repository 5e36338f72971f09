"""`flask --app app purge`: delete old data now."""

import sys

import click
from flask.cli import with_appcontext

from domain.errors import InvalidInput
from domain.retention import LEAST_AGE
from services import retention
from services.audit.trail import COMMAND_LINE


@click.command("purge")
@click.option(
    "--older-than", "age", required=True, metavar="AGE", help="The age from which to delete: 30d, 12h, 90m."
)
@click.option("--yes", is_flag=True, help="Do not ask before deleting what is younger than a day.")
@with_appcontext
def purge(age: str, yes: bool) -> None:
    """Delete settled messages, ended verifications and other data older than AGE."""
    try:
        since = retention.parse_age(age)
        if since < LEAST_AGE and not yes and _is_at_a_terminal():
            click.confirm("This also deletes what is younger than a day. Go on?", abort=True)
        deleted = retention.purge(since, by=COMMAND_LINE)
    except InvalidInput as error:
        problem = error.problems[0]
        raise click.UsageError(f"--{problem.field} {problem.message}") from error
    for name, count in deleted.items():
        click.echo(f"{count:>9}  {name}")


def _is_at_a_terminal() -> bool:
    return sys.stdin.isatty()

"""`flask --app app broadcasts`: send to the recipients in a file."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import BinaryIO

import click

from commands.groups import DatabaseGroup, plain_errors
from domain.errors import LimitExceeded
from domain.owners import COMMAND, Owner
from domain.sheets import BadRow, BadRows
from domain.statuses import Channel
from services.audit.trail import COMMAND_LINE
from services.sheets import sending
from services.sheets.sending import Request

broadcasts = DatabaseGroup("broadcasts", help="Messages to many recipients.")


@broadcasts.command("send")
@click.argument("file", type=click.File("rb"))
@click.option("--channel", type=click.Choice([channel.value for channel in Channel]), required=True)
@click.option("--template", required=True, help="The name of a template.")
@click.option("--locale", help="Its language; default: that of the installation.")
@click.option("--name", help="What the console calls the broadcast.")
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]),
    help="When to send it, in UTC; default: now.",
)
@click.option(
    "--good", "only_good", is_flag=True, help="Leave bad rows out; else one is enough to send nothing."
)
def send(
    file: BinaryIO,
    channel: str,
    template: str,
    locale: str | None,
    name: str | None,
    at: datetime | None,
    only_good: bool,
) -> None:
    """Send a template to the recipients in FILE, CSV or XLSX; its one stdout line is the broadcast's id.

    The first row names the columns: `to`, and one for each variable of the template. Bad rows are listed on stderr:
    row, column, code, reason.
    """
    at = at and at.replace(tzinfo=UTC)
    request = Request(Channel(channel), template, locale, at, only_good, name)
    with plain_errors():
        try:
            accepted = sending.send(file, request, Owner(COMMAND), by=COMMAND_LINE)
        except BadRows as error:
            _list(error.rows)
            raise click.UsageError(error.problems[0].message) from None
        except LimitExceeded as error:
            raise click.ClickException(str(error)) from error
    _list(accepted.rejected)
    click.echo(f"{accepted.accepted} accepted, {len(accepted.rejected)} left out", err=True)
    click.echo(accepted.id)


def _list(rows: Sequence[BadRow]) -> None:
    for one in rows:
        click.echo("\t".join((str(one.row), one.column, one.code, one.detail)), err=True)

"""`flask --app app suppressions`: destinations that get no bulk messages."""

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

import click

from commands.groups import DatabaseGroup, show_rows
from domain.destinations import Destination
from domain.errors import InvalidDestination, InvalidInput
from domain.statuses import SuppressionReason
from services import typed
from services.messaging import suppression_lists
from services.messaging import suppressions as service

suppressions = DatabaseGroup(
    "suppressions", help="Destinations that get no bulk messages; codes and single messages are still sent."
)
MOST_LINES = 10_000_000
REASONS = [reason.value for reason in SuppressionReason]


@suppressions.command("list")
def show() -> None:
    """List all suppressions, newest first: destination, reason, since when."""
    show_rows(("DESTINATION", "REASON", "SINCE"), _rows())


@suppressions.command("add")
@click.argument("to", metavar="DESTINATION...", nargs=-1, required=True)
@click.option(
    "--reason", type=click.Choice(REASONS), default=SuppressionReason.OPERATOR.value, show_default=True
)
def add(to: tuple[str, ...], reason: str) -> None:
    """Suppress e-mail addresses or phone numbers, and cancel the bulk messages that wait for them.

    The link in a message can't undo a suppression by an operator, a complaint or a bounce.
    """
    added = [service.add(one.channel, one.canonical, SuppressionReason(reason)) for one in _destinations(to)]
    click.echo(f"{sum(added)} added, {_already(len(added) - sum(added))}", err=True)


@suppressions.command("export")
def export() -> None:
    """Write the whole list as CSV to standard output."""
    for block in suppression_lists.export():
        click.echo(block, nl=False)


@suppressions.command("import")
@click.argument("file", type=click.File("rb"))
def take_in(file: BinaryIO) -> None:
    """Import destinations from a file: one per line, or a CSV file whose first line may name its columns."""
    try:
        done = suppression_lists.take_in(file.read(), most=MOST_LINES)
    except InvalidInput as error:
        raise click.UsageError(f"the file {error.problems[0].message}") from error
    click.echo(f"{done.added} added, {_already(done.known)}", err=True)
    if done.bad:
        numbers = ", ".join(str(line.number) for line in done.bad)
        raise click.ClickException(f"these lines have no e-mail address or phone number: {numbers}")


@suppressions.command("remove")
@click.argument("to", metavar="DESTINATION...", nargs=-1, required=True)
def remove(to: tuple[str, ...]) -> None:
    """Send bulk messages to e-mail addresses or phone numbers again."""
    removed = [service.remove(one.channel, one.canonical) for one in _destinations(to, typed.sought)]
    click.echo(f"{sum(removed)} removed, {_were(len(removed) - sum(removed))} not on the list", err=True)


def _rows() -> Iterator[tuple[str, ...]]:
    views = service.page()
    while views:
        for view in views:
            yield view.canonical, view.reason, view.created_at.isoformat(timespec="seconds")
        views = service.page(views[-1])


def _already(count: int) -> str:
    return f"{_were(count)} already on the list"


def _were(count: int) -> str:
    return f"{count} was" if count == 1 else f"{count} were"


def _destinations(
    texts: Iterable[str], parse: Callable[[str], Destination] = suppression_lists.parse
) -> list[Destination]:
    """Parse all destinations before anything is changed; raises UsageError."""
    found = []
    for number, text in enumerate(texts, 1):
        try:
            found.append(parse(text))
        except InvalidDestination as error:
            raise click.UsageError(f"destination {number} {error.problems[0].message}") from error
    return found

"""`flask --app app test-numbers`: destinations whose code is always the same, and to which nothing is sent."""

import click

from commands.groups import DatabaseGroup, plain_errors, show_rows
from services.test_numbers import test_numbers as service
from services.test_numbers.test_numbers import TestNumberView

test_numbers = DatabaseGroup(
    "test-numbers",
    help="Destinations whose code is always the same, and to which nothing is sent: for reviewers of an app store.",
)


@test_numbers.command("add")
@click.argument("to", metavar="DESTINATION")
@click.option("--code", required=True, help="4 to 10 digits or capital letters, as your app asks for them.")
@click.option(
    "--until", required=True, metavar="DAY", help="The last day (UTC), at most a year ahead: 2026-12-31."
)
def add(to: str, code: str, until: str) -> None:
    """Make an e-mail address or phone number a test number until the end of a day (UTC)."""
    with plain_errors():
        service.add(to, code, until)
    click.echo("Added; every process follows within a second.", err=True)


@test_numbers.command("list")
def show() -> None:
    """List all test numbers, the first to end on top: destination, last day, state, uses, last use. Never a code."""
    headings = ("DESTINATION", "LAST DAY", "STATE", "USES", "LAST USE")
    show_rows(headings, map(_cells, service.everything()))


@test_numbers.command("remove")
@click.argument("to", metavar="DESTINATION")
def remove(to: str) -> None:
    """Send to a destination again, as to any other."""
    with plain_errors():
        service.remove(service.find(to).id)
    click.echo("Removed; every process follows within a second.", err=True)


def _cells(view: TestNumberView) -> tuple[str, ...]:
    used = view.last_used_at.isoformat(timespec="seconds") if view.last_used_at else "never"
    state = "over" if view.is_over else "active"
    return view.to, view.last_day.isoformat(), state, f"{view.uses} uses", f"used {used}"

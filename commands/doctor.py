"""`flask --app app doctor`: report what is wrong, and which setting to change."""

import click
from flask import current_app
from flask.cli import with_appcontext

from services import doctor as service
from services.doctor import Level

NAME_WIDTH = 14
COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


@click.command("doctor")
@with_appcontext
@click.pass_context
def doctor(context: click.Context) -> None:
    """Check versions, settings, database, broker, limits store, gateways, processes and clock; exit 1 if one fails."""
    failed = 0
    for finding in service.examine(current_app._get_current_object()):  # type: ignore[attr-defined]
        failed += finding.level is Level.FAIL
        level = click.style(f"{finding.level:<4}", fg=COLOURS[finding.level])
        click.echo(f"{level} {finding.name:<{NAME_WIDTH}} {finding.text}")
    if failed:
        context.exit(1)

"""`flask --app app version`: which release this is."""

import click

from domain.version import VERSION


@click.command("version")
def version() -> None:
    """Print the version of Sendcode; `flask --version` prints that of Flask."""
    click.echo(f"Sendcode {VERSION}")

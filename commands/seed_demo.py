"""`flask --app app seed-demo`: a month of invented traffic, to demonstrate the console and to measure it."""

import time

import click
from flask import current_app
from flask.cli import with_appcontext

from services import demo

MOST = 10_000_000


@click.command("seed-demo")
@click.option(
    "--messages",
    "count",
    type=click.IntRange(1, MOST),
    default=20_000,
    show_default=True,
    help="How many messages; their codes come with them.",
)
@click.option("--yes", is_flag=True, help="Do it even though this is not a development installation.")
@with_appcontext
def seed_demo(count: int, yes: bool) -> None:
    """Fill the database with invented traffic of the last 30 days, and roll it up.

    Numbers and addresses come from reserved ranges that belong to nobody, and nothing is sent to them.
    """
    if not (current_app.debug or current_app.config["DEVELOPMENT"] or yes):
        raise click.UsageError(
            "this is not a development installation (dev.py, FLASK_DEBUG), and invented traffic can't be told apart"
            " from real traffic afterwards. Use --yes to do it anyway."
        )
    began = time.monotonic()
    with click.progressbar(length=count, label="Messages") as bar:
        demo.fill(count, progress=lambda written: bar.update(written - bar.pos))
    click.echo(f"{count} messages in {time.monotonic() - began:.0f} s. Look at /cms/statistics.")

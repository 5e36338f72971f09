"""`flask --app app backup` and `restore`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import with_appcontext

from commands.groups import plain_errors
from services.backups import backups

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.argument("file", type=FILE)
@with_appcontext
def backup(file: Path) -> None:
    """Copy an SQLite database to a new FILE while the service runs.

    The copy holds numbers and addresses in clear, and opens with CODE_PEPPER what waits to be sent: only its owner may
    read it. For PostgreSQL and MariaDB prints the command of their own tool, and exits with 1.
    """
    with plain_errors(), _told():
        length = backups.backup(file)
    click.echo(f"{file}: {length / 1e6:.1f} MB", err=True)


@click.command("restore")
@click.argument("file", type=FILE)
@with_appcontext
def restore(file: Path) -> None:
    """Make an SQLite database what the backup FILE holds; stop web, workers and beat first.

    What was there before is kept in a file beside it. Then run `flask --app app db upgrade` if the backup is older
    than this version. For PostgreSQL and MariaDB prints the command of their own tool, and exits with 1.
    """
    with plain_errors(), _told():
        kept = backups.restore(file)
    click.echo(f"restored from {file}" + (f"; what was there is in {kept}" if kept else ""), err=True)


@contextmanager
def _told() -> Iterator[None]:
    """Report what the system says of a file or a disk in one line."""
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'the file'}: {error.strerror or error}") from error

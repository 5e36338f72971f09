"""The command line: `flask --app app <command>`."""

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate

from commands.admins import admins
from commands.backups import backup, restore
from commands.broadcasts import broadcasts
from commands.doctor import doctor
from commands.hooks import hooks
from commands.keys import keys
from commands.purge import purge
from commands.receipts import receipts
from commands.schedules import schedules
from commands.seed_demo import seed_demo
from commands.stored_gateways import gateways
from commands.suppressions import suppressions
from commands.test_numbers import test_numbers
from commands.version import version
from commands.webhooks import webhooks
from exts import db

migrate = Migrate(render_as_batch=True)
"""Created here and not in `exts`: its imports take a sixth of the startup time, and no worker needs it."""


def init_app(app: Flask) -> None:
    """Add our commands to `flask`."""
    listed = (
        *(admins, backup, broadcasts, doctor, gateways, hooks, keys, purge, receipts, restore),
        *(schedules, seed_demo, suppressions, test_numbers, version, webhooks),
    )
    for command in listed:
        app.cli.add_command(command)
    # Flask-Migrate's own default is relative to the folder where the command is typed
    migrate.init_app(app, db, directory=str(Path(app.root_path) / "migrations"))

"""The command line: `flask --app app <command>`."""

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate

from commands.admins import admins
from commands.doctor import doctor
from commands.gateways import gateways
from commands.hooks import hooks
from commands.keys import keys
from commands.purge import purge
from commands.schedules import schedules
from commands.seed_demo import seed_demo
from commands.suppressions import suppressions
from commands.webhooks import webhooks
from exts import db

migrate = Migrate(render_as_batch=True)
"""Created here and not in `exts`: its imports take a sixth of the startup time, and no worker needs it."""


def init_app(app: Flask) -> None:
    """Add our commands to `flask`."""
    listed = (admins, doctor, gateways, hooks, keys, purge, schedules, seed_demo, suppressions, webhooks)
    for command in listed:
        app.cli.add_command(command)
    # Flask-Migrate's own default is relative to the folder where the command is typed
    migrate.init_app(app, db, directory=str(Path(app.root_path) / "migrations"))

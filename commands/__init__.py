"""The command line: `flask --app app <command>`."""

from flask import Flask

from commands.admins import admins
from commands.doctor import doctor
from commands.keys import keys
from commands.purge import purge
from commands.schedules import schedules


def init_app(app: Flask) -> None:
    """Add our commands to `flask`."""
    for command in (admins, doctor, keys, purge, schedules):
        app.cli.add_command(command)

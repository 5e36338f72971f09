"""The session of a request or a command, given back at its end, also where the database has cut its connection."""

import logging

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from exts import db

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Give the session back before Flask-SQLAlchemy does, which has raised in place of an answer that was ready."""
    app.teardown_appcontext(give_back)


def give_back(_error: BaseException | None) -> None:
    """End the session of this context; a connection that is gone is thrown away, as nothing is left to roll back."""
    if not db.session.registry.has():
        return
    try:
        db.session.remove()
    except SQLAlchemyError as error:
        log.warning("a connection was lost at the end of a request: %s", type(error).__name__)
        db.session().invalidate()
        db.session.registry.clear()

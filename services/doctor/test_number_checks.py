"""The test numbers: whoever knows the code of one signs in with it, so none should be left behind."""

from collections.abc import Iterator

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from exts import db
from services.doctor.findings import Finding, ok, warn
from services.test_numbers import test_numbers

NAME = "test numbers"


def check_test_numbers() -> Iterator[Finding]:
    """Count those in force and those that have ended."""
    try:
        shown = test_numbers.everything()
    except SQLAlchemyError:
        db.session.rollback()
        return  # check_database reports it
    active = [one for one in shown if not one.is_over]
    if active:
        text = f"{len(active)} with a fixed code, the last until {max(one.last_day for one in active)}"
        if current_app.config["DEVELOPMENT"]:
            yield ok(NAME, text)
        else:
            yield warn(NAME, f"{text}: remove those that nobody needs (flask --app app test-numbers list)")
    if len(active) < len(shown):
        yield warn(
            NAME,
            f"{len(shown) - len(active)} ended and get real codes again: flask --app app test-numbers remove",
        )

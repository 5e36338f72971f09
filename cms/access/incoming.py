"""What a browser may send: texts and numbers that a database can hold, so that no view meets others."""

from flask import request
from werkzeug.exceptions import NotFound, UnprocessableEntity

from domain.characters import is_storable

LARGEST = 2**31 - 1
"""Of an id: PostgreSQL and MariaDB give it 32 bits."""


def refuse_what_no_database_holds() -> None:
    """Raise UnprocessableEntity where the query or the form holds NUL or half characters."""
    for fields in (request.args, request.form):
        for name, value in fields.items(multi=True):
            if not is_storable(name) or not is_storable(value):
                raise UnprocessableEntity


def number(name: str) -> int | None:
    """Return an id or a version that the query or the form names, None where none is.

    Raises NotFound where no row can have it.
    """
    given: int | None = request.values.get(name, type=int)
    if given is not None and not 0 <= given <= LARGEST:
        raise NotFound
    return given

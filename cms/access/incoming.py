"""What a browser may send: texts and numbers that a database can hold, so that no view meets others."""

from flask import request
from werkzeug.exceptions import NotFound, UnprocessableEntity

from domain.characters import LARGEST_ID, is_storable

LOOKS_ITSELF = {"cms.save_template", "cms.preview_template", "cms.preview_mail"}
"""The editor of texts says beside its field which character can't be there."""


def refuse_what_no_database_holds() -> None:
    """Raise UnprocessableEntity where the query or the form holds NUL or half characters."""
    looked_at = (request.args,) if request.endpoint in LOOKS_ITSELF else (request.args, request.form)
    for fields in looked_at:
        for name, value in fields.items(multi=True):
            if not is_storable(name) or not is_storable(value):
                raise UnprocessableEntity


def number(name: str) -> int | None:
    """Return an id or a version that the query or the form names, None where none is.

    Raises NotFound where no row can have it.
    """
    given: int | None = request.values.get(name, type=int)
    if given is not None and not 0 <= given <= LARGEST_ID:
        raise NotFound
    return given

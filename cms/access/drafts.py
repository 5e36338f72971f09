"""Form input kept while the password is requested, in a cookie that is signed but not encrypted."""

from flask import request, session
from werkzeug.datastructures import MultiDict

DRAFT = "draft"
NEVER_KEPT = ("csrf_token", "code", "password", "repeated")
LONGEST, MOST = 320, 1500
"""Characters of one field and of all together: browsers accept cookies of up to 4 KB."""


def keep(page: str, form: MultiDict[str, str]) -> None:
    """Keep the fields of a form for its page, except secret and overlong ones."""
    given = [(name, value) for name, value in form.items(multi=True) if name not in NEVER_KEPT]
    fields = [(name, value) for name, value in given if len(value) <= LONGEST]
    if sum(len(name) + len(value) for name, value in fields) <= MOST:
        session[DRAFT] = [page, fields]


def take() -> MultiDict[str, str]:
    """Return and forget what was kept; empty if it was for another page."""
    page, fields = session.pop(DRAFT, ("", ()))
    return MultiDict([(name, value) for name, value in fields] if page == request.path else [])

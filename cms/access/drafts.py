"""What somebody typed into a form, kept while the password is asked for; in a cookie that is signed and not sealed."""

from flask import request, session
from werkzeug.datastructures import MultiDict

DRAFT = "draft"
NEVER_KEPT = ("csrf_token", "code", "password", "repeated")
LONGEST, MOST = 320, 1500
"""Characters of one field and of all: a browser takes cookies of 4 KB."""


def keep(page: str, form: MultiDict[str, str]) -> None:
    """Keep the fields of a form for its page, but none that is secret or too long."""
    given = [(name, value) for name, value in form.items(multi=True) if name not in NEVER_KEPT]
    fields = [(name, value) for name, value in given if len(value) <= LONGEST]
    if sum(len(name) + len(value) for name, value in fields) <= MOST:
        session[DRAFT] = [page, fields]


def take() -> MultiDict[str, str]:
    """Return what was kept for this page; whatever was kept is forgotten."""
    page, fields = session.pop(DRAFT, ("", ()))
    return MultiDict([(name, value) for name, value in fields] if page == request.path else [])

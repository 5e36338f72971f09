"""Error pages: our own page, never a traceback."""

import logging

import pytest
from flask import Flask, abort
from sqlalchemy.exc import OperationalError

from domain.errors import LimitExceeded, NotFound
from exts import csrf, db
from tests.cms.conftest import Visitor

SECRET = "postgresql://user:password@host"


@pytest.fixture
def app(app: Flask) -> Flask:
    @app.get("/broken/<what>")
    def broken(what: str) -> str:
        if what == "database":
            raise OperationalError(SECRET, {}, Exception(SECRET))
        if what == "limit":
            raise LimitExceeded("some_limit", 75)
        if what == "error":
            raise NotFound(SECRET)
        if what == "bug":
            raise ValueError(SECRET)
        abort(int(what))

    @app.post("/eat")
    @csrf.exempt
    def eat() -> str:
        from flask import request

        return str(len(request.form))

    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/nowhere", 404, "There is no such page"),
        ("/cms/nowhere", 404, "There is no such page"),
        ("/broken/400", 400, "Invalid request"),
        ("/broken/403", 403, "You may not do this"),
        ("/broken/418", 418, "Invalid request"),
        ("/broken/429", 429, "Too many requests"),
        ("/broken/limit", 429, "Too many requests"),
        ("/broken/error", 500, "Something went wrong on our side"),
        ("/broken/bug", 500, "Something went wrong on our side"),
        ("/broken/503", 503, "Back in a moment"),
        ("/broken/database", 503, "Back in a moment"),
    ],
)
def test_an_error_has_a_page_that_reveals_nothing(
    visitor: Visitor, caplog: pytest.LogCaptureFixture, path: str, status: int, title: str
) -> None:
    caplog.set_level(logging.CRITICAL)
    answer = visitor.get(path)
    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in answer.text
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert (answer.headers["X-Request-Id"] in answer.text) == (status >= 500)


def test_a_wait_is_shown_where_it_is_known(visitor: Visitor) -> None:
    assert visitor.get("/broken/limit").headers["Retry-After"] == "75"
    assert "Try again in 75 seconds." in visitor.get("/broken/limit").text
    assert visitor.get("/broken/database").headers["Retry-After"] == "5"


def test_a_form_above_64_kib_is_refused(visitor: Visitor) -> None:
    answer = visitor.client.post("/eat", data={"text": "x" * (64 * 1024 + 1)})
    assert answer.status_code == 413
    assert "Request too large" in answer.text


def test_an_error_page_needs_no_database(app: Flask, signed_in: Visitor) -> None:
    with app.app_context():
        db.drop_all()
    assert signed_in.get("/nowhere").status_code == 404
    answer = signed_in.get("/cms/account")
    assert answer.status_code == 503
    assert "Back in a moment" in answer.text

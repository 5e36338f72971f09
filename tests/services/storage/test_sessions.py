"""The end of a request whose database connection is gone."""

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from exts import db


def test_an_answer_is_not_lost_with_the_connection(app: Flask, client: FlaskClient) -> None:
    @app.get("/cut")
    def cut() -> str:
        connection = db.session.connection().connection.dbapi_connection
        assert connection is not None
        connection.close()
        return "done"

    assert client.get("/cut").text == "done"
    with app.app_context():
        assert db.session.scalar(sa.select(1)) == 1, "the next one gets another connection"

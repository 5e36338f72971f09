"""The web service with two more routes to measure it against, and a bare Flask application."""

from datetime import UTC, datetime, timedelta
from typing import Any

from celery import shared_task
from flask import Flask, jsonify, request
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

import app as service
from domain import codes
from exts import csrf, db
from models.types import UtcTime


class PlainCode(db.Model):
    """The row that a straightforward site stores for a code."""

    __tablename__ = "bench_plain_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(8))
    to: Mapped[str] = mapped_column(String(320))
    code: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)


@shared_task(name="bench.send_code", ignore_result=True)
def send_code(code_id: int) -> None:
    """Do nothing in place of sending the code."""


def create_app() -> Flask:
    """Return the service with `/bench/json` and `/bench/plain`."""
    app = service.create_app()

    @app.post("/bench/json")
    @csrf.exempt
    def parse_and_return() -> Any:
        return jsonify(request.get_json())

    @app.post("/bench/plain")
    @csrf.exempt
    def straightforward() -> Any:
        body = request.get_json()
        now = datetime.now(UTC)
        row = PlainCode(
            channel=body["channel"],
            to=body["to"],
            code=codes.generate(6),
            created_at=now,
            expires_at=now + timedelta(minutes=5),
        )
        db.session.add(row)
        db.session.commit()
        send_code.apply_async(args=(row.id,), queue="bench")
        return jsonify(id=row.id, to=row.to, expires_at=row.expires_at.isoformat()), 202

    with app.app_context():
        db.create_all()
    return app


def create_bare() -> Flask:
    """Return an application that only answers."""
    app = Flask(__name__)

    @app.post("/bare")
    def answer() -> str:
        return "ok"

    return app

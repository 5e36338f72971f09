"""The web service with more routes to measure it against, and a bare Flask application."""

from typing import Any

from flask import Flask, jsonify, request

import app as service
from bench import plain
from exts import csrf, db


def create_app() -> Flask:
    """Return the service with `/bench/json`, `/bench/plain` and `/bench/synchronous`."""
    app = service.create_app()

    @app.post("/bench/json")
    @csrf.exempt
    def parse_and_return() -> Any:
        return jsonify(request.get_json())

    @app.post("/bench/plain")
    @csrf.exempt
    def straightforward() -> Any:
        row = plain.made(request.get_json())
        db.session.add(row)
        db.session.commit()
        plain.send_code.apply_async(args=(row.id,), queue=plain.QUEUE)
        return jsonify(id=row.id, to=row.to, expires_at=row.expires_at.isoformat()), 202

    @app.post("/bench/synchronous")
    @csrf.exempt
    def synchronous() -> Any:
        row = plain.made(request.get_json())
        plain.keep_in_redis(row)
        plain.post(row)
        return jsonify(to=row.to, expires_at=row.expires_at.isoformat())

    with app.app_context():
        plain.Base.metadata.create_all(db.engine)
    return app


def create_bare() -> Flask:
    """Return an application that only answers."""
    app = Flask(__name__)

    @app.post("/bare")
    def answer() -> str:
        return "ok"

    return app

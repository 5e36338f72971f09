"""The JSON API. Each subject has a file with its routes here, and one with its requests and answers in schemas/."""

from flask import Flask

from api import (
    broadcast_files,
    broadcasts,
    headers,
    health,
    messages,
    receipts,
    stats,
    verifications,
    webhooks,
)
from api.openapi import Api, Blueprint
from api.reference import pages
from exts import csrf

SUBJECTS: tuple[Blueprint, ...] = (
    verifications.blueprint,
    messages.blueprint,
    broadcasts.blueprint,
    broadcast_files.blueprint,
    webhooks.blueprint,
    stats.blueprint,
    receipts.blueprint,
    health.blueprint,
)


def init_app(app: Flask) -> None:
    """Register the API with `app`."""
    app.json.sort_keys = False  # type: ignore[attr-defined] - answers in the order of the contract
    headers.init_app(app)
    app.extensions["sendcode_api"] = documented = Api(app)
    for blueprint in SUBJECTS:
        csrf.exempt(blueprint)  # the API ignores cookies, so there is no request to forge
        documented.register_blueprint(blueprint)
    csrf.exempt(pages.blueprint)
    app.register_blueprint(pages.blueprint)

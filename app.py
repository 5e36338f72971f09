"""`create_app()`: assemble the application."""

import gc

gc.disable()  # tasks.py, the last import, gives the reason and enables it again

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from flask import Flask

import config
import models  # noqa: F401 - the tables must be known before the first migration or query
import serving
from channels.email.mail_settings import MailSettings
from channels.making import Maker
from channels.registry import load_gateways
from domain.errors import ConfigurationError
from domain.keyring import Keyring
from exts import babel, csrf, db, login, mail
from models import engine, patience
from services.events.callbacks import Callbacks
from services.events.listeners import Listeners
from services.gateways.gateway_health import GatewayHealth
from services.languages import locales
from services.languages.catalogues import Catalogues
from services.limits.day_budget import DayBudget
from services.limits.day_rows import DayRows
from services.limits.pumping_guard import FreshClosures
from services.limits.rate_windows import RateWindows
from services.limits.refusals import Refusals
from services.outbox.bell import Bell
from services.process import json_logs, parts, request_ids
from services.process.breaker import Breaker
from services.request_log.noting import RequestLog
from services.roster.roster import Roster
from services.storage import sessions
from services.templating.text_versions import TextVersions
from services.test_numbers.fixed_codes import FreshTestNumbers
from tasks import make_celery

DOORS = ("api", "hooks", "twilio_api", "cms", "commands")
"""Packages with entry points, imported on demand: a worker needs none of them and starts in a quarter less time."""

GUNICORN_GIVES_UP = 4
"""Gunicorn's APP_LOAD_ERROR: after any exit code except this one and 3, it restarts the worker forever."""


class StartRefused(SystemExit):
    """Ends the process after the reason was printed, with an exit code that makes gunicorn give up, not retry."""

    def __init__(self, reason: str):
        super().__init__(reason)
        under_gunicorn = os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn/")
        self.code = GUNICORN_GIVES_UP if under_gunicorn else 1


class Service(Flask):
    """Flask without support for async views, because all of ours are plain functions."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return `func` unchanged; Flask would check thirteen times per request whether it is a coroutine."""
        return func


def create_app(settings: Mapping[str, Any] | None = None, *, doors: Sequence[str] = DOORS) -> Flask:
    """Return the application; `settings` take precedence over the environment and `.env`.

    A missing or invalid setting ends the process with one line that names it.
    """
    app = Service(__name__)
    try:
        app.config.update(config.load(settings))
        engine.prepare(app.config)
        parts.put(app, *_parts(app))
        if app.config["TELEMETRY"]:
            _tell_of_work(app)
    except ConfigurationError as error:
        reason = f"Sendcode can't start: {error}"
        print(reason, file=sys.stderr)
        raise StartRefused(reason) from error
    _bind_extensions(app)
    request_ids.init_app(app)
    app.before_request(patience.begin)
    app.teardown_request(patience.end)
    celery = make_celery(app)
    json_logs.init_app(app, celery)
    parts.of(app, Bell).attach(celery)
    serving.init_app(app)
    for door in doors:
        import_module(door).init_app(app)
    return app


def _tell_of_work(app: Flask) -> None:
    try:
        telemetry = import_module("services.telemetry")  # on demand: without it the library need not be there
    except ImportError as error:
        raise ConfigurationError(
            f"TELEMETRY: {error.name} is not installed; requirements/telemetry.txt has it"
        ) from error
    telemetry.init_app(app, config.environment())


def _parts(app: Flask) -> list[object]:
    settings = app.config
    redis, breaker = settings["REDIS_URL"], Breaker()
    maker = Maker(MailSettings.of(settings), settings["SEND_CONCURRENCY"], settings["PUBLIC_URL"])
    file = config.ROOT / settings["GATEWAYS_FILE"] if settings["GATEWAYS_FILE"] else None
    return [
        Keyring(settings["CODE_PEPPERS"]),
        maker,
        load_gateways(file, config.environment(), maker),
        Roster(app),
        RateWindows(redis, breaker),
        GatewayHealth(redis, breaker),
        TextVersions(),
        DayBudget(redis, breaker),
        DayRows(),
        FreshClosures(),
        FreshTestNumbers(),
        Listeners(),
        Callbacks(),
        Refusals(redis, breaker),
        RequestLog(app),
        Bell(breaker if redis == settings["CELERY_BROKER_URL"] else Breaker()),
    ]


def _bind_extensions(app: Flask) -> None:
    db.init_app(app)
    sessions.init_app(app)
    mail.init_app(app)
    csrf.init_app(app)
    login.init_app(app, add_context_processor=False)  # error pages must not load the current user
    babel.init_app(app, locale_selector=locales.of_request)
    babel.domain_instance = Catalogues()

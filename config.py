"""Every setting with its default; the environment or a `.env` file overrides each by the same name.

`NAME_FILE` instead of `NAME` names a file that the value is in: a secret of Docker, Kubernetes or systemd.

Names carry their unit (`CODE_TTL_SECONDS`); a limit of 0 means no limit. Any other `CELERY_*` variable of the
environment is passed to Celery.
"""

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from kombu.transport import TRANSPORT_ALIASES
from phonenumbers import SUPPORTED_REGIONS

from domain import setting_files
from domain.destinations import Numbers
from domain.errors import ConfigurationError
from domain.log_lines import LogFormat
from domain.setting_texts import by_country, listed, parse, parse_free, redis_url

ROOT = Path(__file__).resolve().parent
MINIMUM_KEY_LENGTH = 32
DEVELOPMENT_KEY = "for FLASK_DEBUG only: everybody can read this key"

DEFAULTS: dict[str, Any] = {
    # -- keys: separated by commas, newest first; older ones still verify and decrypt
    "SECRET_KEY": "",  # signs sessions and form tokens
    "CODE_PEPPER": "",  # keys the hashes of codes and encrypts messages that wait to be sent
    # -- where things are
    "SQLALCHEMY_DATABASE_URI": "",  # empty: SQLite in instance/sendcode.db
    "CELERY_BROKER_URL": "redis://127.0.0.1:6379/0",  # wakes the workers; codes never pass through it
    "REDIS_URL": "",  # counts limits per IP, prefix and key; empty: the broker if it is a Redis, else in process
    "PUBLIC_URL": "",  # how people reach this service, for links in texts; empty: no links, and nobody is invited
    "INBOX_URL": "",  # the development inbox, which the console then leads to; dev.py run sets it
    "SERVICE_NAME": "Sendcode",  # the brand in texts
    "TRUSTED_PROXIES": 0,  # how many proxies in front of us set X-Forwarded-*
    "LOG_FORMAT": "text",  # or json: one object a line
    "TELEMETRY": False,  # traces and metrics to a collector, which the OTEL_* variables name
    # -- mail: one gateway called "smtp" unless gateways.toml names mail gateways
    "MAIL_SERVER": "",  # empty: no mail gateway
    "MAIL_PORT": 25,
    "MAIL_USE_TLS": False,  # STARTTLS, with the certificate checked
    "MAIL_USE_SSL": False,  # TLS from the first byte, with the certificate checked
    "MAIL_USERNAME": "",
    "MAIL_PASSWORD": "",
    "MAIL_DEFAULT_SENDER": "",  # empty: no-reply@ the host of PUBLIC_URL
    "MAIL_REPLY_TO": "",  # where answers of people go; empty: to the sender
    "MAIL_BOUNCE_ADDRESS": "",  # the envelope sender; each mail adds +token before the @; empty: the sender
    "MAIL_TIMEOUT": 10,  # seconds to wait for one answer of the mail server
    "MAIL_SMTPUTF8": False,  # the server takes addresses that are not ASCII before the @ (RFC 6531)
    "MAIL_EHLO_NAME": "",  # how we introduce ourselves to mail servers; empty: the host of PUBLIC_URL, or the sender's
    "MAIL_CONNECTIONS": 8,  # pooled SMTP connections of one worker process to one server
    # -- a mailbox with the mails that came back; `flask receipts bounce` takes them from a mail server directly
    "MAIL_BOUNCE_IMAP_SERVER": "",  # empty: no mailbox is read
    "MAIL_BOUNCE_IMAP_PORT": 993,
    "MAIL_BOUNCE_IMAP_USE_SSL": True,  # TLS from the first byte, with the certificate checked
    "MAIL_BOUNCE_IMAP_USERNAME": "",
    "MAIL_BOUNCE_IMAP_PASSWORD": "",
    "MAIL_BOUNCE_IMAP_FOLDER": "INBOX",
    # -- SMS
    "GATEWAYS_FILE": "gateways.toml",  # the default file may be missing; empty: no file
    "DEFAULT_REGION": "CN",  # ISO country of numbers written without +
    "SMS_NUMBERS": "valid",  # valid: of a range that is in use; possible: any of the right length
    "SMS_COUNTRIES": [],  # ISO countries that SMS may go to; * = any; empty: DEFAULT_REGION
    "SMS_SENDS_PER_DAY": None,  # segments, which caps the bill; must be set outside development
    # -- texts
    "DEFAULT_LOCALE": "en",
    # -- codes (NIST SP 800-63B-4 3.1.3.2: at least six digits, at most ten minutes)
    "CODE_LENGTH": 6,
    "CODE_TTL_SECONDS": 300,
    "CODE_ATTEMPTS": 5,
    "SEND_DEADLINE_SECONDS": 240,  # a code that no gateway has taken by then is never sent
    "MESSAGE_DEADLINE_SECONDS": 86400,  # the same for a notice or a broadcast, from its scheduled time
    "SEND_TRIES": 0,  # most hand-overs of one message; 0: until its deadline
    # -- limits
    "RESEND_COOLDOWN_SECONDS": 60,
    "DESTINATION_SENDS_PER_10_MINUTES": 5,
    "DESTINATION_SENDS_PER_DAY": 10,
    "DESTINATION_FAILURES_PER_DAY": 20,  # wrong guesses per destination and purpose, over all its codes
    "IP_SENDS_PER_MINUTE": 20,
    "PREFIX_SENDS_PER_10_MINUTES": 20,  # SMS to numbers that share all but the last four digits
    "COUNTRY_SENDS_PER_DAY": [],  # segments per country: CN=5000,*=200, or one number that holds for each
    "KEY_REQUESTS_PER_MINUTE": 600,
    "REQUEST_LOG_DAYS": 7,  # how long the console shows what a key called; 0: nothing is logged or counted
    "PUMPING_GUARD_SENDS_PER_HOUR": 30,  # a prefix is judged from this many codes on
    "PUMPING_GUARD_APPROVED_PERCENT": 10,  # closed if less than this share of them was entered
    "PUMPING_GUARD_DRY_RUN": False,  # only report what it would have closed
    # -- the worker
    "SEND_CONCURRENCY": 100,  # sends in flight in one worker process
    "WEBHOOK_ALLOW_PRIVATE": "",  # whether events may go to addresses that are not public; empty: in development only
    # -- the console
    "SESSION_IDLE_SECONDS": 1800,
    "SESSION_LIFE_SECONDS": 43200,
    "REAUTHENTICATION_SECONDS": 300,  # a change needs a password proven within this time
    "SECOND_FACTOR_REQUIRED": False,  # everybody needs a second step: a code by e-mail unless they have set up another
    "SIGN_IN_FAILURES_PER_5_MINUTES": 5,  # per account
    "SIGN_IN_FAILURES_PER_IP_PER_5_MINUTES": 20,
}

BOUNDS: dict[str, tuple[int, int]] = {
    "CODE_LENGTH": (6, 10),
    "CODE_TTL_SECONDS": (60, 600),
    "CODE_ATTEMPTS": (0, 100),
    "SEND_DEADLINE_SECONDS": (0, 600),
    "SEND_TRIES": (0, 1000),
    "MESSAGE_DEADLINE_SECONDS": (0, 30 * 86400),
    "SEND_CONCURRENCY": (0, 2000),
    "MAIL_CONNECTIONS": (0, 100),
    "MAIL_TIMEOUT": (0, 15),
    "MAIL_PORT": (1, 65535),
    "MAIL_BOUNCE_IMAP_PORT": (1, 65535),
    "PUMPING_GUARD_APPROVED_PERCENT": (0, 100),
    "REQUEST_LOG_DAYS": (0, 90),
}

FIXED: dict[str, Any] = {
    "MAX_CONTENT_LENGTH": 64 * 1024,
    "LONGER_BODIES": {},  # more bytes for paths that begin so: subjects of the API add theirs
    "MAX_FORM_MEMORY_SIZE": 64 * 1024,
    "SESSION_COOKIE_NAME": "sendcode_session",
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "WTF_CSRF_SSL_STRICT": False,  # it needs a Referer, which pages with codes must not send; the token is enough
    "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a page left open must still work
    "MAIL_DEBUG": False,  # Flask-Mail would print whole dialogues, codes included
    "API_TITLE": "Sendcode",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
}

CELERY: dict[str, Any] = {
    "CELERY_TASK_IGNORE_RESULT": True,
    "CELERY_TASK_ACKS_LATE": True,
    "CELERY_TASK_REJECT_ON_WORKER_LOST": True,
    "CELERY_WORKER_PREFETCH_MULTIPLIER": 1,
    "CELERY_ACCEPT_CONTENT": ["json"],
    "CELERY_TIMEZONE": "UTC",
    "CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP": True,
    "CELERY_BROKER_CONNECTION_MAX_RETRIES": None,
    "CELERY_BROKER_CHANNEL_ERROR_RETRY": True,  # a missing permission must not end the worker, which also polls
    "CELERY_WORKER_CONSUMER": "services.delivery.worker_consumer:SteadyConsumer",
    "CELERY_BROKER_TRANSPORT_OPTIONS": {"visibility_timeout": 300},
    "CELERY_BEAT_SCHEDULER": "services.scheduling.scheduler:DbScheduler",
    "CELERY_BEAT_MAX_LOOP_INTERVAL": 1,
}

_OTHERS_IN_FILES = ("CELERY_RESULT_BACKEND",)
_RENAMED = {"BROKER_URL": "CELERY_BROKER_URL", "CELERY_ALWAYS_EAGER": "CELERY_TASK_ALWAYS_EAGER"}


def load(
    overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return all settings; `overrides` take precedence over the environment, then `.env`, then the defaults.

    Raises ConfigurationError, naming the setting, where a value is missing or invalid.
    """
    texts = environment(environ)
    settings = {**FIXED, **CELERY, **DEFAULTS}
    settings["GIVEN_NAMES"] = sorted(texts)
    texts = setting_files.from_files(texts, (*DEFAULTS, *_OTHERS_IN_FILES))
    settings["DEVELOPMENT"] = setting_files.is_development(ROOT)
    settings.update(_parsed(texts))
    settings.update(overrides or {})
    settings["LONGER_BODIES"] = dict(settings["LONGER_BODIES"])
    for old in _RENAMED.keys() & {*texts, *(overrides or {})}:
        raise ConfigurationError(f"{old} is an old name: use {_RENAMED[old]}")
    _derive(settings)
    _validate(settings)
    return settings


def environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment, and what `.env` and a `dev.py run` in this folder add to it.

    FLASK_SKIP_DOTENV leaves both out. Raises ConfigurationError where `.env` is not text.
    """
    environ = os.environ if environ is None else environ
    if environ.get("FLASK_SKIP_DOTENV"):
        return dict(environ)
    stored = _env_file()
    # the `flask` command has put `.env` into the environment: such a value is no choice of the caller's
    chosen = {name: value for name, value in environ.items() if value != stored.get(name)}
    return {**stored, **environ, **setting_files.running_settings(ROOT), **chosen}


def _env_file() -> dict[str, str]:
    try:
        text = setting_files.read_text(ROOT / ".env")
    except OSError:
        return {}
    found = dotenv_values(stream=io.StringIO(text))
    return {name: value for name, value in found.items() if value is not None}


def _parsed(texts: Mapping[str, str]) -> dict[str, Any]:
    parsed: dict[str, Any] = {}
    for name, text in texts.items():
        if name in DEFAULTS:
            parsed[name] = parse(name, text.strip(), DEFAULTS[name])
        elif name.startswith("CELERY_"):
            parsed[name] = parse_free(text.strip())
        elif name == "FLASK_DEBUG":
            parsed["DEBUG"] = parse(name, text.strip(), False)
    return parsed


def _derive(settings: dict[str, Any]) -> None:
    if settings.get("DEBUG"):
        settings["SECRET_KEY"] = settings["SECRET_KEY"] or DEVELOPMENT_KEY
        settings["CODE_PEPPER"] = settings["CODE_PEPPER"] or DEVELOPMENT_KEY
    if not settings["SQLALCHEMY_DATABASE_URI"]:
        settings["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{ROOT / 'instance' / 'sendcode.db'}"
    for name in ("CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "REDIS_URL"):
        if isinstance(settings.get(name), str):
            settings[name] = redis_url(name, settings[name])
    broker = settings["CELERY_BROKER_URL"].split(";")[0]  # the others are for when the first is gone
    if not settings["REDIS_URL"] and urlsplit(broker).scheme in ("redis", "rediss", "unix"):
        settings["REDIS_URL"] = broker
    private = settings["WEBHOOK_ALLOW_PRIVATE"]
    if isinstance(private, str):
        parsed = parse("WEBHOOK_ALLOW_PRIVATE", private, False)
        settings["WEBHOOK_ALLOW_PRIVATE"] = parsed if private else settings["DEVELOPMENT"]
    settings["SEND_CONCURRENCY"] = settings["SEND_CONCURRENCY"] or BOUNDS["SEND_CONCURRENCY"][1]
    settings["DEFAULT_REGION"] = settings["DEFAULT_REGION"].upper()
    if not settings["SMS_COUNTRIES"]:
        settings["SMS_COUNTRIES"] = [settings["DEFAULT_REGION"]]
    settings["SMS_COUNTRIES"] = [country.upper() for country in listed(settings["SMS_COUNTRIES"])]
    settings["COUNTRY_SENDS_PER_DAY"] = by_country("COUNTRY_SENDS_PER_DAY", settings["COUNTRY_SENDS_PER_DAY"])
    if not settings["MAIL_DEFAULT_SENDER"]:
        host = urlsplit(settings["PUBLIC_URL"]).hostname or "localhost"
        settings["MAIL_DEFAULT_SENDER"] = f"{settings['SERVICE_NAME']} <no-reply@{host}>"
    settings["SECRET_KEY"], *settings["SECRET_KEY_FALLBACKS"] = listed(settings["SECRET_KEY"]) or [""]
    settings["CODE_PEPPERS"] = listed(settings["CODE_PEPPER"])
    secure = settings["PUBLIC_URL"].startswith("https://")
    settings.setdefault("SESSION_COOKIE_SECURE", secure)
    if secure and settings["SESSION_COOKIE_NAME"] == FIXED["SESSION_COOKIE_NAME"]:
        # a browser accepts this prefix only over TLS and for this exact host: no sibling domain can plant a cookie
        settings["SESSION_COOKIE_NAME"] = "__Host-" + FIXED["SESSION_COOKIE_NAME"]
    settings.setdefault("PREFERRED_URL_SCHEME", "https" if secure else "http")


def _validate(settings: Mapping[str, Any]) -> None:
    for name, (low, high) in BOUNDS.items():
        if not isinstance(settings[name], int) or not low <= settings[name] <= high:
            raise ConfigurationError(f"{name} must be between {low} and {high}")
    keys = {"SECRET_KEY": [settings["SECRET_KEY"]], "CODE_PEPPER": settings["CODE_PEPPERS"]}
    for name, values in keys.items():
        if not values or any(len(value) < MINIMUM_KEY_LENGTH for value in values):
            raise ConfigurationError(f"{name} must be set to at least {MINIMUM_KEY_LENGTH} random characters")
    transport, separator, _ = settings["CELERY_BROKER_URL"].partition("://")
    if not separator or transport.split("+")[0] not in TRANSPORT_ALIASES:
        raise ConfigurationError("CELERY_BROKER_URL must begin with redis://, amqp:// or another broker")
    if settings["SMS_NUMBERS"] not in list(Numbers):
        raise ConfigurationError("SMS_NUMBERS must be valid or possible")
    if settings["LOG_FORMAT"] not in list(LogFormat):
        raise ConfigurationError("LOG_FORMAT must be text or json")
    if settings.get("CELERY_RESULT_EXTENDED"):
        raise ConfigurationError("CELERY_RESULT_EXTENDED must be off: results would hold codes and addresses")
    if settings["DEFAULT_REGION"] not in SUPPORTED_REGIONS:
        raise ConfigurationError("DEFAULT_REGION must be an ISO country code of two letters")
    if not SUPPORTED_REGIONS | {"*"} >= set(settings["SMS_COUNTRIES"]):
        raise ConfigurationError("SMS_COUNTRIES must hold ISO country codes of two letters, or *")
    if not SUPPORTED_REGIONS | {"*"} >= set(settings["COUNTRY_SENDS_PER_DAY"]):
        raise ConfigurationError("COUNTRY_SENDS_PER_DAY must name ISO country codes of two letters, or *")
    if any(not character.isprintable() for character in settings["SERVICE_NAME"]):
        raise ConfigurationError("SERVICE_NAME must be one line of text")
    if not settings.get("DEBUG") and not settings.get("TESTING"):
        _validate_for_production(settings)


def _validate_for_production(settings: Mapping[str, Any]) -> None:
    if settings["SMS_SENDS_PER_DAY"] is None:
        raise ConfigurationError(
            "SMS_SENDS_PER_DAY must be set: the most SMS that you will pay for in a day (0 = no limit)"
        )
    file = settings["GATEWAYS_FILE"]
    if file not in ("", DEFAULTS["GATEWAYS_FILE"]) and not (ROOT / file).is_file():
        raise ConfigurationError(f"GATEWAYS_FILE: there is no file {ROOT / file}")

"""Warn about settings that are valid but unwise."""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery.app.defaults import DEFAULTS
from flask import current_app

from domain.setting_files import IN_FILE
from domain.statuses import Channel
from services.doctor.findings import Finding, ok, warn
from services.process.parts import part
from services.roster.roster import Roster, current

FEWEST_DIFFERENT_CHARACTERS = 10
MOST_SHOWN = 10
NEARLY = 0.82
"""Of difflib's ratio: MAIL_SEVER, REDIS_URI and MAIL_USE_STARTTLS are near, REDIS_PORT and SMTP_SERVER are not."""
OURS_OF_CELERY = {"CELERY_BROKER_URL", "CELERY_RESULT_BACKEND"}
OF_OTHERS = ("OTEL_", "WEB_CONCURRENCY")
"""How settings begin that OpenTelemetry and gunicorn read themselves."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_settings() -> Iterator[Finding]:
    """Check the settings; invalid ones have already stopped the process at startup."""
    settings = current_app.config
    findings = [
        *_keys(settings),
        *_public(settings),
        *_mail(settings),
        *_limits(settings),
        *_gateways(settings),
        *_countries(settings),
        *misspelt(settings),
    ]
    yield from findings
    if not findings:
        yield ok("settings", "complete")


def _keys(settings: Mapping[str, Any]) -> Iterator[Finding]:
    keys = {"SECRET_KEY": settings["SECRET_KEY"], "CODE_PEPPER": settings["CODE_PEPPERS"][0]}
    if settings.get("DEBUG"):
        yield warn("settings", "FLASK_DEBUG is on: not for production, its default keys are public")
        return
    for name, key in keys.items():
        if len(set(key)) < FEWEST_DIFFERENT_CHARACTERS:
            yield warn("settings", f"{name} can be guessed: use at least 32 random characters")
    if keys["SECRET_KEY"] == keys["CODE_PEPPER"]:
        yield warn("settings", "SECRET_KEY and CODE_PEPPER should differ")


def _public(settings: Mapping[str, Any]) -> Iterator[Finding]:
    url = urlsplit(settings["PUBLIC_URL"])
    if not settings["PUBLIC_URL"]:
        yield warn("settings", "PUBLIC_URL is not set: links and the sender's address are guessed")
    elif not url.hostname or url.scheme not in ("http", "https"):
        yield warn("settings", "PUBLIC_URL must begin with https:// and a host: links lead nowhere")
    elif url.hostname in LOOPBACK:
        if not (settings["DEVELOPMENT"] or settings.get("DEBUG")):
            yield warn("settings", "PUBLIC_URL leads to this machine only: nobody else can follow a link")
    elif url.scheme != "https":
        yield warn("settings", "PUBLIC_URL is not https: codes and cookies can be read in transit")
    if url.username is not None:
        yield warn("settings", "PUBLIC_URL holds a user name, which every link in a message would show")
    if url.scheme == "https" and settings["TRUSTED_PROXIES"] == 0:
        yield warn(
            "settings",
            "TRUSTED_PROXIES is 0: behind a proxy all visitors count as one address; set it to the number of proxies",
        )


def _mail(settings: Mapping[str, Any]) -> Iterator[Finding]:
    encrypted = settings["MAIL_USE_TLS"] or settings["MAIL_USE_SSL"]
    if settings["MAIL_SERVER"] and settings["MAIL_USERNAME"] and not encrypted:
        yield warn("settings", "MAIL_USE_TLS and MAIL_USE_SSL are off: the mail password is sent in clear")
    server = settings["MAIL_BOUNCE_IMAP_SERVER"]
    if server and server not in LOOPBACK and not settings["MAIL_BOUNCE_IMAP_USE_SSL"]:
        yield warn("settings", "MAIL_BOUNCE_IMAP_USE_SSL is off: the mailbox's password is sent in clear")


def _limits(settings: Mapping[str, Any]) -> Iterator[Finding]:
    if not settings["SMS_SENDS_PER_DAY"]:
        told = "is not set" if settings["SMS_SENDS_PER_DAY"] is None else "is 0"
        yield warn("settings", f"SMS_SENDS_PER_DAY {told}: nothing limits the SMS bill")
    if settings.get("CELERY_TASK_ALWAYS_EAGER"):
        yield warn(
            "settings", "CELERY_TASK_ALWAYS_EAGER is on: the web process itself sends while callers wait"
        )


def _gateways(settings: Mapping[str, Any]) -> Iterator[Finding]:
    path = Path(current_app.root_path, settings["GATEWAYS_FILE"])
    channels = {gateway.channel for gateway in current()}
    if Channel.SMS not in channels:
        missing = "names no SMS gateway" if path.exists() else "does not exist"
        yield warn("settings", f"{path.name} {missing}: SMS can't be sent (GATEWAYS_FILE, or the console)")
    if Channel.EMAIL not in channels:
        yield warn("settings", "no mail gateway: mail can't be sent (MAIL_SERVER)")
    for name, fault in part(Roster).faults.items():
        yield warn("settings", f"gateway {name} can't be used: {fault}; enter its settings again")


def _countries(settings: Mapping[str, Any]) -> Iterator[Finding]:
    """Find the countries that SMS may go to and no gateway serves: their messages would wait until they expire."""
    served = [gateway.countries for gateway in current() if gateway.channel is Channel.SMS]
    if not served or not all(served):
        return
    wanted, known = set(settings["SMS_COUNTRIES"]), set().union(*served)
    if "*" in wanted:
        yield warn("settings", f"SMS_COUNTRIES is *, but gateways serve only {_named(known)} (`countries`)")
    elif missing := wanted - known:
        yield warn("settings", f"no gateway serves {_named(missing)} of SMS_COUNTRIES (`countries`)")


def _named(countries: Collection[str]) -> str:
    shown = sorted(countries)
    return ", ".join(shown[:MOST_SHOWN]) + (" and others" if len(shown) > MOST_SHOWN else "")


def misspelt(settings: Mapping[str, Any]) -> Iterator[Finding]:
    """Find names in `.env` and the environment that are nearly those of settings; their values are not looked at."""
    known = {name for name in settings if name.isupper()} | {"FLASK_DEBUG"}
    celery = {f"CELERY_{name.upper()}" for name in DEFAULTS}
    for given in settings["GIVEN_NAMES"]:
        name = given.removesuffix(IN_FILE) if given.removesuffix(IN_FILE) in known else given
        is_ours = name in known and not (name.startswith("CELERY_") and name not in OURS_OF_CELERY | celery)
        if is_ours or name.startswith(OF_OTHERS):
            continue
        near = get_close_matches(name, sorted((known | celery) - {name}), 1, NEARLY)
        if near:
            yield warn("settings", f"{name} is not a setting: is {near[0]} meant?")

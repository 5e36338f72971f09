"""Warn about settings that are valid but unwise."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from channels.registry import Gateways
from domain.statuses import Channel
from services.doctor.findings import Finding, ok, warn
from services.process.parts import part

FEWEST_DIFFERENT_CHARACTERS = 10
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
    if not url.hostname:
        yield warn("settings", "PUBLIC_URL is not set: links and the sender's address are guessed")
    elif url.scheme != "https" and url.hostname not in LOOPBACK:
        yield warn("settings", "PUBLIC_URL is not https: codes and cookies can be read in transit")
    if url.scheme == "https" and settings["TRUSTED_PROXIES"] == 0:
        yield warn(
            "settings",
            "TRUSTED_PROXIES is 0: behind a proxy all visitors count as one address; set it to the number of proxies",
        )


def _mail(settings: Mapping[str, Any]) -> Iterator[Finding]:
    encrypted = settings["MAIL_USE_TLS"] or settings["MAIL_USE_SSL"]
    if settings["MAIL_SERVER"] and settings["MAIL_USERNAME"] and not encrypted:
        yield warn("settings", "MAIL_USE_TLS and MAIL_USE_SSL are off: the mail password is sent in clear")


def _limits(settings: Mapping[str, Any]) -> Iterator[Finding]:
    if not settings["SMS_SENDS_PER_DAY"]:
        yield warn("settings", "SMS_SENDS_PER_DAY is not set: nothing limits the SMS bill")
    if settings.get("CELERY_TASK_ALWAYS_EAGER"):
        yield warn(
            "settings", "CELERY_TASK_ALWAYS_EAGER is on: the web process itself sends while callers wait"
        )


def _gateways(settings: Mapping[str, Any]) -> Iterator[Finding]:
    path = Path(current_app.root_path, settings["GATEWAYS_FILE"])
    channels = {gateway.channel for gateway in part(Gateways)}
    if Channel.SMS not in channels:
        missing = "names no SMS gateway" if path.exists() else "does not exist"
        yield warn("settings", f"{path.name} {missing}: SMS can't be sent (GATEWAYS_FILE)")
    if Channel.EMAIL not in channels:
        yield warn("settings", "no mail gateway: mail can't be sent (MAIL_SERVER)")

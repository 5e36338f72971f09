"""Checks of what is reached over the network: broker, limits store, mail servers, SMS providers."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from flask import current_app
from redis import Redis
from redis.exceptions import RedisError

from channels.gateway import Gateway
from channels.registry import Gateways
from domain.errors import GatewayError
from domain.statuses import Channel
from services.doctor.findings import Check, Finding, fail, ok, warn, why
from services.process.broker_connections import impatient_connection
from services.process.parts import part

SECONDS = 3.0
GATEWAY_SECONDS = 8.0


def check_broker() -> Iterator[Finding]:
    """Connect to the broker and open a channel."""
    began = time.monotonic()
    try:
        with impatient_connection(current_app.extensions["celery"], SECONDS) as connection:
            connection.default_channel  # noqa: B018 - connects without retries, unlike connect()
            kind = connection.transport.driver_type
    except Exception as error:  # noqa: BLE001 - every transport has its own errors
        yield fail("broker", f"{why(error)} (CELERY_BROKER_URL)")
        return
    yield ok("broker", f"{kind}, {(time.monotonic() - began) * 1000:.0f} ms")


def check_limits_store() -> Iterator[Finding]:
    """Ping the Redis that counts limits; without one, each process counts on its own."""
    url = current_app.config["REDIS_URL"]
    if not url:
        yield warn("limits", "no Redis: each process counts addresses and keys on its own (REDIS_URL)")
        return
    try:
        with redis_at(url) as client:
            began = time.monotonic()
            client.ping()
            milliseconds = (time.monotonic() - began) * 1000
            told = _info(client)
    except (RedisError, OSError, ValueError) as error:
        yield fail("limits", f"{why(error)} (REDIS_URL)")
        return
    yield ok("limits", f"{_server(told)}, {milliseconds:.0f} ms")
    policy = told.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        yield warn(
            "limits", f"maxmemory-policy is {policy}: a full Redis evicts limits and bells; set noeviction"
        )


def redis_at(url: str) -> Redis:
    """Return a client with short timeouts and no retries."""
    return Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS, retry=None)


def gateway_checks() -> list[tuple[str, Check]]:
    """Return a check for each gateway."""
    return [(f"gateway {gateway.name}", _probe(gateway)) for gateway in part(Gateways)]


def _probe(gateway: Gateway) -> Check:
    def check() -> Iterator[Finding]:
        name = f"gateway {gateway.name}"
        try:
            yield ok(name, f"{gateway.channel}, {gateway.probe(GATEWAY_SECONDS)}")
        except GatewayError as error:
            yield fail(name, f"{error.reason} ({_setting(gateway, error.reason)})")

    return check


def _setting(gateway: Gateway, reason: str) -> str:
    if (
        gateway.channel is not Channel.EMAIL
        or not current_app.config["MAIL_SERVER"]
        or gateway.name != "smtp"
    ):
        return f"{gateway.name!r} in GATEWAYS_FILE"
    if "login" in reason:
        return "MAIL_USERNAME, MAIL_PASSWORD"
    if "certificate" in reason or "lacks" in reason:
        return "MAIL_SERVER, MAIL_USE_TLS, MAIL_USE_SSL"
    return "MAIL_SERVER, MAIL_PORT"


def _info(client: Redis) -> Mapping[str, Any]:
    """Ask for version and memory; a hosted Redis may refuse INFO."""
    try:
        told: Mapping[str, Any] = client.info("server", "memory")
    except RedisError:
        return {}
    return told


def _server(told: Mapping[str, Any]) -> str:
    if "valkey_version" in told:
        return f"Valkey {told['valkey_version']}"
    return f"Redis {told.get('redis_version', '')}".strip()

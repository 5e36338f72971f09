"""Checks of what is reached over the network: broker, limits store, mail servers, SMS providers."""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from flask import current_app
from kombu import Connection, Consumer, Producer, Queue
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from channels.gateway import Gateway
from domain.gateway_errors import GatewayError
from domain.statuses import Channel
from exts import db
from services.doctor.findings import Check, Finding, fail, ok, warn, why
from services.gateways import gateway_switches
from services.process.broker_connections import impatient_connection
from services.roster.roster import current

SECONDS = 3.0
GATEWAY_SECONDS = 8.0


def check_broker() -> Iterator[Finding]:
    """Do what a worker does, on a queue of our own: declare it, publish, and get the message the way a worker gets it.

    A user of the broker may lack the permission for one of these, such as BRPOP on Redis, and yet connect.
    """
    began = time.monotonic()
    try:
        with impatient_connection(current_app.extensions["celery"], SECONDS) as connection:
            channel = connection.default_channel  # connects without retries, unlike connect()
            kind, milliseconds = connection.transport.driver_type, (time.monotonic() - began) * 1000
            where = (
                f"{connection.hostname}:{connection.port}" if connection.port else str(connection.hostname)
            )
            _go_round(connection, channel)
    except Exception as error:  # noqa: BLE001 - every transport has its own errors
        yield fail("broker", f"{why(error)} (CELERY_BROKER_URL)")
        return
    yield ok("broker", f"{kind} at {where}, {milliseconds:.0f} ms")


def _go_round(connection: Connection, channel: Any) -> None:
    """Publish one message to a queue of our own and consume it; raises what the broker refuses."""
    name = f"sendcode.doctor.{uuid4().hex}"
    queue = Queue(name, routing_key=name, durable=False, auto_delete=True, expires=60)(channel)
    got: list[Any] = []

    def receive(_: Any, message: Any) -> None:
        message.ack()
        got.append(message)

    queue.declare()
    try:
        Producer(channel).publish({}, routing_key=name, retry=False, delivery_mode="transient")
        with Consumer(channel, [queue], callbacks=[receive], accept=["json"]):
            give_up_at = time.monotonic() + SECONDS
            while not got and time.monotonic() < give_up_at:
                with suppress(TimeoutError):
                    connection.drain_events(timeout=SECONDS)
    finally:
        with suppress(Exception):
            queue.delete()
    if not got:
        raise TimeoutError("a message that was published did not come back")


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
    return [(f"gateway {gateway.name}", _probe(gateway)) for gateway in current()]


def _probe(gateway: Gateway) -> Check:
    def check() -> Iterator[Finding]:
        name = f"gateway {gateway.name}"
        try:
            yield ok(name, f"{gateway.channel}, {gateway.probe(GATEWAY_SECONDS)}")
        except GatewayError as error:
            text = f"{error.reason} ({_setting(gateway, error.reason)})"
            yield warn(name, f"switched off, and {text}") if _is_off(gateway) else fail(name, text)

    return check


def _is_off(gateway: Gateway) -> bool:
    try:
        with db.engine.connect() as connection:
            return gateway.name in gateway_switches.read(connection).off
    except SQLAlchemyError:  # which another line of the report tells
        return False


def _setting(gateway: Gateway, reason: str) -> str:
    if (
        gateway.channel is not Channel.EMAIL
        or not current_app.config["MAIL_SERVER"]
        or gateway.name != "smtp"
    ):
        return f"{gateway.name!r} in GATEWAYS_FILE or in the console"
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

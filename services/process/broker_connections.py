"""Connections to the broker with short timeouts."""

from celery import Celery
from kombu import Connection

SOCKET_SECONDS = 0.1


def impatient_connection(celery: Celery, seconds: float = SOCKET_SECONDS) -> Connection:
    """Return a connection that never retries and times out after `seconds`, on Redis and AMQP alike."""
    options = {
        **(celery.conf.broker_transport_options or {}),
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "read_timeout": seconds,
        "write_timeout": seconds,
        "connect_timeout": seconds,
        "max_retries": 0,
    }
    return celery.connection_for_write(connect_timeout=seconds, transport_options=options, heartbeat=0)

"""Helpers that start processes for live tests."""

from devtools.live.broker import Broker
from devtools.live.process import HOST, Process, free_port
from devtools.live.service import (
    environment,
    flask,
    run,
    start_beat,
    start_flask,
    start_gunicorn,
    start_web,
    start_worker,
)
from tests.servers.thread import wait_until

__all__ = [
    "HOST",
    "Broker",
    "Process",
    "environment",
    "flask",
    "free_port",
    "run",
    "start_beat",
    "start_flask",
    "start_gunicorn",
    "start_web",
    "start_worker",
    "wait_until",
]

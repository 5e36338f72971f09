"""Four workers on one PostgreSQL: each message is sent once, with either broker."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

from bench.client import call
from bench.house import house, wait_for
from bench.report import Figure, Skipped
from devtools.live.databases import SERVERS, temporary_database

PATH = "/api/v1/verifications"
WORKERS = 4


def measure(quick: bool) -> Iterator[Figure | Skipped]:
    """Yield how many of 5,000 sends did not reach the gateway exactly once, on Redis and on RabbitMQ."""
    count = 100 if quick else 5000
    for name, broker_url in (("Redis", ""), ("RabbitMQ", os.environ.get("TEST_AMQP_URL", ""))):
        row = f"exactly once, {name}"
        if not os.environ.get("TEST_POSTGRES_URL"):
            yield Skipped(row, "TEST_POSTGRES_URL is not set")
        elif name == "RabbitMQ" and not broker_url:
            yield Skipped(row, "TEST_AMQP_URL is not set")
        else:
            yield Figure(
                row,
                "ids that the gateway got never or twice, of 5,000; 4 solo workers, PostgreSQL",
                float(wrong(count, broker_url)),
                at_most=0,
            )


def wrong(count: int, broker_url: str) -> int:
    """Return how many ids did not reach the gateway exactly once."""
    more = {"CELERY_BROKER_URL": broker_url} if broker_url else {}
    with (
        temporary_database(os.environ[SERVERS["postgresql"]]) as database,
        house(database_url=database, **more) as made,
        made.web(),
        ExitStack() as stack,
    ):
        for _ in range(WORKERS):
            stack.enter_context(made.worker())
        call(made.ports[0], PATH, clients=8, count=count, key=made.key())
        wait_for(lambda: made.statuses() == {"sent": count}, 120 + count / 50)
        keys = [one.headers["idempotency-key"] for one in made.sms.calls]
        return abs(count - len(set(keys))) + len(keys) - len(set(keys))

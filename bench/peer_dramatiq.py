"""Dramatiq with one no-op actor."""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from bench.peers import Counter

broker = RedisBroker(url=os.environ["BROKER"])
dramatiq.set_broker(broker)
count = Counter(os.environ["DONE"], int(os.environ["COUNT"]))


@dramatiq.actor
def nothing() -> None:
    """Do nothing but be counted."""
    count()


if __name__ == "__main__":
    for _ in range(int(os.environ["COUNT"])):
        broker.enqueue(dramatiq.Message("default", "nothing", (), {}, {}))

"""RQ with one no-op job."""

import os

from redis import Redis
from rq import Queue

from bench.peers import Counter

count = Counter(os.environ["DONE"], int(os.environ["COUNT"]))


def nothing() -> None:
    """Do nothing but be counted."""
    count()


if __name__ == "__main__":
    queue = Queue(connection=Redis.from_url(os.environ["BROKER"]))
    jobs = [
        Queue.prepare_data("bench.peer_rq.nothing", result_ttl=0) for _ in range(int(os.environ["COUNT"]))
    ]
    queue.enqueue_many(jobs)

"""Stock Celery with one no-op task."""

import os

from celery import Celery

from bench.peers import Counter

app = Celery("peer", broker=os.environ["BROKER"])
app.conf.task_ignore_result = True
count = Counter(os.environ["DONE"], int(os.environ["COUNT"]))


@app.task
def nothing() -> None:
    """Do nothing but be counted."""
    count()


if __name__ == "__main__":
    with app.producer_pool.acquire() as producer:
        for _ in range(int(os.environ["COUNT"])):
            app.send_task("bench.peer_celery.nothing", producer=producer)

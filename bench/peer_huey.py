"""Huey with one no-op task."""

import os

from huey import RedisHuey

from bench.peers import Counter

huey = RedisHuey("bench", url=os.environ["BROKER"], results=False)
count = Counter(os.environ["DONE"], int(os.environ["COUNT"]))


@huey.task()
def nothing() -> None:
    """Do nothing but be counted."""
    count()


if __name__ == "__main__":
    from bench.peer_huey import nothing as task  # by the name that the consumer knows

    for _ in range(int(os.environ["COUNT"])):
        task()

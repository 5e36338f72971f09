"""Taskiq with one no-op task."""

import asyncio
import os

from taskiq_redis import ListQueueBroker

from bench.peers import Counter

broker = ListQueueBroker(os.environ["BROKER"])
count = Counter(os.environ["DONE"], int(os.environ["COUNT"]))


@broker.task(task_name="nothing")
async def nothing() -> None:
    """Do nothing but be counted."""
    count()


async def queue() -> None:
    """Put all tasks into the queue."""
    await broker.startup()
    for _ in range(int(os.environ["COUNT"])):
        await nothing.kiq()
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(queue())

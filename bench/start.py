"""Time from the start of a worker's process to its first work, compared with stock Celery."""

import time
from collections.abc import Iterator

from bench import peers
from bench.house import fill, house
from bench.report import Figure, median
from devtools.live.process import COMMANDS, Process


def measure(quick: bool) -> Iterator[Figure]:
    """Interleave both and yield the ratio of the medians."""
    ours, theirs = [], []
    for _ in range(1 if quick else 5):
        ours.append(first_send())
        theirs.append(peers.first_task("celery"))
    yield Figure(
        "first send after start / stock Celery's first task",
        "seconds from the process's start; one is due already; solo, default options of both",
        median(ours) / median(theirs),
        at_most=0.5,
        seen=f"{median(ours):.2f} / {median(theirs):.2f} s",
    )


def first_send() -> float:
    """Return the seconds from a worker's start to its gateway's first call."""
    with house() as made:
        fill(made, 1, "CODE")
        command = [COMMANDS / "celery", "-A", "tasks.celery", "worker", "--pool=solo"]
        began = time.monotonic()
        worker = Process("worker", command, made.env, made.folder / "worker.log")
        try:
            return made.sms.wait_for(1, 30)[0].at - began
        finally:
            worker.stop()

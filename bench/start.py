"""What a worker's process takes from its start to its first work, compared with stock Celery."""

import time
from collections.abc import Iterator
from pathlib import Path

from bench import peers
from bench.house import fill, house
from bench.machine import processor_seconds
from bench.report import Figure, Skipped, median
from devtools.live.process import COMMANDS, Process


def measure(quick: bool) -> Iterator[Figure]:
    """Interleave both and yield the ratio of the medians."""
    ours, theirs = [], []
    for _ in range(1 if quick else 5):
        ours.append(first_send()[0])
        theirs.append(peers.first_task("celery")[0])
    yield Figure(
        "first send after start / stock Celery's first task",
        "seconds from the process's start; one is due already; solo, default options of both",
        median(ours) / median(theirs),
        at_most=0.5,
        seen=f"{median(ours):.2f} / {median(theirs):.2f} s",
    )


def measure_cpu(quick: bool) -> Figure | Skipped:
    """Compare the same in seconds of the processor, which another load of the machine leaves as they are."""
    row = "first send after start / stock Celery's first task, processor"
    if not Path("/proc/self/stat").exists():
        return Skipped(row, "needs /proc")
    ours, theirs = [], []
    for _ in range(1 if quick else 5):
        ours.append(first_send()[1])
        theirs.append(peers.first_task("celery")[1])
    return Figure(
        row,
        "seconds of the processor from the process's start; one is due already; solo, default options of both",
        median(ours) / median(theirs),
        at_most=1.0,
        seen=f"{median(ours):.2f} / {median(theirs):.2f} s",
    )


def first_send() -> tuple[float, float]:
    """Return the seconds from a worker's start to its gateway's first call, and how many it used the processor."""
    with house() as made:
        fill(made, 1, "CODE")
        command = [COMMANDS / "celery", "-A", "tasks.celery", "worker", "--pool=solo"]
        began = time.monotonic()
        worker = Process("worker", command, made.env, made.folder / "worker.log")
        try:
            called = made.sms.wait_for(1, 30)[0].at
            return called - began, processor_seconds(worker.pid)
        finally:
            worker.stop()

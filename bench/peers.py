"""No-op tasks of other queues: one worker process each, started as its own documentation says."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.machine import processor_seconds
from devtools.live.broker import Broker
from devtools.live.process import COMMANDS, ROOT, Process
from tests.servers.thread import wait_until

NAMES = ("celery", "dramatiq", "rq", "huey", "taskiq")
COMMAND = {
    "celery": ["celery", "-A", "bench.peer_celery", "worker", "--pool=solo"],
    "dramatiq": ["dramatiq", "bench.peer_dramatiq", "--processes", "1"],
    "rq": ["rq", "worker", "--worker-class", "rq.SimpleWorker", "--burst", "--quiet"],
    "huey": ["huey_consumer", "bench.peer_huey.huey", "-k", "thread", "-w", "1"],
    "taskiq": ["taskiq", "worker", "bench.peer_taskiq:broker", "--workers", "1"],
}


def tasks_per_second(name: str, count: int) -> float:
    """Queue `count` no-op tasks, start a worker, and return its tasks per second from first to last."""
    with _worker(name, count) as (_, _, done):
        wait_until(lambda: len(_times(done)) == 2, 60 + count / 20)
        first, last = _times(done)
        return (count - 1) / (last - first)


def first_task(name: str) -> tuple[float, float]:
    """Return the seconds from a worker's start to its first task, and how many it used the processor."""
    with _worker(name, 1) as (began, pid, done):
        wait_until(lambda: len(_times(done)) == 1, 60)
        return _times(done)[0] - began, processor_seconds(pid)


@contextmanager
def _worker(name: str, count: int) -> Iterator[tuple[float, int, Path]]:
    """Queue the tasks and run a worker; yield when it started, its id, and the file with the times that it notes."""
    with TemporaryDirectory(prefix="sendcode-bench-") as folder, Broker(Path(folder) / "broker") as broker:
        done = Path(folder) / "done"
        env = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "PYTHONPATH": str(ROOT),
            "RQ_REDIS_URL": broker.url,
            "BROKER": broker.url,
            "DONE": str(done),
            "COUNT": str(count),
        }
        subprocess.run(
            [sys.executable, "-m", f"bench.peer_{name}"], cwd=ROOT, env=env, check=True, timeout=300
        )
        began = time.time()
        worker = Process(name, [COMMANDS / COMMAND[name][0], *COMMAND[name][1:]], env, Path(folder) / "log")
        try:
            yield began, worker.pid, done
        except AssertionError as error:
            raise RuntimeError(f"{name}: {worker.text()[-2000:]}") from error
        finally:
            worker.stop()


def _times(done: Path) -> list[float]:
    return [float(line) for line in done.read_text().splitlines()] if done.exists() else []


class Counter:
    """Called by each no-op task: notes the times of the first and the last one."""

    def __init__(self, done: str, count: int):
        self._done = Path(done)
        self._count = count
        self._seen = 0

    def __call__(self) -> None:
        self._seen += 1
        if self._seen in (1, self._count):
            with self._done.open("a") as file:
                file.write(f"{time.time()}\n")

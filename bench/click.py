"""`POST /verifications` compared with routes that do less, and while a worker is busy."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.client import Run, call
from bench.house import fill, house, wait_for
from bench.report import Figure, median
from devtools.live.process import COMMANDS, Process, free_port
from devtools.readiness import is_free
from tests.live.installation import Installation

CLIENTS = 8
PATH = "/api/v1/verifications"
COUNTS = (
    "waitress, 16 threads, SQLite; {} clients on kept connections, each destination once, its limits counted"
)


@dataclass(frozen=True)
class Server:
    """A web process."""

    port: int
    pid: int


@contextmanager
def web(made: Installation, factory: str) -> Iterator[Server]:
    """Serve one application of bench/web.py."""
    port = free_port()
    command = [
        COMMANDS / "waitress-serve",
        f"--listen=127.0.0.1:{port}",
        "--threads=16",
        "--call",
        f"bench.web:{factory}",
    ]
    process = Process(factory, command, made.env, Path(made.folder) / f"{factory}.log")
    try:
        process.wait_until_ready(lambda: not is_free(port))
        yield Server(port, process.pid)
    finally:
        process.stop()


def measure(quick: bool) -> Iterator[Figure]:
    """Interleave the routes; yield requests per second and the time of one click as ratios."""
    rounds, count = (1, 60) if quick else (5, 1500)
    limits_on = {"RESEND_COOLDOWN_SECONDS": 60, "DESTINATION_SENDS_PER_DAY": 10}
    with house(**limits_on) as made, ExitStack() as stack:
        servers = [stack.enter_context(web(made, name)) for name in ("create_app", "create_bare")]
        port, bare = (server.port for server in servers)
        key = made.key()
        numbers = iter(range(0, 10**5, count))
        many: dict[str, list[Run]] = {PATH: [], "/bench/json": [], "/bench/plain": []}
        alone: dict[str, list[float]] = {PATH: [], "/bare": []}
        for _ in range(rounds):
            for path, runs in many.items():
                runs.append(call(port, path, clients=CLIENTS, count=count, key=key, first=next(numbers)))
            for path, medians in alone.items():
                at = bare if path == "/bare" else port
                run = call(at, path, clients=1, count=count // 3, key=key, first=next(numbers))
                medians.append(median(run.seconds))
    rate = {path: median(run.rate for run in runs) for path, runs in many.items()}
    p50 = {path: median(values) for path, values in alone.items()}
    yield Figure(
        "click / parse-and-return-JSON",
        f"requests a second; {COUNTS.format(CLIENTS)}",
        rate[PATH] / rate["/bench/json"],
        at_least=0.35,
        seen=f"{rate[PATH]:,.0f} / {rate['/bench/json']:,.0f} a second",
    )
    yield Figure(
        "click / straightforward route",
        "requests a second; the other commits one ORM object and calls apply_async",
        rate[PATH] / rate["/bench/plain"],
        at_least=1.5,
        seen=f"the other {rate['/bench/plain']:,.0f} a second",
    )
    yield Figure(
        "click p50 / bare Flask route p50",
        f"seconds of one call; {COUNTS.format(1)}",
        p50[PATH] / p50["/bare"],
        at_most=3,
        seen=f"{1e3 * p50[PATH]:.2f} / {1e3 * p50['/bare']:.2f} ms",
    )


def measure_busy(quick: bool) -> Iterator[Figure]:
    """Compare the time of a click while 100 one-second SMS are in flight with one on an idle system."""
    rounds, count = (1, 20) if quick else (5, 150)
    with house() as made, web(made, "create_app") as server, made.worker():
        key, numbers = made.key(), iter(range(0, 10**5, count))
        idle, busy = [], []
        for _ in range(rounds):
            made.sms.delay = 0
            idle.append(
                median(call(server.port, PATH, clients=1, count=count, key=key, first=next(numbers)).seconds)
            )
            made.sms.delay = 1
            fill(made, 100 if quick else 600, "SINGLE")
            wait_for(lambda: made.statuses().get("sending", 0) >= 60, 20, every=0.05)
            busy.append(
                median(call(server.port, PATH, clients=1, count=count, key=key, first=next(numbers)).seconds)
            )
            wait_for(lambda: not {"queued", "sending"} & made.statuses().keys(), 60)
    yield Figure(
        "click p50, 100 SMS in flight / idle",
        "seconds of one call; the worker's gateway answers after 1 s / at once",
        median(busy) / median(idle),
        at_most=1.5,
        seen=f"{1e3 * median(busy):.2f} / {1e3 * median(idle):.2f} ms",
    )

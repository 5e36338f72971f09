"""`POST /verifications` compared with routes that do less, and while a worker is busy."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.client import Run, call
from bench.house import fill, house, wait_for
from bench.report import Figure, median
from devtools.live.process import COMMANDS, Process, free_port
from devtools.readiness import is_free
from tests.live.installation import Api, Installation
from tests.servers.http import Answer, HttpGatewayServer

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


WAITRESS = ("waitress-serve", "--listen=127.0.0.1:{port}", "--threads=16", "--call", "bench.web:{factory}")
GUNICORN = (
    *("gunicorn", "--bind=127.0.0.1:{port}", "--workers=2", "--threads=8"),
    "bench.web:{factory}()",
)


@contextmanager
def web(
    made: Installation,
    factory: str,
    name: str = "",
    *,
    command: Sequence[str] = WAITRESS,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Serve one application of bench/web.py; several of one factory need a name each."""
    port = free_port()
    program, *arguments = [word.format(port=port, factory=factory) for word in command]
    process = Process(
        factory,
        [COMMANDS / program, *arguments],
        {**made.env, **(settings or {})},
        Path(made.folder) / f"{name or factory}.log",
    )
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


def measure_told(quick: bool) -> Iterator[Figure]:
    """Compare clicks that tell an endpoint of each code with clicks that tell nobody, on one server in turn."""
    rounds, count = (1, 60) if quick else (7, 1500)
    with house(WEBHOOK_ALLOW_PRIVATE=True) as made, web(made, "create_app") as server:
        key, numbers = made.key(), iter(range(0, 10**5, count))
        api = Api([server.port], key)
        hearing = {"url": "http://127.0.0.1:9/", "events": ["verification.created"]}
        endpoint = api.call("POST", "/webhooks", hearing).body["id"]
        rates: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(rounds):
            for is_told, found in rates.items():
                api.call("PATCH", f"/webhooks/{endpoint}", {"enabled": is_told})
                run = call(server.port, PATH, clients=CLIENTS, count=count, key=key, first=next(numbers))
                found.append(run.rate)
    told, untold = median(rates[True]), median(rates[False])
    yield Figure(
        "click that tells an endpoint / click that tells nobody",
        f"requests a second; waitress, 16 threads, SQLite; {CLIENTS} clients, no limits",
        told / untold,
        at_least=0.85,
        seen=f"{told:,.0f} / {untold:,.0f} a second",
    )


def measure_traced(quick: bool) -> Iterator[Figure]:
    """Compare clicks that are traced, to a collector on this machine, with clicks that are not."""
    rounds, count = (1, 60) if quick else (7, 1500)
    with house() as made, HttpGatewayServer(port=free_port()) as collector, ExitStack() as stack:
        collector.usual = Answer(200, b"", {"Content-Type": "application/x-protobuf"})
        collected = {"TELEMETRY": "1", "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}"}
        ports = {
            is_traced: stack.enter_context(web(made, "create_app", name, settings=settings)).port
            for is_traced, name, settings in ((True, "traced", collected), (False, "untraced", {}))
        }
        key, numbers = made.key(), iter(range(0, 10**6, count))
        rates: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(rounds):
            for is_traced, found in rates.items():
                run = call(ports[is_traced], PATH, clients=CLIENTS, count=count, key=key, first=next(numbers))
                found.append(run.rate)
        wait_for(lambda: any(one.target == "/v1/traces" for one in collector.calls), 30)
    traced, untraced = median(rates[True]), median(rates[False])
    yield Figure(
        "click with traces / without",
        f"requests a second; waitress, 16 threads, SQLite; {CLIENTS} clients, no limits, every request sampled",
        traced / untraced,
        at_least=0.9,
        seen=f"{traced:,.0f} / {untraced:,.0f} a second",
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

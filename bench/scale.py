"""More workers, more web processes, and one broadcast to a million, on PostgreSQL."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from bench.click import PATH, web
from bench.client import call
from bench.growth import CLIENTS, MILLION, waiting
from bench.house import fill, house, noop_worker, wait_for
from bench.memory import peak
from bench.report import Figure, Skipped, percentile
from devtools.live.databases import SERVERS, temporary_database
from domain.statuses import Priority
from tests.live.installation import Api, Installation, phone

PROCESSES = (1, 2, 4)
ROWS = 100_000
"""Of one file."""
FILES = 10


def measure(quick: bool) -> Iterator[Figure | Skipped]:
    """Yield the rates of 1, 2 and 4 processes of each kind with either broker."""
    brokers = {"Redis": "", "RabbitMQ": os.environ.get("TEST_AMQP_URL", "")}
    for name, url in brokers.items():
        if not os.environ.get(SERVERS["postgresql"]):
            yield Skipped(f"scale, {name}", f"{SERVERS['postgresql']} is not set")
        elif name == "RabbitMQ" and not url:
            yield Skipped(f"scale, {name}", "TEST_AMQP_URL is not set")
        else:
            more = {"CELERY_BROKER_URL": url} if url else {}
            with (
                temporary_database(os.environ[SERVERS["postgresql"]]) as database,
                house(database_url=database, **more) as made,
            ):
                yield from _workers(made, name, quick)
                yield from _webs(made, name, quick)


def measure_broadcast(quick: bool) -> Iterator[Figure | Skipped]:
    """Yield how fast a million rows are taken, what memory that takes, and how long codes take meanwhile."""
    if not os.environ.get(SERVERS["postgresql"]):
        yield Skipped("broadcast to a million", f"{SERVERS['postgresql']} is not set")
        return
    rows, files = (500, 2) if quick else (ROWS, FILES)
    with (
        temporary_database(os.environ[SERVERS["postgresql"]]) as database,
        house(database_url=database) as made,
        web(made, "create_app") as server,
        noop_worker(made) as worker,
    ):
        api, done = Api([server.port], made.key()), threading.Event()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_issue_until, done, api)
            try:
                taken = [_send(api, rows * number, rows) for number in range(files)]
                sent = "broadcast_id IS NOT NULL AND status = 'sent'"
                count = f"SELECT count(*) FROM message WHERE {sent}"
                wait_for(lambda: made.query(count) == [(rows * files,)], 60 + rows * files / 500, every=2)
            finally:
                done.set()
        codes = f"priority = {int(Priority.CODE)}"
        wait_for(lambda: not waiting(made, codes), 60)
        waits = [
            took / 1e6 for (took,) in made.query(f"SELECT sent_at - created_at FROM message WHERE {codes}")
        ]
        peaks = {"web": peak(server.pid), "worker": peak(worker.pid)}
    yield Figure(
        "broadcast to a million, accepted",
        f"rows a second; {files} files of {rows:,} by POST /broadcasts/csv, PostgreSQL",
        rows * files / sum(taken),
        "/s",
        at_least=20_000,
    )
    for name, mib in peaks.items():
        yield Figure(f"{name}, broadcast to a million", "MiB at its peak (VmHWM)", mib, "MiB", at_most=250)
    yield Figure(
        "a code during a broadcast to a million, p95",
        f"seconds from its row to its hand-over, of {len(waits)}",
        percentile(waits, 0.95),
        "s",
        at_most=1,
    )


def _workers(made: Installation, broker: str, quick: bool) -> Iterator[Figure]:
    for count in PROCESSES:
        number = 200 if quick else 60_000
        before = _transactions(made)
        fill(made, number, "CODE")
        with ExitStack() as stack:
            for name in range(count):
                stack.enter_context(noop_worker(made, f"worker-{name}"))
            wait_for(lambda: not waiting(made, "owner = 'key:bench'"), 120 + number / 500)
            connections = _connections(made)
        ((first, last, settled),) = made.query(
            "SELECT min(settled_at), max(settled_at), count(*) FROM"
            f" (SELECT settled_at FROM message ORDER BY settled_at DESC LIMIT {number}) AS ours"
        )
        yield Figure(
            f"{count} workers, {broker}" if count > 1 else f"1 worker, {broker}",
            "codes claimed, composed and settled a minute; solo, no-op gateway, PostgreSQL",
            60e6 * settled / max(1, last - first),
            "/min",
            seen=f"{connections} connections, {(_transactions(made) - before) / number:.3f} transactions a message",
        )


def _webs(made: Installation, broker: str, quick: bool) -> Iterator[Figure]:
    key = made.key()
    first = 2 * MILLION
    for count in PROCESSES:
        number = 60 if quick else 1500
        with ExitStack() as stack, ThreadPoolExecutor(count) as pool:
            servers = [stack.enter_context(web(made, "create_app", f"web-{name}")) for name in range(count)]
            before = _transactions(made)
            runs = [
                pool.submit(
                    call, server.port, PATH, clients=CLIENTS, count=number, key=key, first=first + n * number
                )
                for n, server in enumerate(servers)
            ]
            seconds = [one for run in runs for one in run.result().seconds]
            rate = len(seconds) / max(run.result().took for run in runs)
            connections = _connections(made)
        first += count * number
        yield Figure(
            f"{count} web processes, {broker}" if count > 1 else f"1 web process, {broker}",
            f"POST {PATH} a second; waitress, {CLIENTS} clients each, PostgreSQL",
            rate,
            "/s",
            seen=f"p95 {1e3 * percentile(seconds, 0.95):.0f} ms, {connections} connections,"
            f" {(_transactions(made) - before) / len(seconds):.2f} transactions a click",
        )


def _connections(made: Installation) -> int:
    ((count,),) = made.query(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    return int(count)


def _transactions(made: Installation) -> int:
    ((count,),) = made.query(
        "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
    )
    return int(count)


def _send(api: Api, first: int, rows: int) -> float:
    """Send a file and return the seconds until it is accepted."""
    lines = [f"{phone(number)},number {number}" for number in range(first, first + rows)]
    answer = api.send_file("\n".join(["to,text", *lines]), "channel=sms&template=notice&send=all")
    assert answer.status == 202, answer.text[:300]
    return answer.seconds


def _issue_until(done: threading.Event, api: Api) -> None:
    number = 30 * MILLION
    while not done.wait(0.1):
        number += 1
        answer = api.issue(phone(number))
        assert answer.status == 202, answer.text[:300]

"""Peak memory of the web process and the worker during a broadcast to 100,000."""

from collections.abc import Iterator
from pathlib import Path

from bench.click import web
from bench.house import house, noop_worker, wait_for
from bench.report import Figure, Skipped
from tests.live.installation import Api, phone

MIB = 1024


def measure(quick: bool) -> Iterator[Figure | Skipped]:
    """Send it in 10 calls through a worker whose gateway accepts everything; yield both processes' peaks."""
    if not Path("/proc/self/status").exists():
        yield Skipped("memory of a broadcast to 100,000", "needs /proc")
        return
    size, calls = (100, 2) if quick else (10_000, 10)
    with house() as made, web(made, "create_app") as server, noop_worker(made) as worker:
        api = Api([server.port], made.key())
        for number in range(calls):
            body = {"channel": "sms", "text": "Hi {{ name }}", "recipients": block(number * size, size)}
            answer = api.call("POST", "/broadcasts", body)
            assert answer.status == 202, answer.text[:300]
        wait_for(lambda: made.statuses() == {"sent": size * calls}, 300)
        peaks = {"worker": peak(worker.pid), "web": peak(server.pid)}
    for name, mib in peaks.items():
        yield Figure(
            f"{name}, broadcast to 100,000",
            "MiB of memory at its peak (VmHWM); 10 calls of 10,000, every row sent",
            mib,
            "MiB",
            at_most=200,
        )


def block(first: int, size: int) -> list[dict[str, object]]:
    """Return recipients, each with a parameter of their own."""
    return [{"to": phone(n), "params": {"name": f"number {n}"}} for n in range(first, first + size)]


def peak(pid: int) -> float:
    """Return a process's peak memory in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / MIB

"""Four workers on PostgreSQL: one is killed, one is frozen, then all are restarted in turn.

`ROLLING_CODES=20000` runs it at full size, with a freeze of a minute.
"""

import os
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from services.delivery.claims import LEASE
from tests.databases import database_of
from tests.live.installation import NO_LIMITS, Api, Installation, in_parallel, phone
from tests.live.processes import Broker, Process, wait_until
from tests.servers.http import Call

CODES = int(os.environ.get("ROLLING_CODES", "1500"))
IS_FULL = CODES > 10_000
FROZEN_SECONDS = 60 if IS_FULL else LEASE.total_seconds() + 1
"""Other workers take what a frozen one has claimed when its leases end, so it must be away for longer."""
PART = CODES // 4
PATIENCE_SECONDS = 400 if IS_FULL else 120
WORKERS = 4
SETTLED_WITHIN_SECONDS = 1.5
"""Longer than a live worker needs for a send, whose gateway answers after half a second."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800 if IS_FULL else 600),
    pytest.mark.xdist_group("servers of the machine"),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads from /proc whether it is frozen"),
]

Lease = tuple[str, str]
"""The id of a message that is being sent, and the token of who sends it."""


@pytest.fixture(params=["redis", "rabbitmq"])
def broker_url(request: pytest.FixtureRequest, broker: Broker) -> str:
    """A broker of each kind; skipped where none is named."""
    if request.param == "redis":
        return broker.url
    url = os.environ.get("TEST_AMQP_URL", "")
    if not url:
        pytest.skip("TEST_AMQP_URL is not set")
    return url


class Worker:
    """A worker that is started again and again."""

    def __init__(self, installation: Installation):
        self._installation = installation
        self._running = ExitStack()
        self.process: Process

    def start(self) -> None:
        self.process = self._running.enter_context(self._installation.worker())

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._running.close()

    def is_frozen(self) -> bool:
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].startswith("T")


@contextmanager
def issuing(api: Api, part: int) -> Iterator[None]:
    """Issue a quarter of the codes meanwhile; every call must be answered with 202."""
    statuses: list[int] = []

    def issue_all() -> None:
        first = part * PART
        statuses.extend(in_parallel(PART, lambda n: api.issue(phone(first + n)).status, threads=4))

    thread = threading.Thread(target=issue_all)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert statuses == [202] * PART


def leases(installation: Installation) -> set[Lease]:
    return set(installation.query("SELECT id, lease_token FROM message WHERE status = 'sending'"))  # type: ignore[arg-type]


def left_behind(installation: Installation) -> set[Lease]:
    """Return what a worker had claimed that has just been killed or frozen: nobody settles it now."""
    found, since = leases(installation), time.monotonic()
    while time.monotonic() < since + SETTLED_WITHIN_SECONDS:
        still = found & leases(installation)
        if still < found:
            found, since = still, time.monotonic()
        time.sleep(0.2)
    return found


def by_id(calls: list[Call]) -> dict[str, list[Call]]:
    found = defaultdict(list)
    for call in calls:
        found[call.headers["idempotency-key"]].append(call)
    return found


def test_a_killed_a_frozen_and_four_restarted_workers_repeat_only_what_two_had_handed_over(
    make: Callable[..., Installation], broker_url: str, record_property: Callable[..., None]
) -> None:
    with database_of("postgresql") as url, ExitStack() as stack:
        settings = {"SEND_DEADLINE_SECONDS": 600, "CODE_TTL_SECONDS": 600}
        installation = make(**NO_LIMITS, **settings, broker_url=broker_url, database_url=url)
        sms = installation.sms
        sms.delay = 0.5
        stack.enter_context(installation.web())
        api = installation.api()
        workers = [Worker(installation) for _ in range(WORKERS)]
        for worker in workers:
            stack.callback(worker.stop)
            worker.start()
        killed, frozen, *_ = workers

        with issuing(api, 0):
            sms.wait_for(PART // 2, PATIENCE_SECONDS)
            killed.process.kill()
            held_by_killed = left_behind(installation)
        with issuing(api, 1):
            sms.wait_for(PART + PART // 2, PATIENCE_SECONDS)
            frozen.process.signal(signal.SIGSTOP)
            wait_until(frozen.is_frozen, 10)
            frozen_at = time.monotonic()
            held_by_frozen = left_behind(installation) - held_by_killed
        with issuing(api, 2):
            time.sleep(max(0.0, frozen_at + FROZEN_SECONDS - time.monotonic()))
        woken_at = time.monotonic()
        frozen.process.signal(signal.SIGCONT)
        with issuing(api, 3):
            for worker in workers:
                worker.stop()
                worker.start()
        wait_until(lambda: installation.statuses() == {"sent": 4 * PART}, PATIENCE_SECONDS)
        for worker in workers:  # what one of them would still send, it sends before it ends
            worker.stop()

    sent = by_id(sms.calls)
    repeated = {id for id, calls in sent.items() if len(calls) > 1}
    counts = {
        "held by the killed": len(held_by_killed),
        "of these sent twice": len(repeated & {id for id, _ in held_by_killed}),
        "held by the frozen": len(held_by_frozen),
        "of those sent twice": len(repeated & {id for id, _ in held_by_frozen}),
    }
    record_property("counts", counts)
    assert len(sent) == 4 * PART, "each reaches the gateway"
    assert Counter(len(calls) for calls in sent.values()).keys() <= {1, 2}
    assert repeated <= {id for id, _ in held_by_killed | held_by_frozen}
    assert all(sent[id][0].at < woken_at for id in repeated), (
        "the frozen one hands over nothing it no longer holds"
    )
    codes = {
        id: {(call.json["to"], call.json["params"]["code"]) for call in calls} for id, calls in sent.items()
    }
    assert all(len(found) == 1 for found in codes.values()), "both carry the same code to the same number"

"""Steps of a fallback when workers race for them, and one code that is entered from two channels at once."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from channels.memory import MemoryGateway
from domain.fallback import GivenStep
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Message, VerificationStep, clock
from services.codes import checks, pending, verifications
from services.codes.due_steps import DueSteps
from services.codes.verifications import Request
from services.outbox.bell import Bell
from services.storage import transactions

pytestmark = pytest.mark.usefixtures("context")
ROUNDS, WORKERS = 200, 2
CHECKS, THREADS = 50, 25
AFTER_SECONDS, APART_SECONDS = 30, 0.1


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    return settings | {
        "PREFIX_SENDS_PER_10_MINUTES": 0,
        "SMS_SENDS_PER_DAY": 0,
        "CODE_ATTEMPTS": 0,
        "DESTINATION_FAILURES_PER_DAY": 0,
    }


@pytest.fixture
def travel() -> Iterator[Any]:
    with time_machine.travel(datetime.now(UTC), tick=False) as moving:
        yield moving


@pytest.mark.slow
def test_two_workers_take_each_step_once_in_200_rounds(
    app: Flask, travel: Any, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bell, "ring", lambda *_: None)
    # threads take turns on SQLite; two processes don't, and the file's own locks must do
    monkeypatch.setattr(transactions, "turn_to_write", lambda _: nullcontext())
    issued = []
    for number in range(ROUNDS):
        steps = (GivenStep(Channel.EMAIL, f"{number}@example.org", AFTER_SECONDS),)
        request = Request(Channel.SMS, f"+861380013{number:04d}", fallback=steps)
        issued.append(verifications.issue(request, owner).id)
        travel.shift(APART_SECONDS)
    db.session.remove()
    travel.shift(AFTER_SECONDS - ROUNDS * APART_SECONDS)
    workers = [DueSteps(app, db.engine) for _ in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as threads:
        start = threading.Barrier(WORKERS)

        def look(worker: DueSteps) -> None:
            start.wait()
            with app.app_context():
                worker(clock.now())

        for _ in range(ROUNDS + 1):
            list(threads.map(look, workers))
            travel.shift(APART_SECONDS)
    by_verification = Counter(db.session.scalars(select(Message.verification_id)))
    assert by_verification == dict.fromkeys(issued, 2)
    taken = db.session.scalars(select(VerificationStep.at).where(VerificationStep.number == 1)).all()
    assert len(taken) == ROUNDS
    assert None not in taken


@pytest.mark.slow
def test_one_of_fifty_checks_from_two_channels_at_once_is_valid(
    app: Flask, travel: Any, owner: Owner, sms: MemoryGateway, mails: MemoryGateway
) -> None:
    steps = (GivenStep(Channel.EMAIL, "kim@example.org", AFTER_SECONDS),)
    verifications.issue(Request(Channel.SMS, "+8613800138000", fallback=steps), owner)
    travel.shift(AFTER_SECONDS)
    DueSteps(app, db.engine)(clock.now())
    by_sms, by_mail = sms.sent[0].params["code"], mails.sent[0].params["code"]
    ways = [
        (pending.newest_sent_to(owner, to=to, purpose="default", channel=None), code)
        for to, code in (("+8613800138000", by_sms), ("kim@example.org", by_mail))
    ]
    db.session.remove()
    start = threading.Barrier(THREADS)

    def check(number: int) -> int:
        """Enter the code as it came by one channel, several times; return how often it was valid."""
        start.wait()
        with app.app_context():
            return sum(checks.check(*ways[number % 2], owner).valid for _ in range(CHECKS // THREADS))

    with ThreadPoolExecutor(THREADS) as threads:
        assert sum(threads.map(check, range(THREADS))) == 1

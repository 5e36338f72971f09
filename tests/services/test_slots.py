"""How many sends there may be."""

from domain.statuses import Lane, Priority
from services.slots import Slots


def flow(slots, priority, lane):
    return next(one for one in slots.flows if (one.priority, one.lane) == (priority, lane))


def test_a_lane_with_a_ceiling_is_given_what_it_sends_in_a_moment_and_no_more(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("services.slots.time.monotonic", lambda: now[0])
    slots = Slots(list(Lane), 100, {Lane.EMAIL: 2})
    mails = flow(slots, Priority.CODE, Lane.EMAIL)
    assert slots.free(mails) == 2
    for _ in range(4):  # 160 a second
        mails.in_flight += 5
        now[0] += 0.03125
        slots.ended(mails, 5)
    assert slots.free(mails) == 40
    mails.in_flight = 40
    assert slots.free(mails) == 0
    assert slots.free(flow(slots, Priority.CODE, Lane.SMS)) == 60
    now[0] += 60  # a rest, and then a slow send
    slots.ended(mails, 40)
    assert slots.free(mails) == 2

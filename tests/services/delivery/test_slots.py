"""How many sends may be in flight."""

from domain.statuses import Lane, Priority
from services.delivery.slots import Slots


def flow(slots, priority, lane):
    return next(one for one in slots.flows if (one.priority, one.lane) == (priority, lane))


def test_a_lane_with_a_ceiling_claims_only_what_it_sends_in_a_moment(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("services.delivery.slots.time.monotonic", lambda: now[0])
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
    now[0] += 60  # a pause, and then a slow send
    slots.ended(mails, 40)
    assert slots.free(mails) == 2


def test_others_claim_more_than_their_slots_only_at_thousands_a_second(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("services.delivery.slots.time.monotonic", lambda: now[0])
    slots = Slots([Lane.SMS, Lane.BULK], 100)
    code, single, bulk = slots.flows

    def in_a_tenth_of_a_second(count):
        single.in_flight += count
        now[0] += 0.1
        slots.ended(single, count)
        return slots.free(code), slots.free(single), slots.free(bulk)

    assert in_a_tenth_of_a_second(100) == (100, 100, 100), "a thousand in a second"
    assert in_a_tenth_of_a_second(2000) == (1000, 1000, 1000), "twenty thousand in a second: a block of 50 ms"
    bulk.in_flight = 1000
    assert slots.free(bulk) == 0
    assert slots.free(code) == 20, "what is for codes alone is still there"
    bulk.in_flight = 0
    assert in_a_tenth_of_a_second(10) == (100, 100, 100), "the gateways have become slow"

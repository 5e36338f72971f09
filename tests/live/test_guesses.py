"""Guesses and limits under attack: two web processes, many parallel clients, each kind of database."""

import time

import pytest

from tests.live.installation import NO_LIMITS, in_parallel, phone

pytestmark = pytest.mark.slow
GUESSERS = 32
FULL_WIDTH = {ord("0") + digit: ord("０") + digit for digit in range(10)}


def persistent(call):
    """Call until there is an answer: a 503 of a busy database has done nothing, and is repeated."""
    for _ in range(20):
        reply = call()
        if reply.status != 503:
            break
        time.sleep(int(reply.headers["Retry-After"]))
    return reply


def issued_with_code(installation, api, to):
    before = len(installation.sms.calls)
    issued = api.issue(to).body
    call = installation.sms.wait_for(before + 1)[before]
    assert call.json["to"] == to
    return issued["id"], call.json["params"]["code"]


def test_five_of_a_thousand_parallel_wrong_guesses_are_evaluated_and_one_of_a_hundred_right_ones_is_valid(
    make, database_url, record_property
):
    installation = make(**NO_LIMITS, database_url=database_url)
    with installation.web(processes=2), installation.worker():
        api = installation.api()
        verification, code = issued_with_code(installation, api, phone(1))
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        replies = in_parallel(1_000, lambda _: persistent(lambda: api.check(verification, wrong)), GUESSERS)
        evaluated = [reply for reply in replies if reply.status == 200]
        refused = [reply for reply in replies if reply.status == 429]
        record_property("evaluated", len(evaluated))
        assert len(evaluated) == 5
        assert len(refused) == 995
        assert not any(reply.body["valid"] for reply in evaluated)
        assert all(int(reply.headers["Retry-After"]) >= 1 for reply in refused)
        assert api.check(verification, code).status == 429, "the right code comes too late"

        verification, code = issued_with_code(installation, api, phone(2))
        replies = in_parallel(100, lambda _: persistent(lambda: api.check(verification, code)), GUESSERS)
        assert {reply.status for reply in replies} <= {200, 429}
        valid = [reply for reply in replies if reply.status == 200 and reply.body["valid"]]
        assert len(valid) == 1
        assert api.call("GET", f"/verifications/{verification}").body["status"] == "approved"


def test_over_any_number_of_codes_twenty_guesses_a_day_are_evaluated(make):
    installation = make(**NO_LIMITS)
    with installation.web(processes=2), installation.worker():
        api, other = installation.api(), installation.api(installation.key("other"))
        ids = []
        for n in range(8):
            asker = (api, other)[n % 2]
            ids.append((asker, *issued_with_code(installation, asker, phone(1))))
        guesses = [
            (asker, one, f"{(int(code) + 1 + n) % 1_000_000:06d}")
            for asker, one, code in ids
            for n in range(8)
        ]
        replies = in_parallel(
            len(guesses), lambda n: persistent(lambda: guesses[n][0].check(*guesses[n][1:])), GUESSERS
        )
        assert sum(reply.status == 200 for reply in replies) == 20
        assert {reply.status for reply in replies} == {200, 429}
        asker, verification, code = ids[-1]
        locked = asker.check(verification, code)
        assert locked.status == 429
        assert (
            80_000 < int(locked.headers["Retry-After"]) <= 86_400
            or locked.body["code"] == "verification_locked"
        )


def test_one_of_a_hundred_parallel_sends_to_one_destination_is_sent_with_redis_alive_and_dead(
    make, broker, database_url
):
    installation = make(database_url=database_url, KEY_REQUESTS_PER_MINUTE=0)
    with installation.web(processes=2), installation.worker():
        api = installation.api()
        send_in_parallel(installation, api, "138 0013 8000")
        broker.kill()
        send_in_parallel(installation, api, "139 0013 9000")


def send_in_parallel(installation, api, number):
    plain = number.replace(" ", "")
    spellings = [f"+86 {number}", f"0086{plain}", number.replace(" ", "-"), plain.translate(FULL_WIDTH)]
    before = len(installation.sms.calls)
    replies = in_parallel(100, lambda n: persistent(lambda: api.issue(spellings[n % 4])), GUESSERS)
    assert sorted({reply.status for reply in replies}) == [202, 429]
    refused = [reply for reply in replies if reply.status == 429]
    assert len(refused) == 99
    assert all(1 <= int(reply.headers["Retry-After"]) <= 600 for reply in refused)
    assert all(reply.body["limit"] for reply in refused)
    installation.sms.wait_for(before + 1)
    time.sleep(2)
    assert len(installation.sms.calls) == before + 1

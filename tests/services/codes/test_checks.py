import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import update

from domain.errors import DestinationLocked, LimitExceeded, MalformedCode, NotFound, VerificationLocked
from domain.owners import Owner
from domain.statuses import Channel, VerificationStatus
from exts import db
from models import Verification
from services.codes import checks, verifications
from services.codes.checks import check
from services.codes.verifications import Request

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def issued(sms, owner):
    return verifications.issue(Request(Channel.SMS, "+8613800138000"), owner)


@pytest.fixture
def code(issued, sms):
    return sms.sent[-1].params["code"]


def wrong(code, n=1):
    return f"{(int(code) + n) % 1_000_000:06d}"


def later(seconds):
    return time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True)


def test_the_right_code_is_accepted_once(issued, code, owner):
    first = check(issued.id, code, owner)
    assert (first.valid, first.status) == (True, VerificationStatus.APPROVED)
    second = check(issued.id, code, owner)
    assert (second.valid, second.status) == (False, VerificationStatus.APPROVED)
    assert db.session.get(Verification, issued.id).sealed_code is None


def test_check_locks_after_the_last_attempt(issued, code, owner):
    for left in (4, 3, 2, 1, 0):
        result = check(issued.id, wrong(code), owner)
        assert (result.valid, result.attempts_left) == (False, left)
    assert result.status is VerificationStatus.LOCKED
    with pytest.raises(VerificationLocked) as locked:
        check(issued.id, code, owner)
    assert 290 <= locked.value.retry_after <= 300
    assert str(locked.value) == "no attempts are left for this code: send a new one"


def test_the_times_of_the_first_attempts_are_kept(app, issued, code, owner):
    begin = db.session.get(Verification, issued.id).created_at
    db.session.execute(update(Verification).values(max_attempts=0))
    db.session.commit()
    app.config["DESTINATION_FAILURES_PER_DAY"] = 0
    for n in range(checks.MOST_TIMES + 3):
        with time_machine.travel(begin + timedelta(seconds=2 * n + 1.25), tick=False):
            check(issued.id, wrong(code), owner)
    found = db.session.get(Verification, issued.id, populate_existing=True)
    passed = [at - begin for at in found.attempted_at]
    assert checks.MOST_TIMES - 1 <= len(passed) <= checks.MOST_TIMES  # MySQL's UPDATE sees the new count
    assert all(
        abs(one - timedelta(seconds=2 * n + 1.25)) < timedelta(milliseconds=2) for n, one in enumerate(passed)
    )
    assert found.attempts == checks.MOST_TIMES + 3


def test_a_malformed_code_costs_no_attempt(issued, code, owner):
    for guess in ("", "12345", "abcdef", "1234567"):
        with pytest.raises(MalformedCode):
            check(issued.id, guess, owner)
    assert check(issued.id, wrong(code), owner).attempts_left == 4


def test_an_expired_code_is_refused_one_second_after_its_life(issued, code, owner):
    with later(301):
        result = check(issued.id, code, owner)
        assert (result.valid, result.status, result.attempts_left) == (False, VerificationStatus.EXPIRED, 5)


def test_a_canceled_code_is_refused(issued, code, owner):
    verifications.cancel(issued.id, owner)
    result = check(issued.id, code, owner)
    assert (result.valid, result.status) == (False, VerificationStatus.CANCELED)


def test_a_resend_gives_no_attempts_back(issued, code, owner):
    check(issued.id, wrong(code), owner)
    with later(61):
        verifications.resend(issued.id, owner)
        assert check(issued.id, wrong(code, 2), owner).attempts_left == 3
        assert check(issued.id, code, owner).valid


def test_a_code_for_another_use_is_refused_and_the_right_use_still_works(sms, owner):
    def issue(to, purpose, by):
        verification = verifications.issue(Request(Channel.SMS, to, purpose=purpose), by)
        return verification.id, sms.sent[-1].params["code"], by

    stranger = Owner("session:stranger")
    mine = issue("+8613800138000", "login", owner)
    uses = [
        mine,
        issue("+8613900139000", "login", owner),
        issue("+8613700137000", "change_email", owner),
        issue("+8613600136000", "login", stranger),
    ]
    codes = {code for _, code, _ in uses}
    assert len(codes) == len(uses), "a chance of 1 in 150,000 to meet twins"
    for verification_id, code, by in uses[1:]:
        assert not check(mine[0], code, owner).valid
        assert not check(verification_id, mine[1], by).valid
    with pytest.raises(NotFound):
        check(mine[0], mine[1], stranger)
    for verification_id, code, by in uses:
        assert check(verification_id, code, by).valid


def test_twenty_wrong_codes_a_day_lock_the_destination_whatever_the_number_of_codes(sms, owner):
    start = datetime.now(UTC)
    evaluated, refused = 0, []
    for day_minute in range(0, 60, 2):
        with time_machine.travel(start + timedelta(minutes=day_minute), tick=False):
            try:
                issued = verifications.issue(
                    Request(Channel.SMS, "+8613800138000"), Owner(f"key:{day_minute}")
                )
            except LimitExceeded:
                continue
            right = sms.sent[-1].params["code"]
            for n in range(1, 8):
                try:
                    check(issued.id, wrong(right, n), Owner(f"key:{day_minute}"))
                    evaluated += 1
                except DestinationLocked as locked:
                    refused.append(locked.retry_after)
                except VerificationLocked:
                    pass
    assert evaluated == 20
    assert max(refused) <= 86_400
    with time_machine.travel(start + timedelta(minutes=2), tick=False), pytest.raises(NotFound):
        check("0" * 32, "000000", owner)


def test_a_locked_destination_refuses_the_right_code_too_without_costing_an_attempt(sms, owner, app):
    app.config["DESTINATION_FAILURES_PER_DAY"] = 2
    issued = verifications.issue(Request(Channel.SMS, "+8613800138000"), owner)
    right = sms.sent[-1].params["code"]
    check(issued.id, wrong(right), owner)
    check(issued.id, wrong(right), owner)
    with pytest.raises(DestinationLocked):
        check(issued.id, right, owner)
    assert verifications.get(issued.id, owner).attempts_left == 3
    with later(61):
        other = verifications.issue(Request(Channel.SMS, "+8613800138000", purpose="other"), owner)
        assert check(other.id, sms.sent[-1].params["code"], owner).valid, "another purpose is not locked"


def test_right_codes_do_not_count_as_failures(sms, owner, app):
    app.config.update(DESTINATION_FAILURES_PER_DAY=1, RESEND_COOLDOWN_SECONDS=0)
    for _ in range(4):
        issued = verifications.issue(Request(Channel.SMS, "+8613800138000"), owner)
        assert check(issued.id, sms.sent[-1].params["code"], owner).valid


def test_the_effect_and_the_acceptance_are_one_transaction(issued, code, owner):
    def breaks(session):
        session.execute(db.text("UPDATE verification SET purpose = 'changed'"))
        raise RuntimeError("the effect failed")

    with pytest.raises(RuntimeError):
        check(issued.id, code, owner, effect=breaks)
    row = db.session.get(Verification, issued.id, populate_existing=True)
    assert (row.used_at, row.purpose) == (None, "default")
    assert check(issued.id, code, owner, effect=lambda session: None).valid


def test_a_wrong_code_has_no_effect(issued, code, owner):
    happened = []
    check(issued.id, wrong(code), owner, effect=lambda session: happened.append(1))
    assert not happened


def run_parallel(app, count, work):
    start, results = threading.Barrier(count), []

    def one():
        with app.app_context():
            start.wait()
            try:
                results.append(work())
            except LimitExceeded as error:
                results.append(error)

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == count
    return results


def test_only_five_of_many_parallel_wrong_guesses_are_evaluated(app, issued, code, owner):
    results = run_parallel(app, 40, lambda: check(issued.id, wrong(code), owner))
    assert sum(not isinstance(result, LimitExceeded) for result in results) == 5


def test_exactly_one_of_many_parallel_right_guesses_is_valid(app, issued, code, owner):
    effects = []
    results = run_parallel(app, 40, lambda: check(issued.id, code, owner, effect=effects.append))
    assert sum(not isinstance(result, LimitExceeded) and result.valid for result in results) == 1
    assert len(effects) == 1


def test_many_parallel_sends_to_one_destination_make_one_message(app, sms, owner):
    results = run_parallel(
        app, 40, lambda: verifications.issue(Request(Channel.SMS, "+8613800138000"), owner)
    )
    refused = [result for result in results if isinstance(result, LimitExceeded)]
    assert len(refused) == 39
    assert all(1 <= one.retry_after <= 600 for one in refused)
    assert len(sms.sent) == 1


def test_a_verification_whose_pepper_left_the_ring_is_never_valid(app, issued, code, owner):
    row = db.session.get(Verification, issued.id)
    row.pepper_id = "gone0000"
    db.session.commit()
    assert not check(issued.id, code, owner).valid

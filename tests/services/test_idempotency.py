"""One row per key: which request does the work, and the answers to the others."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from domain.errors import FirstInFlight, InvalidInput, KeyReused
from domain.keyring import Keyring
from exts import db
from models import IdempotentAnswer
from services import idempotency
from services.idempotency import Answer, Claim, claim, keep, release
from services.process import parts

pytestmark = pytest.mark.usefixtures("context")

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SAME, OTHER = "a" * 64, "b" * 64
OLD, NEW = "the old pepper of these tests, long", "the new pepper of these tests, long"
ANSWER = Answer(202, {"Location": "/api/v1/verifications/1"}, '{"id":"1"}')


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def in_threads(app, number, work):
    """Run `work` in several threads at once; return what each returned or raised."""
    results, start = [], threading.Barrier(number)

    def run():
        with app.app_context():
            start.wait()
            try:
                results.append(work())
            except Exception as error:  # noqa: BLE001 - it is a result
                results.append(error)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_the_first_request_gets_the_claim_and_the_next_ones_its_answer():
    first = claim("key:1", "k", SAME, NOW)
    assert isinstance(first, Claim)
    keep(first, ANSWER)
    assert claim("key:1", "k", SAME, after(1)) == ANSWER
    assert claim("key:1", "k", SAME, after(86_399)) == ANSWER


def test_while_the_first_is_in_flight_the_next_ones_must_wait():
    claim("key:1", "k", SAME, NOW)
    with pytest.raises(FirstInFlight):
        claim("key:1", "k", SAME, after(59))


def test_another_request_with_the_same_key_is_refused_in_flight_and_after():
    first = claim("key:1", "k", SAME, NOW)
    with pytest.raises(KeyReused):
        claim("key:1", "k", OTHER, after(1))
    keep(first, ANSWER)
    with pytest.raises(KeyReused):
        claim("key:1", "k", OTHER, after(2))


def test_keys_belong_to_their_owner_and_differ_by_every_character():
    keep(claim("key:1", "k", SAME, NOW), ANSWER)
    for owner, key in (
        ("key:2", "k"),
        ("key:1", "K"),
        ("key:1", "k "),
        ("key:1", "ｋ"),
        ("key:1", "k" * 255),
    ):
        assert isinstance(claim(owner, key, OTHER, NOW), Claim)


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(key):
    with pytest.raises(InvalidInput, match="1 to 255"):
        claim("key:1", key, SAME, NOW)


def test_a_released_claim_leaves_nothing():
    release(claim("key:1", "k", SAME, NOW))
    assert db.session.scalars(select(IdempotentAnswer)).all() == []
    assert isinstance(claim("key:1", "k", OTHER, after(1)), Claim)


def test_a_claim_left_behind_is_taken_over_and_its_late_answer_changes_nothing():
    left_behind = claim("key:1", "k", SAME, NOW)
    taken = claim("key:1", "k", SAME, after(60))
    assert isinstance(taken, Claim)
    keep(left_behind, Answer(500, {}, "late"))
    release(left_behind)
    with pytest.raises(FirstInFlight):
        claim("key:1", "k", SAME, after(61))
    keep(taken, ANSWER)
    assert claim("key:1", "k", SAME, after(62)) == ANSWER


def test_after_a_day_the_key_is_new_even_for_another_request():
    keep(claim("key:1", "k", SAME, NOW), ANSWER)
    again = claim("key:1", "k", OTHER, after(86_400))
    assert isinstance(again, Claim)
    with pytest.raises(FirstInFlight):
        claim("key:1", "k", OTHER, after(86_401))


def test_one_of_many_at_once_gets_the_claim(app):
    results = in_threads(app, 16, lambda: claim("key:1", "k", SAME, datetime.now(UTC)))
    assert sorted(type(result).__name__ for result in results) == ["Claim"] + ["FirstInFlight"] * 15


def test_one_of_many_at_once_takes_over(app):
    claim("key:1", "k", SAME, datetime.now(UTC) - timedelta(seconds=90))
    results = in_threads(app, 16, lambda: claim("key:1", "k", SAME, datetime.now(UTC)))
    assert sorted(type(result).__name__ for result in results) == ["Claim"] + ["FirstInFlight"] * 15


def test_a_request_is_the_same_only_with_the_same_method_path_and_bytes():
    prints = {
        idempotency.fingerprint(*request)
        for request in [
            ("POST", "/a", b"{}"),
            ("PUT", "/a", b"{}"),
            ("POST", "/b", b"{}"),
            ("POST", "/a", b"{ }"),
            ("POST", "/a", b""),
        ]
    }
    assert len(prints) == 5


def with_peppers(app, *peppers):
    parts.put(app, Keyring(list(peppers)))


def test_the_stored_request_hash_can_not_be_guessed_without_the_pepper():
    guess = idempotency.fingerprint("POST", "/check", b'{"code":"123456"}')
    claim("key:1", "k", guess, NOW)
    stored = db.session.scalars(select(IdempotentAnswer.fingerprint)).one()
    assert len(stored) == 64
    assert guess[:56] not in stored


def test_answers_are_still_found_after_the_pepper_was_changed(app):
    with_peppers(app, OLD)
    keep(claim("key:1", "k", SAME, NOW), ANSWER)
    with_peppers(app, NEW, OLD)
    assert claim("key:1", "k", SAME, after(1)) == ANSWER
    with_peppers(app, NEW)
    with pytest.raises(KeyReused):  # it is no longer possible to tell, and doing it twice would be worse
        claim("key:1", "k", SAME, after(2))

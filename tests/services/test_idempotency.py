"""One row per key: which request does the work, and the answers to the others."""

import hashlib
import secrets
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select

from domain.errors import FirstInFlight, InvalidInput, KeyReused
from domain.keyring import Keyring
from exts import db
from models import IdempotentAnswer, LimitWindow
from services import idempotency
from services.idempotency import Answer, Claim, answer_of, claim, drop, give_up, keep
from services.process import parts
from services.storage import joint
from services.storage.transactions import statements, transaction

pytestmark = pytest.mark.usefixtures("context")

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SAME, OTHER = "a" * 64, "b" * 64
OLD, NEW = "the old pepper of these tests, long", "the new pepper of these tests, long"
ANSWER = Answer(202, {"Location": "/api/v1/verifications/1"}, '{"id":"1"}')


def after(seconds):
    return NOW + timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def ended():
    """End what a test left open."""
    yield
    if shared := joint.current():
        shared.abandon()
        joint.join(None)


def values(key):
    return {"key": key, "version": 1, "events": "", "touched_at": NOW}


def window(key):
    return LimitWindow(**values(key))


def windows_elsewhere():
    """What another connection sees."""
    with db.engine.connect() as connection:
        return sorted(connection.scalars(select(LimitWindow.key)))


def answers_elsewhere():
    with db.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(IdempotentAnswer))


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


def test_another_request_with_the_same_key_is_refused():
    keep(claim("key:1", "k", SAME, NOW), ANSWER)
    with pytest.raises(KeyReused):
        claim("key:1", "k", OTHER, after(2))


def test_work_and_answer_are_one_commit():
    mine = claim("key:1", "k", SAME, NOW)
    transaction(lambda session: session.add(window("a")))
    statements(lambda connection: connection.execute(insert(LimitWindow).values(values("b"))))
    assert (windows_elsewhere(), answers_elsewhere()) == ([], 0)
    keep(mine, ANSWER)
    assert (windows_elsewhere(), answers_elsewhere()) == (["a", "b"], 1)


def test_a_request_that_dies_before_its_answer_leaves_nothing():
    mine = claim("key:1", "k", SAME, NOW)
    transaction(lambda session: session.add(window("a")))
    give_up(mine)  # what the database does when a killed process leaves
    assert (windows_elsewhere(), answers_elsewhere()) == ([], 0)
    assert isinstance(claim("key:1", "k", SAME, NOW), Claim)


@pytest.mark.parametrize("first", [True, False])
def test_a_piece_of_work_that_fails_takes_no_other_with_it(first):
    mine = claim("key:1", "k", SAME, NOW)
    if not first:
        transaction(lambda session: session.add(window("a")))

    def fail(session):
        session.add(window("b"))
        session.flush()
        raise ZeroDivisionError

    for write in (transaction, statements) if not first else (transaction,):
        with pytest.raises(ZeroDivisionError):
            write(fail if write is transaction else lambda _: 1 / 0)
    transaction(lambda session: session.add(window("c")))
    assert list(db.session.scalars(select(LimitWindow.key).order_by(LimitWindow.key))) == (
        ["c"] if first else ["a", "c"]
    )
    keep(mine, ANSWER)
    assert windows_elsewhere() == (["c"] if first else ["a", "c"])


def test_what_waits_for_the_commit_happens_after_it_and_never_without_it():
    happened = []
    for end in (lambda one: keep(one, ANSWER), give_up):
        mine = claim("key:1", str(end), SAME, NOW)
        transaction(lambda session: session.add(window(str(len(happened)))))
        joint.after_commit(lambda: happened.append(len(windows_elsewhere())))
        before = list(happened)
        end(mine)
        assert happened == before + ([1] if end is not give_up else [])
    joint.after_commit(lambda: happened.append("at once"))
    assert happened == [1, "at once"]


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


def test_a_dropped_claim_leaves_its_work_and_no_answer():
    mine = claim("key:1", "k", SAME, NOW)
    transaction(lambda session: session.add(window("a")))
    drop(mine)
    assert (windows_elsewhere(), answers_elsewhere()) == (["a"], 0)
    assert isinstance(claim("key:1", "k", OTHER, after(1)), Claim)


def test_a_row_that_an_older_release_left_behind_is_replaced_within_five_seconds():
    values = {"owner": "key:1", "key": hashlib.sha256(b"k").hexdigest(), "created_at": NOW}
    row = insert(IdempotentAnswer).values(**values, fingerprint=idempotency._seal(SAME))
    statements(lambda connection: connection.execute(row))
    with pytest.raises(FirstInFlight):
        claim("key:1", "k", SAME, after(2))
    keep(claim("key:1", "k", SAME, after(4)), ANSWER)
    assert claim("key:1", "k", SAME, after(5)) == ANSWER


def test_after_a_day_the_key_is_new_even_for_another_request():
    keep(claim("key:1", "k", SAME, NOW), ANSWER)
    other = Answer(200, {}, "other")
    keep(claim("key:1", "k", OTHER, after(86_400)), other)
    assert claim("key:1", "k", OTHER, after(86_401)) == other


@pytest.mark.parametrize("old", [False, True])
def test_one_of_many_at_once_does_the_work_and_all_get_its_answer(app, old):
    now = datetime.now(UTC)
    if old:
        keep(claim("key:1", "k", SAME, now - timedelta(days=2)), ANSWER)

    def work():
        mine = claim("key:1", "k", SAME, now)
        if isinstance(mine, Answer):
            return mine
        try:
            transaction(lambda session: session.add(window(secrets.token_hex(8))))
            answer = Answer(202, {}, secrets.token_hex(8))
            keep(mine, answer)
        except FirstInFlight:
            return answer_of(mine)
        return answer

    results = in_threads(app, 16, work)
    assert len({getattr(result, "body", repr(result)) for result in results}) == 1, results
    assert len(windows_elsewhere()) == 1


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
    keep(claim("key:1", "k", guess, NOW), ANSWER)
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

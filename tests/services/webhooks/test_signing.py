from datetime import UTC, datetime, timedelta

import pytest

from channels.signatures import webhooks as signatures
from domain.keyring import Keyring, Unreadable
from services.webhooks import signing
from services.webhooks.signing import Secret

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
BODY = '{"type":"x","data":{"text":"grüß"}}'.encode()
PUBLISHED = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def test_the_published_vector():
    at = datetime.fromtimestamp(1614265330, UTC)
    signed = signing.headers([PUBLISHED], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signed["webhook-timestamp"] == "1614265330"


@pytest.mark.parametrize("count", [1, 3])
def test_the_official_library_verifies_each_secret_of_a_rotation(count):
    library = pytest.importorskip("standardwebhooks")
    now, kept = datetime.now(UTC), [signing.new_secret()]
    for _ in range(count - 1):
        kept = signing.rotated(kept, now + timedelta(hours=24), now)
    signed = signing.headers(kept, "e" * 32, now, BODY)
    for secret in kept:
        assert library.Webhook(secret.text).verify(BODY, signed)
    with pytest.raises(library.WebhookVerificationError):
        library.Webhook(PUBLISHED.text).verify(BODY, signed)


def test_secrets_that_have_ended_sign_nothing_and_are_forgotten_with_the_next_rotation():
    first = signing.new_secret()
    second = signing.rotated([first], NOW + timedelta(hours=24), NOW)
    assert [one.until for one in second] == [None, NOW + timedelta(hours=24)]
    later = NOW + timedelta(hours=25)
    signed = signing.headers(second, "id", later, BODY)
    assert signatures.verify(second[0].text, signed, BODY, later.timestamp())
    assert not signatures.verify(first.text, signed, BODY, later.timestamp())
    assert len(signing.rotated(second, later + timedelta(hours=24), later)) == 2


def test_an_earlier_end_stays_earlier():
    first = signing.new_secret()
    second = signing.rotated([first], NOW + timedelta(hours=1), NOW)
    third = signing.rotated(second, NOW + timedelta(hours=24), NOW)
    assert [one.until for one in third] == [None, NOW + timedelta(hours=24), NOW + timedelta(hours=1)]


def test_many_rotations_fit_into_the_row():
    keyring, kept = Keyring(["a pepper that is long enough for tests"]), [signing.new_secret()]
    for _ in range(20):
        kept = signing.rotated(kept, NOW + timedelta(days=7), NOW)
    sealed = signing.seal(keyring, "row", kept)
    assert len(sealed) <= 4096
    assert len(kept) == signing.MOST_SECRETS
    assert signing.opened(keyring, "row", sealed) == kept
    with pytest.raises(Unreadable):
        signing.opened(keyring, "another row", sealed)

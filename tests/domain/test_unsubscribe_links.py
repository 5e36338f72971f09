"""One-click unsubscribe links: sealed, short, stable, and impossible to forge."""

from base64 import urlsafe_b64encode

import pytest

from domain.errors import NotFound
from domain.keyring import Keyring
from domain.statuses import Channel
from domain.unsubscribe_links import link, read, token

OLD, NEW = "o" * 32, "n" * 32
KEYRING = Keyring([NEW])
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.mark.parametrize(
    ("channel", "canonical"), [(Channel.EMAIL, "kim+news@example.com"), (Channel.SMS, "+8613800138000")]
)
def test_only_we_can_read_whom_a_token_is_for(channel: Channel, canonical: str) -> None:
    made = token(KEYRING, channel, canonical)
    assert read(KEYRING, made) == (channel, canonical)
    assert set(made) <= set(ALPHABET)
    assert len(made) < 60
    assert canonical not in made
    assert urlsafe_b64encode(canonical.encode()).decode()[:8] not in made


def test_the_same_destination_has_the_same_link_on_every_try() -> None:
    made = link(KEYRING, "https://x.org/", Channel.EMAIL, "a@b.org")
    assert made == link(Keyring([NEW, OLD]), "https://x.org", Channel.EMAIL, "a@b.org")
    assert made == "https://x.org/unsubscribe/" + token(KEYRING, Channel.EMAIL, "a@b.org")
    assert made != link(KEYRING, "https://x.org/", Channel.EMAIL, "a@c.org")


@pytest.mark.parametrize(
    "public_url",
    [
        "",
        "x.org",
        "ftp://x.org",
        "https://",
        "https://x.org/a b",
        "https://ü.org",
        "https://x.org/>,\r\nBcc: a",
    ],
)
def test_without_a_public_url_there_is_no_link(public_url: str) -> None:
    assert link(KEYRING, public_url, Channel.EMAIL, "a@b.org") is None


def test_every_changed_character_is_detected() -> None:
    made = token(KEYRING, Channel.EMAIL, "kim@example.com")
    for place, character in enumerate(made):
        for other in {ALPHABET[ALPHABET.index(character) ^ 1], "A", "_"} - {character}:
            with pytest.raises(NotFound):
                read(KEYRING, made[:place] + other + made[place + 1 :])


@pytest.mark.parametrize("more", ["=", "==", "A", "AAAA", "\n", "%", ".", "é"])
def test_added_characters_are_detected(more: str) -> None:
    with pytest.raises(NotFound):
        read(KEYRING, token(KEYRING, Channel.EMAIL, "kim@example.com") + more)


@pytest.mark.parametrize("rubbish", ["", "A", "AAAA", "A" * 59, "A" * 10_000, "é" * 40, "../x", "=" * 40])
def test_garbage_is_not_a_link(rubbish: str) -> None:
    with pytest.raises(NotFound):
        read(KEYRING, rubbish)


def test_a_link_outlives_a_rotation_and_dies_with_its_key() -> None:
    old = token(Keyring([OLD]), Channel.EMAIL, "a@b.org")
    assert read(Keyring([NEW, OLD]), old) == (Channel.EMAIL, "a@b.org")
    with pytest.raises(NotFound):
        read(KEYRING, old)


def test_data_sealed_for_another_use_is_not_a_link() -> None:
    for sealed in (
        KEYRING.seal(b"email:a@b.org", row="unsubscribe"),
        KEYRING.seal_link(b"email:a@b.org", use="sign in"),
    ):
        with pytest.raises(NotFound):
            read(KEYRING, urlsafe_b64encode(sealed).rstrip(b"=").decode())


def test_the_longest_address_has_a_link() -> None:
    canonical = "a" * 64 + "@" + "b" * 255
    assert read(KEYRING, token(KEYRING, Channel.EMAIL, canonical)) == (Channel.EMAIL, canonical)

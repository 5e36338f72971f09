"""Envelope senders with a token: short, stable, the same in capitals, and impossible to forge."""

import pytest

from domain.bounce_addresses import TOKEN_LENGTH, checked, read, token, with_token
from domain.codes import new_id
from domain.errors import ConfigurationError, NotFound
from domain.keyring import Keyring

OLD, NEW = "o" * 32, "n" * 32
KEYRING = Keyring([NEW])
BASE = "bounces@example.com"
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def address(message_id: str, keyring: Keyring = KEYRING, base: str = BASE) -> str:
    made = token(keyring, message_id)
    assert made is not None
    return with_token(base, made)


@pytest.mark.parametrize("change", [str, str.upper, str.title])
def test_an_address_leads_back_to_its_message_whatever_a_server_does_to_its_case(change) -> None:
    message_id = new_id()
    assert read(KEYRING, change(address(message_id))) == message_id


def test_the_longest_local_part_has_64_octets() -> None:
    made = address(new_id(), base=checked("b" * 22 + "@example.com"))
    assert len(made.partition("@")[0]) == 64
    with pytest.raises(ConfigurationError, match="at most 22 characters"):
        checked("b" * 23 + "@example.com")


@pytest.mark.parametrize(
    "given", ["", "bounces", "a b@x.org", "@x.org", "a@", "Name <a@x.org>", "ü@x.org", "a@b@c.org"]
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="bounce_address"):
        checked(given)


def test_every_changed_character_is_detected() -> None:
    made = token(KEYRING, new_id())
    assert made is not None
    assert len(made) == TOKEN_LENGTH
    for place, character in enumerate(made):
        for other in set("a7" + ALPHABET[ALPHABET.find(character) ^ 1]) - {character}:
            with pytest.raises(NotFound):
                read(KEYRING, with_token(BASE, made[:place] + other + made[place + 1 :]))


def test_a_token_of_another_key_is_refused_and_an_older_key_still_reads_its_own() -> None:
    message_id = new_id()
    with pytest.raises(NotFound):
        read(KEYRING, address(message_id, Keyring([OLD])))
    assert read(Keyring([NEW, OLD]), address(message_id, Keyring([OLD]))) == message_id


@pytest.mark.parametrize(
    "given", ["", BASE, "bounces+news@example.com", f"bounces+{'a' * 40}@example.com", "+@", "\0@"]
)
def test_an_address_without_a_token_is_nobodys(given: str) -> None:
    assert read(KEYRING, given) is None


@pytest.mark.parametrize("message_id", ["m1", "", "G" * 32, "0" * 31])
def test_an_id_of_another_form_has_no_token(message_id: str) -> None:
    assert token(KEYRING, message_id) is None

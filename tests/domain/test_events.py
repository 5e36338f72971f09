import pytest

from domain.errors import InvalidInput
from domain.events import INSTALLATION, EventType, Listener, check_types

APPROVED, DOWN = EventType.VERIFICATION_APPROVED, EventType.GATEWAY_DOWN


def test_an_endpoint_of_a_key_hears_of_that_key_only():
    listener = Listener("a", "key:1")
    assert listener.hears(APPROVED, ("key:1",))
    assert not listener.hears(APPROVED, ("key:2",))
    assert not listener.hears(APPROVED, ())


def test_an_endpoint_of_the_installation_hears_of_everything():
    listener = Listener("a", INSTALLATION)
    assert all(
        listener.hears(kind, owners) for kind in EventType for owners in ((), ("key:2",), ("session:x",))
    )


def test_what_is_nobodys_doing_reaches_a_key_only_if_its_list_names_it():
    assert not Listener("a", "key:1").hears(DOWN, ())
    assert Listener("a", "key:1", frozenset({DOWN})).hears(DOWN, ())
    assert Listener("a", INSTALLATION).hears(DOWN, ())


def test_a_list_lets_only_its_types_through():
    listener = Listener("a", INSTALLATION, frozenset({APPROVED}))
    assert listener.hears(APPROVED, ())
    assert not listener.hears(EventType.VERIFICATION_SENT, ())


def test_a_list_is_kept_in_the_order_of_the_catalogue():
    assert check_types(["gateway.up", "message.sent", "gateway.up"]) == ["message.sent", "gateway.up"]
    assert check_types([]) is None
    assert check_types(None) is None


def test_an_unknown_type_is_refused():
    with pytest.raises(InvalidInput):
        check_types(["message.sent", "message.eaten"])


def test_every_type_is_lower_case_words_joined_by_a_dot():
    assert all(kind == kind.lower() and kind.count(".") == 1 for kind in EventType)

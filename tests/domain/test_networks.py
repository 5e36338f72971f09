"""The networks that a key may be used from."""

import pytest

from domain import networks
from domain.errors import AddressNotAllowed, InvalidInput


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7/24 ", "203.0.113.0/24"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("::/0", "::/0"),
    ],
)
def test_a_network_has_one_spelling(typed: str, meant: str) -> None:
    assert [networks.spelled(one) for one in networks.parse([typed, "", typed])] == [meant]


@pytest.mark.parametrize(
    "typed", ["x", "203.0.113.256", "203.0.113.7/33", "203.0.113", "0x7f000001", "fe80::1%eth0"]
)
def test_an_invalid_network_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput, match="networks"):
        networks.parse([typed])


def test_a_list_has_a_maximum_length() -> None:
    with pytest.raises(InvalidInput, match="at most"):
        networks.parse(f"10.0.0.{number}" for number in range(networks.MOST + 1))


@pytest.mark.parametrize("address", ["203.0.113.7", "::ffff:203.0.113.7", "2001:db8::5", "2001:db8::5%eth0"])
def test_an_address_in_a_network_is_admitted(address: str) -> None:
    networks.admit(networks.parse(["203.0.113.0/24", "2001:db8::/32"]), address)


@pytest.mark.parametrize("address", ["203.0.114.7", "2001:db9::5", "", None, "unix:"])
def test_an_address_elsewhere_or_a_missing_one_is_refused(address: str | None) -> None:
    with pytest.raises(AddressNotAllowed):
        networks.admit(networks.parse(["203.0.113.0/24", "2001:db8::/32"]), address)


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("203.0.113.7:51234", "203.0.113.7"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:db8::1:443", "2001:db8::1:443"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:", None),
        ("203.0.113.7:٣", None),
        (":443", None),
        ("[]:443", None),
        ("unknown", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_known_with_port_brackets_and_zone(told: str | None, meant: str | None) -> None:
    assert networks.address(told) == meant

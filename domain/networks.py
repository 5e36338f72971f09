"""Where a key may be used from: IPv4 and IPv6 addresses and networks."""

import ipaddress
from collections.abc import Iterable

from domain.errors import AddressNotAllowed, FieldProblem, InvalidInput, InvalidNetwork

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MOST = 50
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


def parse(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks, a single address as a network of one; raises InvalidInput."""
    given = [text.strip() for text in texts if text.strip()]
    if len(given) > MOST:
        raise InvalidInput(FieldProblem("networks", f"must be at most {MOST}"))
    return tuple(dict.fromkeys(_network(text) for text in given))


def spelled(network: Network) -> str:
    """Return a network as people write it, a single address without its length."""
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def admit(networks: Iterable[Network], address: str | None) -> None:
    """Raise AddressNotAllowed where the address is in none of the networks, or is missing."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        raise AddressNotAllowed(None) from None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    if not any((mapped or found) in network for network in networks):
        raise AddressNotAllowed(str(mapped or found))


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        message = "must be IPv4 or IPv6 addresses or networks, such as 203.0.113.7 or 2001:db8::/32"
        raise InvalidNetwork(text, message) from error
    if "%" in text:
        raise InvalidNetwork(text, "must have no zone, such as %eth0")
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        mapped = network.network_address.ipv4_mapped
        return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network

"""Where events may be posted to: URLs that callers choose must not reach into our own network.

The rules of the Open Web Application Security Project's SSRF sheet: an allow-list of schemes, and every address that
the name leads to must be public, in whatever spelling.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from domain.errors import FieldProblem, InvalidInput

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LONGEST_URL = 2000
PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_EMBEDDING = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96")))
"""NAT64, SIIT and IPv4-compatible addresses: their last 32 bits are an IPv4 address."""
_REFUSED = (
    ipaddress.IPv4Network("100.64.0.0/10"),
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("192.88.99.0/24"),
    ipaddress.IPv4Network("198.18.0.0/15"),
    ipaddress.IPv6Network("fec0::/10"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
    ipaddress.IPv6Network("100::/64"),
    ipaddress.IPv6Network("2001::/23"),
    ipaddress.IPv6Network("2001:db8::/32"),
    ipaddress.IPv6Network("5f00::/16"),
)
"""Carrier-grade NAT, protocol assignments, 6to4 relays, benchmarks, site-local, local NAT64, discard, documentation,
segment routing: Python releases differ about some of them."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A URL in its parts; `target` is the path with its query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def name(self) -> str:
        """The `Host` header: without the usual port, an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL in its canonical spelling."""
        return f"{self.scheme}://{self.name}{self.target}"


def parse(url: str) -> WebAddress:
    """Return the parts of a URL; raises InvalidInput for the field `url`, and never repeats the URL."""
    if len(url) > LONGEST_URL:
        raise _wrong(f"must have at most {LONGEST_URL} characters")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise _wrong("is not a URL") from None
    if parts.scheme not in PORTS or not host:
        raise _wrong("must begin with https:// or http:// and a host")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise _wrong("must not contain a user name or a password")
    if port == 0:
        raise _wrong("must not have the port 0")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not _URL.fullmatch(target):
        raise _wrong("must be ASCII without spaces after the host; write other characters as %C3%A9")
    name = _host(host, bracketed="[" in parts.netloc)
    found = WebAddress(parts.scheme, name, port or PORTS[parts.scheme], target)
    if len(found.url) > LONGEST_URL:  # a name in ASCII may be longer than it was typed
        raise _wrong(f"must have at most {LONGEST_URL} characters")
    return found


def _host(host: str, *, bracketed: bool) -> str:
    """Return a host name in ASCII and lower case, or an address in its usual spelling."""
    if bracketed:
        try:
            if "%" in host:
                raise ValueError("a zone")
            return str(ipaddress.IPv6Address(host))
        except ValueError:
            raise _wrong("has a host that is no address") from None
    try:
        name = host.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        raise _wrong("has a host that is no name") from None
    if not _HOST.fullmatch(name) or len(name) > 253:
        raise _wrong("has a host that is no name")
    if _NUMBER.fullmatch(
        name.rpartition(".")[2]
    ):  # a name whose last part is a number is an IPv4 address (WHATWG)
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise _wrong("must write an IPv4 address as four decimal numbers") from None
    return name


def _wrong(message: str) -> InvalidInput:
    return InvalidInput(FieldProblem("url", message))


def literal(host: str) -> Address | None:
    """Return the address that a host is, None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Tell whether an address belongs to the public internet; one that embeds an IPv4 address is judged by that."""
    inner = _embedded(address) if isinstance(address, ipaddress.IPv6Address) else None
    if inner is not None:
        return is_public(inner)
    if not address.is_global or address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    return not any(address.version == network.version and address in network for network in _REFUSED)


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address inside a mapped, 6to4, NAT64, translated or compatible address."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if any(address in network for network in _EMBEDDING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None

"""For which site passkeys are made: browsers give them to this site and to no other (WebAuthn Level 3, 5.1)."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import idna

DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The host that passkeys are bound to, and the origin whose pages may ask for them."""

    id: str
    origin: str


def relying_party(public_url: str) -> RelyingParty | None:
    """Return the site of PUBLIC_URL, None where browsers offer no passkeys: without https, or without a host's name.

    `localhost` needs no https.
    """
    try:
        parts = urlsplit(public_url)
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
        name = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except ValueError:
        return None
    is_safe = scheme == "https" or (scheme == "http" and host == "localhost")
    if not is_safe or not host or _is_address(host):
        return None
    shown_port = "" if port in (None, DEFAULT_PORTS[scheme]) else f":{port}"
    return RelyingParty(name, f"{scheme}://{name}{shown_port}")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

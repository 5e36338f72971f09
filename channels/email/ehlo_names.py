"""The name that we introduce ourselves with in EHLO (RFC 5321 4.1.1.1): servers refuse some, such as [127.0.0.1]."""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

import idna

from domain.errors import ConfigurationError

NAME = re.compile(r"(?=.{1,253}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*", re.IGNORECASE)
LITERAL = re.compile(r"\[(IPv6:)?([0-9a-f.:]{2,45})\]", re.IGNORECASE)
LOCAL = re.compile(r"(?:.*\.)?localhost|.*\.(?:local|internal|localdomain|test|invalid)", re.IGNORECASE)


def checked(name: str) -> str:
    """Return a configured name, international ones as xn--…. Raises ConfigurationError where EHLO can't hold it."""
    literal = LITERAL.fullmatch(name)
    try:
        if literal:
            address = ipaddress.ip_address(literal[2])
            good = (address.version == 6) == bool(literal[1])
        else:
            name = name if name.isascii() else idna.encode(name, uts46=True).decode()
            good = NAME.fullmatch(name) is not None and not name.replace(".", "").isdigit()
    except (ValueError, idna.IDNAError):
        good = False
    if not good:
        raise ConfigurationError("ehlo_name: must be a host name, or an address such as [203.0.113.7]")
    return name


def usual(sender_domain: str) -> str:
    """Return the sender's domain where a mail server could look it up, else this machine's name or address."""
    own = socket.gethostname()
    if _is_public(sender_domain):
        return sender_domain
    return own if "." in own and NAME.fullmatch(own) else "[127.0.0.1]"


def public_host(url: str) -> str:
    """Return the host of a URL where a mail server could look it up, else an empty text."""
    try:
        host = urlsplit(url).hostname or ""
        host = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except (ValueError, idna.IDNAError):
        return ""
    return host if _is_public(host) else ""


def _is_public(host: str) -> bool:
    if "." not in host or not NAME.fullmatch(host) or LOCAL.fullmatch(host):
        return False
    return not host.replace(".", "").isdigit()

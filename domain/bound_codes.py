"""The last line of an SMS that binds its code to a site, so that browsers fill it in there and nowhere else.

`@host #code`, one space between them and nothing before them (wicg.github.io/sms-one-time-codes, 3). The site is
always https at its usual port.
"""

import re
from urllib.parse import urlsplit

import idna

LONGEST_HOST = 253
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def host_of(text: str) -> str:
    """Return the host that a host or an address names, as ASCII; empty where it names none, or one with a port."""
    text = text.strip().lower()
    try:
        parts = urlsplit(text if "//" in text else f"//{text}")
        if parts.port is not None or parts.username is not None:
            return ""
        host = (parts.hostname or "").rstrip(".")
        host = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except (ValueError, idna.IDNAError):
        return ""
    return host if _HOST.fullmatch(host) else ""


def bind(text: str, host: str, code: str) -> str:
    """Return the text with the binding line added."""
    return f"{text.rstrip()}\n@{host} #{code}"

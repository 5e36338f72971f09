"""One POST to a URL that somebody else chose: to one checked address, without redirects, with a deadline."""

import ipaddress
import socket
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Timeout, exceptions

from channels.http.http_pool import make_pool
from channels.http.posting import Answer
from channels.sockets import CONNECT_SECONDS, trust
from domain.web_addresses import Address, WebAddress, is_public, literal

LONGEST_ANSWER = 16_384
Resolve = Callable[[str, int], Sequence[Address]]


class NotPosted(Exception):
    """Raised when there is no answer; the text says why, without the URL."""


class NotPublic(NotPosted):
    """Raised when a name leads to an address that is not public."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Where a POST may go, and for how long it may take in all, in seconds."""

    allows_private: bool = False
    seconds: float = 15.0


def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses of a name; raises OSError. The system's resolver has its own time limit."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    texts = dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found)
    return [ipaddress.ip_address(text) for text in texts]


def addresses(to: WebAddress, rules: Rules, resolver: Resolve | None = None) -> Sequence[Address]:
    """Return the addresses that a URL leads to now, all of them allowed.

    Raises NotPublic where any of them is not, and NotPosted where the name has none.
    """
    known = literal(to.host)
    try:
        found = [known] if known is not None else (resolver or resolve)(to.host, to.port)
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise NotPosted("the name has no address")
    if not rules.allows_private and not all(map(is_public, found)):
        raise NotPublic("the address is not public")
    return found


class Pools:
    """Connections kept to receivers, each to one address; safe for threads. Those not used for longest are closed."""

    def __init__(self, most: int = 64, kept: int = 16):
        """`most` addresses, with up to `kept` connections each."""
        self._most, self._kept = most, kept
        self._pools: OrderedDict[tuple[str, str, int, str], HTTPConnectionPool] = OrderedDict()
        self._lock = threading.Lock()

    def to(self, address: str, to: WebAddress) -> HTTPConnectionPool:
        """Return the connections to an address of a URL's host; the certificate must be of the host's name."""
        key = (to.scheme, to.host, to.port, address)
        with self._lock:
            found = self._pools.pop(key, None)
            if found is None:
                trusted = trust(protocol="http") if to.scheme == "https" else None
                found = make_pool(to.scheme, address, to.port, kept=self._kept, trusted=trusted, name=to.host)
            self._pools[key] = found
            oldest = self._pools.popitem(last=False)[1] if len(self._pools) > self._most else None
        if oldest is not None:
            oldest.close()
        return found


def post(
    to: WebAddress,
    body: bytes,
    headers: Mapping[str, str],
    rules: Rules,
    resolver: Resolve | None = None,
    pools: Pools | None = None,
) -> Answer:
    """Post to the first address that the name leads to; its certificate must be of the name.

    The name is looked up once and the connection goes to that very address: a second look-up could give another one
    (DNS rebinding). Settings for proxies are ignored, and a redirect is an answer like any other. `pools`: kept
    connections; one that the receiver closed meanwhile is opened again, once. Raises NotPosted.
    """
    ends = time.monotonic() + rules.seconds
    address = str(addresses(to, rules, resolver)[0])
    pool = (pools or Pools()).to(address, to)
    try:
        return _try_twice(pool, to, body, headers, ends) if pools else _once(pool, to, body, headers, ends)
    except (exceptions.HTTPError, OSError) as error:
        raise NotPosted(_reason(error)) from None
    except ValueError:
        raise NotPosted("the request could not be built") from None
    finally:
        if pools is None:
            pool.close()


def _try_twice(
    pool: HTTPConnectionPool, to: WebAddress, body: bytes, headers: Mapping[str, str], ends: float
) -> Answer:
    opened = pool.num_connections
    try:
        return _once(pool, to, body, headers, ends)
    except exceptions.ProtocolError:
        if pool.num_connections != opened:
            raise  # it was a new connection
        return _once(pool, to, body, headers, ends)


def _once(
    pool: HTTPConnectionPool, to: WebAddress, body: bytes, headers: Mapping[str, str], ends: float
) -> Answer:
    left = ends - time.monotonic()
    if left <= 0:
        raise NotPosted("no answer in time")
    response = pool.urlopen(
        "POST",
        to.target,
        body=body,
        headers={"User-Agent": "Sendcode", "Host": to.name, **headers},
        retries=False,
        redirect=False,
        assert_same_host=False,
        timeout=Timeout(connect=min(CONNECT_SECONDS, left), total=left),
        preload_content=False,
        decode_content=False,
    )
    return Answer(response.status, response.headers, _read(response))


def _read(response: BaseHTTPResponse) -> bytes | None:
    try:
        return response.read(LONGEST_ANSWER, decode_content=False)
    except (exceptions.HTTPError, OSError):
        return None
    finally:
        response.close()


def _reason(error: BaseException) -> str:
    """Say why there was no answer; urllib3's own texts contain the URL with its query."""
    causes = [error, getattr(error, "cause", None), *getattr(error, "args", ())]
    if any(isinstance(one, exceptions.SSLError | ssl.SSLError) for one in causes):
        return "no trusted TLS connection"
    if any(isinstance(one, exceptions.TimeoutError | TimeoutError) for one in causes):
        return "no answer in time"
    system = next((one for one in causes if isinstance(one, OSError)), None)
    return f"no answer: {getattr(system, 'strerror', None) or type(error).__name__}"

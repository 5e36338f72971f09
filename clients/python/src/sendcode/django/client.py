"""The client of a Django site."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings

from sendcode.clients import Sendcode

_instead: list[Sendcode] = []


def client() -> Sendcode:
    """Return the client for `SENDCODE_URL` and `SENDCODE_KEY`; the same one in the whole process."""
    if _instead:
        return _instead[-1]
    return _client(
        settings.SENDCODE_URL, settings.SENDCODE_KEY, float(getattr(settings, "SENDCODE_DEADLINE", 10))
    )


@contextmanager
def using(other: Sendcode) -> Iterator[Sendcode]:
    """Use another client for a while: a `FakeSendcode` in tests."""
    _instead.append(other)
    try:
        yield other
    finally:
        _instead.remove(other)


@cache
def _client(url: str, key: str, deadline: float) -> Sendcode:
    return Sendcode(url, key, deadline=deadline)

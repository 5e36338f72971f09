"""One TLS context for all connections of PyMySQL, which reads the system's authorities for each: 0.1 s of computing."""

import os
import ssl
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

FILES = ("ca", "capath", "cert", "key")


def share(connection_class: Any) -> None:
    """Let the connections of this class of PyMySQL's use one context as long as options and files stay the same.

    A certificate that was renewed in its file counts from the next connection on.
    """
    make = connection_class._create_ssl_ctx
    if not hasattr(make, "__wrapped__"):
        connection_class._create_ssl_ctx = _shared(make)


def _shared(
    make: Callable[[Any, Mapping[str, Any]], ssl.SSLContext],
) -> Callable[[Any, Mapping[str, Any]], ssl.SSLContext]:
    contexts: dict[frozenset[tuple[str, Any]], tuple[list[int | None], ssl.SSLContext]] = {}

    @wraps(make)
    def shared(connection: Any, options: Mapping[str, Any] | ssl.SSLContext) -> ssl.SSLContext:
        if isinstance(options, ssl.SSLContext):
            return options
        key = frozenset(options.items())
        changed = [_changed_at(options.get(name)) for name in FILES]
        known = contexts.get(key)
        if known is None or known[0] != changed:
            known = contexts[key] = changed, make(connection, options)
        return known[1]

    return shared


def _changed_at(path: str | None) -> int | None:
    try:
        return os.stat(path).st_mtime_ns if path else None
    except OSError:
        return None  # making the context says what is wrong with it

"""The result of a check, and the timeout on it."""

import re
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from flask import Flask

from domain.gateway_errors import GatewayError

CHECK_SECONDS = 10.0
"""Longer than the checks' own timeouts, so that a thread is rarely left behind."""


class Level(StrEnum):
    """How bad a finding is; only FAIL keeps the service from working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `text` never holds a secret, a destination or an exception's own text."""

    level: Level
    name: str
    text: str


Check = Callable[[], Iterable[Finding]]


def ok(name: str, text: str) -> Finding:
    """Report that something works."""
    return Finding(Level.OK, name, text)


def warn(name: str, text: str) -> Finding:
    """Report something that an operator should look at."""
    return Finding(Level.WARN, name, text)


def fail(name: str, text: str) -> Finding:
    """Report what is broken, and which setting to change."""
    return Finding(Level.FAIL, name, text)


def bounded(app: Flask, name: str, check: Check, seconds: float = CHECK_SECONDS) -> list[Finding]:
    """Run a check and return its findings; an exception or a timeout becomes a failure."""
    found: list[Finding] = []

    def run() -> None:
        with app.app_context():
            found.extend(_caught(name, check))

    thread = threading.Thread(target=run, name=f"doctor {name}", daemon=True)
    thread.start()
    thread.join(seconds)
    return [fail(name, f"no answer within {seconds:g} s")] if thread.is_alive() else found


def _caught(name: str, check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001 - a broken check is a finding
        yield fail(name, why(error))


def why(error: BaseException) -> str:
    """Say in a few words why a server was not reached; the error's own text may contain a URL with a password."""
    for cause in _causes(error):
        if isinstance(cause, GatewayError):
            return cause.reason
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if type(cause).__name__ == "NoPermissionError":
            command = re.search(r"'([A-Za-z|]{1,40})'", str(cause))
            return f"the user may not run {command[1].upper() if command else 'what a worker runs'}"
        if type(cause).__name__ == "AccessRefused" and "login" not in str(cause).lower():
            return "the user may not declare, write and read the queues of a worker"
        if "Authentication" in type(cause).__name__ or type(cause).__name__ == "AccessRefused":
            return "refused the login"
        if isinstance(cause, TimeoutError):
            return "did not answer in time"
        if isinstance(cause, OSError) and cause.strerror and cause.errno:
            return cause.strerror.lower()
    return type(next(iter(_causes(error)))).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Return an error and its causes, the root cause first."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or following.__context__
    return reversed(chain)

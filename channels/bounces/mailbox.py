"""A mailbox over IMAP (RFC 3501) that collects the mails that came back; the unread ones are still to be looked at."""

import imaplib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from channels.bounces.returned import MOST_BYTES
from channels.sockets import trust
from domain.gateway_errors import TemporaryGatewayError

SECONDS = 10.0
"""The usual longest wait for one answer of the server."""


@dataclass(frozen=True)
class MailboxSettings:
    """The `MAIL_BOUNCE_IMAP_*` settings."""

    server: str
    port: int
    use_ssl: bool
    """TLS from the first byte."""
    username: str
    password: str = field(repr=False)
    folder: str

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Read the settings; an empty `server` means that there is no mailbox."""
        return cls(**{name: config[f"MAIL_BOUNCE_IMAP_{name.upper()}"] for name in cls.__dataclass_fields__})


class Mailbox:
    """A session with the folder opened, to be used with `with`."""

    def __init__(self, settings: MailboxSettings, seconds: float = SECONDS):
        """Connect, sign in and open the folder; `seconds` is the longest wait for one answer.

        Raises TemporaryGatewayError; its reason contains no secret.
        """
        self._imap = _connected(settings, seconds)
        try:
            self._said("refused the login", self._imap.login, _quoted(settings.username), settings.password)
            self._said("has no such folder", self._imap.select, _quoted(settings.folder))
        except TemporaryGatewayError:
            self._leave()
            raise

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(self, *_: object) -> None:
        """Sign out."""
        self._leave()

    def unread(self) -> list[str]:
        """Return the ids (UID) of the unread mails, oldest first. Raises TemporaryGatewayError."""
        found = self._said("can't be searched", self._imap.uid, "SEARCH", "UNSEEN")
        return [uid.decode("ascii", "replace") for uid in found[0].split()] if found and found[0] else []

    def read(self, uid: str) -> bytes:
        """Return the first `MOST_BYTES` of a mail, which stays unread; nothing where it is gone.

        Raises TemporaryGatewayError.
        """
        wanted = f"(BODY.PEEK[]<0.{MOST_BYTES}>)"
        answer = self._said("gives no mail", self._imap.uid, "FETCH", uid, wanted)
        return next((piece[1] for piece in answer if isinstance(piece, tuple)), b"")

    def mark_read(self, uid: str) -> None:
        """Mark a mail as read. Raises TemporaryGatewayError."""
        self._said("can't be changed", self._imap.uid, "STORE", uid, "+FLAGS.SILENT", r"(\Seen)")

    def _said(self, problem: str, command: Any, *arguments: str) -> list[Any]:
        """Run a command and return its data; the server's own words may name the user, and are left out."""
        data: list[Any]
        try:
            answer, data = command(*arguments)
        except (imaplib.IMAP4.abort, OSError, EOFError) as error:
            raise _lost(error) from None
        except (imaplib.IMAP4.error, UnicodeError):
            answer, data = "NO", []
        if answer != "OK":
            raise TemporaryGatewayError(f"the mailbox {problem}")
        return data

    def _leave(self) -> None:
        with suppress(imaplib.IMAP4.error, OSError, EOFError):  # it was gone already
            self._imap.logout()
        with suppress(OSError):  # a sign-out that failed has closed nothing
            self._imap.shutdown()


def _quoted(text: str) -> str:
    """Return a quoted string (RFC 3501 4.3); the library quotes nothing but passwords."""
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))


def _connected(settings: MailboxSettings, seconds: float) -> imaplib.IMAP4:
    try:
        if settings.use_ssl:
            return imaplib.IMAP4_SSL(settings.server, settings.port, ssl_context=trust(), timeout=seconds)
        return imaplib.IMAP4(settings.server, settings.port, timeout=seconds)
    except (imaplib.IMAP4.error, OSError, EOFError) as error:
        raise _lost(error) from None


def _lost(error: BaseException) -> TemporaryGatewayError:
    if isinstance(error, TimeoutError):
        return TemporaryGatewayError("the mailbox's server did not answer in time")
    if verify := getattr(error, "verify_message", ""):
        return TemporaryGatewayError(f"its certificate is not trusted: {verify}")
    return TemporaryGatewayError("the mailbox's server can't be reached, or ended the connection")

"""The replies of a mail server, and what replies and failures mean for the message."""

import re
import smtplib
import socket
import ssl

from channels.sockets import Deadline
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayError,
    NotNow,
    RateLimited,
    TemporaryGatewayError,
    WrongGateway,
)

SIGN_IN_NEEDED = {530, 534, 535, 538}
"""Login missing, too weak or wrong (RFC 4954 6): the settings' fault, not the message's."""

TOO_LARGE = 552
MAILBOX = re.compile(rb"5\.[12]\.")
"""The enhanced codes of RFC 3463 that speak of the recipient's address or mailbox."""

POLICY = re.compile(rb"5\.7\.")
RELAY = re.compile(rb"\brelay|rcpthosts", re.IGNORECASE)
"""How servers without an enhanced code say that they don't carry mail for us: Exim, OpenSMTPD; qmail."""

RATE = re.compile(rb"too (?:many|much|fast)|\brates?\b|\blimit|throttl|slow down|\b4\.7\.28\b", re.IGNORECASE)
"""How 450, 451 and 452 say that it is too much just now: Postfix, Exim, Exchange, Google, Amazon."""

NONSENSE = -1
"""The code we use for a reply that has none."""

LONGEST_REPLY = 65_536

ANSWER = re.compile(rb"(?:\d{3}-[^\n]*\n)*(?:(\d{3})(?!-)|(?!\d{3}))[^\n]*\n")
"""One reply: lines with `-` after the code, and one without; or a line of nonsense without a code."""

GO_AHEAD = re.compile(rb"25\d [^\n]*\n25\d [^\n]*\n354 [^\n]*\n")

ENHANCED_CODE = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
ID = rb"(\w[\w.@+/=,-]{0,127})"
QUEUE_IDS = [
    re.compile(pattern.replace(b"ID", ID), re.IGNORECASE)
    for pattern in (
        rb"\b(?:internalid|envid)=ID",  # Exchange, whose <…> is our own Message-ID; Alibaba Cloud
        rb"queued (?:for delivery )?(?:as|with id|on \S+)\s*:?\s*<?ID",  # Postfix and most others, Stalwart, Yandex
        rb"queued \(((?:[0-9a-f]+-){4}[0-9a-f.]+)\)",  # Haraka
        rb"(?<!\S)(?!\d\.\d+\.\d+\s)(?=\S*\d)([\w.-]{6,128})\s+message accepted for delivery",  # sendmail, OpenSMTPD
        rb"\bok\s+(?:dmarc:\w+\s+)?\d{9,}\s+(?:qp\s+)?ID(?: - gsmtp|\s*$)",  # Google; qmail
        rb"\bok:?\s+([0-9a-f]{16}-(?:[0-9a-f]+-){5}\d{6})\s*$",  # Amazon SES
        rb"\bid[= ]\s*<?ID",  # Exim
    )
]
"""How servers tell the id of an accepted mail; what names it most clearly comes first."""


class LostConnectionError(TemporaryGatewayError):
    """Raised when the server closed the connection before it was given the mail: another one may be tried."""


class TurnedAwayError(LostConnectionError, RateLimited):
    """Raised for 421: the server takes nothing more on this connection, or none from us just now."""


class Replies:
    """The replies on one socket; replaces smtplib's file, whose timeout restarts with every byte."""

    def __init__(self, sock: socket.socket):
        self._sock = sock
        self.ahead = b""
        """What was read beyond the last reply."""

    def next(self, deadline: Deadline, longest: float) -> tuple[int, bytes]:
        """Return code and text of one reply, NONSENSE where it has no code.

        Raises TimeoutError at the deadline or after `longest` seconds, however slowly the bytes come in; any other
        OSError when the connection ends.
        """
        found = ANSWER.match(self.ahead)
        if not found:
            deadline = Deadline(deadline.remaining(longest))
            while not found:
                self._receive(deadline.remaining())
                found = ANSWER.match(self.ahead)
        self.ahead = self.ahead[found.end() :]
        lines = found[0].splitlines()
        return int(found[1] or NONSENSE), b"\n".join([line[4:].strip() for line in lines])

    def go_ahead(self, deadline: Deadline, longest: float) -> bool:
        """Tell whether good replies to MAIL, RCPT and DATA have arrived in one read; if so, consume them.

        Reads once only: where it returns False, `next` must read them one by one. Raises what `next` raises.
        """
        if not self.ahead:
            self._receive(deadline.remaining(longest))
        found = GO_AHEAD.match(self.ahead)
        if found:
            self.ahead = self.ahead[found.end() :]
        return found is not None

    def close(self) -> None:
        """Discard what was read ahead; the socket is not ours to close."""
        self.ahead = b""

    def _receive(self, seconds: float) -> None:
        self._sock.settimeout(seconds)
        received = self._sock.recv(4096)
        self.ahead += received
        if not received or len(self.ahead) > LONGEST_REPLY:
            raise ConnectionError("the end, or an answer without one")


def refusal(step: str, code: int, text: bytes) -> GatewayError:
    """Return the error that an SMTP reply means (RFC 5321 4.2.1: 4xx may pass, 5xx will not).

    It contains only the codes, because the text often repeats the recipient.
    """
    enhanced = ENHANCED_CODE.match(text)
    reason = f"{step} answered {code}" + (f" {enhanced[0].decode()}" if enhanced else "")
    return _kind_of(step, code, enhanced[0] if enhanced else b"", text)(reason)


def _kind_of(step: str, code: int, enhanced: bytes, text: bytes) -> type[GatewayError]:
    """Whose fault a refusal is.

    Before the content is given, the server knows but two addresses: what speaks of no mailbox speaks of us. Of the
    content each server thinks its own way, but one that calls it too large has a limit of its own.
    """
    if not 500 <= code < 600:
        if code in (421, 450, 451, 452) and RATE.search(text):
            return RateLimited
        of_mailbox = step == "RCPT" and code in (450, 451, 452) and not enhanced.startswith(b"4.3.")
        return NotNow if of_mailbox else TemporaryGatewayError
    if code in SIGN_IN_NEEDED:
        return GatewayAtFault
    if enhanced == b"5.3.4" or (code == TOO_LARGE and not MAILBOX.match(enhanced)):
        return WrongGateway
    if step == "MAIL" and not MAILBOX.match(enhanced):
        return GatewayAtFault
    if step == "RCPT" and (POLICY.match(enhanced) or (RELAY.search(text) and not MAILBOX.match(enhanced))):
        return GatewayAtFault
    return GatewayError


def no_session(error: Exception) -> TemporaryGatewayError:
    """Return the error that a failed attempt to open a session means; nothing was sent."""
    reason = unreachable(error)
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code == 421:
        return RateLimited(reason)
    refused = isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500
    if refused or isinstance(error, smtplib.SMTPNotSupportedError | ssl.SSLCertVerificationError):
        return GatewayAtFault(reason)
    return TemporaryGatewayError(reason)


def unreachable(error: Exception) -> str:
    """Say why no connection could be opened, without quoting the server."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mail server's certificate is not trusted: {error.verify_message}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the mail server refused the login ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPHeloError):
        return f"the mail server answered EHLO with {error.smtp_code}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server's greeting answered {error.smtp_code}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"the mail server lacks what the settings ask for: {error}"
    if isinstance(error, TimeoutError):
        return "the mail server was not reached in time"
    if isinstance(error, OSError) and error.strerror:
        return f"the mail server was not reached: {error.strerror}"
    return f"no session with the mail server: {type(error).__name__}"


def queue_id(text: bytes) -> str | None:
    """Find the server's own id of an accepted mail in its reply; None where it told none."""
    found = next((found for pattern in QUEUE_IDS if (found := pattern.search(text))), None)
    return found[1].rstrip(b".,").decode("ascii", "replace") if found else None
